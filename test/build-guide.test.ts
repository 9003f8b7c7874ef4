import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { postgresServer } from './database.ts'
import { root, run, temporaryFolder } from './process.ts'

/** The blocks of the page that say in which file they belong. */
const blocks = [
  ...readFileSync(join(root, 'docs/build.md'), 'utf8').matchAll(/^```(ts|diff) (\S+)\n(.*?)^```/gms)
].map(([, kind, file = '', text = '']) => ({ kind, file, text }))

/** Puts each added line behind the line that the page shows before it. */
function addLines(before: string, diff: string): string {
  let text = before
  let place = ''
  for (const line of diff.trimEnd().split('\n')) {
    const shown = line.slice(1)
    if (line.startsWith('+')) text = text.replace(place, `${place}\n${shown}`)
    else if (!text.includes(`${shown}\n`))
      throw new Error(`docs/build.md shows a line that is not there: ${shown}`)
    place = shown
  }
  return text
}

/** A copy of what is committed or about to be, with the history and the tools of this one. */
function copyOfRepository(folder: string) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root
  })
  for (const file of files.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  for (const shared of ['.git', 'node_modules', 'tools/node_modules']) {
    mkdirSync(dirname(join(folder, shared)), { recursive: true })
    symlinkSync(join(root, shared), join(folder, shared))
  }
  // What the compiler knows of these files it need not find out again.
  const known = 'artefacts/types.tsbuildinfo'
  if (existsSync(join(root, known))) cpSync(join(root, known), join(folder, known))
}

test('a resource that is built as docs/build.md says passes every check', { timeout: 600_000 }, async (t) => {
  const folder = temporaryFolder(t)
  copyOfRepository(folder)
  for (const { kind, file, text } of blocks) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, kind === 'diff' ? addLines(readFileSync(path, 'utf8'), text) : text)
  }
  const files = blocks.map(({ file }) => file)
  t.ok(files.length > 5)
  const tests = ['routes/notes', 'contract/tables', 'contract/document'].map((name) => `test/${name}.test.ts`)

  const checks: [string, string[]][] = [
    ['npm', ['run', '--silent', 'tools']],
    ['tsc', []],
    ['oxlint', files],
    ['prettier', ['--check', ...files]],
    ['npm', ['run', '--silent', 'openapi']],
    ['npm', ['run', '--silent', 'tap', '--', '--disable-coverage', '--reporter=tap', ...tests]]
  ]
  const env = { ...(postgresServer && { TEST_DATABASE_URL: postgresServer }) }
  for (const [command, args] of checks) {
    const check = run(t, command, args, { cwd: folder, env })
    const { code } = await check.exited
    // Of what tap prints, only what failed.
    const output = args.includes('tap')
      ? check
          .output()
          .match(/^.*not ok .*$/gm)
          ?.join('\n')
      : check.output()
    t.equal(code, 0, `${command} ${args.join(' ')}\n${output ?? ''}`)
    if (code !== 0) return
  }
})
