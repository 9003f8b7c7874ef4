import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { Environment } from '../core/config/environment.ts'
import { root, startServer } from './process.ts'

const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** The rows of the configuration table, as the environment schema has them. */
const rows = Object.entries(Environment.properties).map(([name, schema]) => {
  const { default: initial, description } = schema as { default?: string | number; description?: string }
  const shown = initial === undefined || initial === '' ? '-' : `\`${initial}\``
  return `| \`${name}\` | ${shown} | ${description ?? ''} |`
})

/**
 * What was answered, with … where README has it, and its seconds for those of a limit. Where README ends an object with
 * a member named …, what else was answered is left out.
 */
function like(said: unknown, got: unknown): unknown {
  if (said === '…' && typeof got === 'string' && got !== '') return '…'
  if (typeof got === 'string') return got.replace(/\d+ seconds/, '60 seconds')
  if (Array.isArray(got))
    return got.map((item, index) => like(Array.isArray(said) ? said[index] : undefined, item))
  if (typeof got !== 'object' || got === null) return got
  const members = (said ?? {}) as Record<string, unknown>
  const isPart = '…' in members
  const shown = Object.entries(got).filter(([name]) => !isPart || name in members)
  const alike = shown.map(([name, value]): [string, unknown] => [name, like(members[name], value)])
  return Object.fromEntries(isPart ? [...alike, ['…', '…']] : alike)
}

test('docs/operate.md lists every variable with its default', async (t) => {
  const table = read('docs/operate.md')
    .match(/^\| `[A-Z_]+` +\| .*$/gm)
    ?.map((row) => row.replace(/ {2,}/g, ' '))
  t.same(table, rows)
})

test('README is short enough to be read', async (t) => {
  t.ok(read('README.md').split('\n').length < 200)
})

test('the tour of README answers what README says', async (t) => {
  const steps = [...read('README.md').matchAll(/```sh tour\n(.*?)```\n+```json\n(.*?)```/gs)]
  t.equal(steps.length, 10)
  const { url } = await startServer(t)
  const separator = '--- next ---'
  const script = steps.map(([, commands = '']) => `${commands}\necho; echo '${separator}'`).join('\n')
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    script.replaceAll('http://127.0.0.1:3000', url)
  ])
  const answers = stdout.split(separator)
  for (const [index, [, commands = '', expected = '']] of steps.entries()) {
    const said: unknown = JSON.parse(expected)
    t.same(like(said, JSON.parse(answers[index] ?? '')), said, commands)
  }
})
