import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { printed, releaseDocuments } from '../../bin/contract/release.ts'
import { argumentsOf, root, run, startServer, temporaryFolder } from '../process.ts'

/** Runs a tool to its end; answers what it printed. */
const finish = async (...args: Parameters<typeof run>) => {
  const tool = run(...args)
  const { code } = await tool.exited
  return { code, output: tool.output() }
}

test('the generated client compiles strictly, and signs in, refreshes once, pages and throws problems', async (t) => {
  const generated = join(root, 'client/src/generated')
  const texts = () =>
    readdirSync(generated, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [name, readFileSync(join(generated, name), 'utf8')])
  const committed = texts()
  const made = await finish(t, 'npm', ['run', '--silent', 'client'], { cwd: root })
  t.equal(made.code, 0, made.output)
  t.strictSame(texts(), committed, 'npm run openapi has made it anew since the contract has changed')
  const checked = await finish(t, 'tsc', ['-p', 'client/test'], { cwd: root })
  t.equal(checked.code, 0, checked.output)

  const server = await startServer(t)
  const toured = await finish(t, process.execPath, ['client/test/tour.ts', server.url], { cwd: root })
  t.equal(toured.code, 0, toured.output)
  t.match(toured.output, /the client works/)
})

test('openapi-typescript, orval and @hey-api/openapi-ts take both documents without a warning', async (t) => {
  const folder = temporaryFolder(t)
  const { v31, v30 } = await releaseDocuments()
  for (const [name, document] of Object.entries({ v31, v30 })) {
    const file = join(folder, `${name}.json`)
    writeFileSync(file, printed(document))
    const output = (tool: string) => join(folder, `${name}-${tool}.ts`)
    const tools = {
      'openapi-typescript': [file, '-o', output('types')],
      orval: ['--input', file, '--output', output('orval')],
      'openapi-ts': ['-i', file, '-o', output('hey-api'), '-s']
    }
    for (const [tool, args] of Object.entries(tools)) {
      const { code, output } = await finish(t, tool, args, { cwd: folder })
      t.equal(code, 0, `${tool} takes ${name}\n${output}`)
      t.notMatch(output, /warn|error|fail|⚠|deprecat/i, `${tool} says nothing against ${name}`)
    }
    for (const tool of ['types', 'orval', 'hey-api'])
      t.ok(existsSync(output(tool)), `${tool} wrote its output`)
  }
})

test('the Postman collection signs in for itself, and the guide is what it says', async (t) => {
  const folder = temporaryFolder(t)
  const made = await finish(t, process.execPath, argumentsOf('postman'), { cwd: folder })
  t.equal(made.code, 0, made.output)
  const server = await startServer(t)
  const collection = join(folder, 'postman/gatehouse.postman_collection.json')
  const environment = join(folder, 'postman/local.postman_environment.json')
  const args = ['run', collection, '-e', environment, '--env-var', `baseUrl=${server.url}`, '--color', 'off']
  const ran = await finish(t, 'newman', args, { cwd: folder })
  t.equal(ran.code, 0, ran.output)
  t.match(ran.output, /Log in as admin/)
  t.match(ran.output, /assertions\s+│\s+\d+\s+│\s+0\s/)
})
