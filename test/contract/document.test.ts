import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenAPIV3_1 } from 'openapi-types'
import { test } from 'tap'
import { baseline } from '../../bin/contract/baseline.ts'
import { compareDocuments, mayBreak } from '../../bin/contract/changes.ts'
import { clientFile, repeatable } from '../../bin/contract/client.ts'
import { documentFile, printed, releaseDocuments } from '../../bin/contract/release.ts'
import { root, run, temporaryFolder } from '../process.ts'
import { Contract } from './reader.ts'

const { v31, v30 } = await releaseDocuments()
const contract = new Contract(v31)
const operations = [...contract.operations()]

type Node = Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

test('openapi.json is what the server says (npm run openapi rewrites it)', async (t) => {
  t.equal(printed(v31), readFileSync(join(root, documentFile), 'utf8'))
})

test('a breaking change since the last release comes with a version that says so', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  t.equal(v31.info.version, version, 'the document has the version of package.json')
  const before = baseline(v31.info.version)
  if (!before) {
    t.comment('no earlier document is here to compare with')
    return
  }
  const breaking = compareDocuments(before.document, v31).filter((change) => change.breaking)
  const allowed = mayBreak(before.document.info.version, version) ? breaking.map(({ text }) => text) : []
  t.same(
    breaking.map(({ text }) => text),
    allowed,
    `breaking since ${before.revision}`
  )
})

test('what clients have is the last document of another version', async (t) => {
  const before = baseline(v31.info.version)
  t.not(before?.document.info.version, v31.info.version)
  t.match(
    baseline('0.0.0')?.revision,
    /^(HEAD|v\d)/,
    'a version that was never committed is compared with what was'
  )
})

test('both documents pass Redocly, and the linters find nothing at all', { timeout: 120_000 }, async (t) => {
  const folder = temporaryFolder(t)
  const [file31, file30] = [join(folder, '31.json'), join(folder, '30.json')]
  writeFileSync(file31, printed(v31))
  writeFileSync(file30, printed(v30))
  const env = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' }
  const lint = async (command: string, args: string[]) => {
    const linter = run(t, command, args, { cwd: root, env })
    const { code } = await linter.exited
    t.equal(code, 0, linter.output())
    return linter.output()
  }
  const [redocly, spectral] = await Promise.all([
    lint('redocly', ['lint', '--config=tools/redocly.yaml', '--max-problems=1000', file31, file30]),
    lint('spectral', ['lint', '--ruleset=tools/.spectral.yaml', '--fail-severity=hint', file31, file30])
  ])
  t.match(redocly, /Your API descriptions are valid/)
  t.notMatch(redocly, /You have \d+ warning/)
  t.match(spectral, /No results with a severity of 'hint' or higher found/)
})

test('the client knows which operations take an Idempotency-Key', async (t) => {
  t.equal(readFileSync(join(root, clientFile), 'utf8'), repeatable(v31), 'npm run openapi writes it')
  t.match(repeatable(v31), "['POST', /^\\/users$/]")
  t.notMatch(repeatable(v31), /login|refresh|logout/)
})

test('the 3.0.3 copy says the same', async (t) => {
  t.equal(v30.openapi, '3.0.3')
  t.same(asVersion30(v31), { ...v30, openapi: v31.openapi })
})

/** What 3.1 says, in the words of 3.0: null is `nullable`, and a schema has one example. */
function asVersion30(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asVersion30)
  if (!isNode(node)) return node
  const { examples, type, ...rest } = node
  const others = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, asVersion30(value)]))
  const types: unknown[] = Array.isArray(type) ? type.filter((name) => name !== 'null') : []
  return {
    ...others,
    ...(type !== undefined &&
      (Array.isArray(type) ? { type: types[0], nullable: true } : { type: asVersion30(type) })),
    ...(Array.isArray(examples)
      ? { example: examples[0] as unknown }
      : examples !== undefined && { examples })
  }
}

test('every schema of a body has a name, and every example and default is valid', async (t) => {
  let examples = 0
  const check = (schemaAt: string, value: unknown) => {
    examples += 1
    const faults = contract.faults(schemaAt, value)
    if (faults) t.fail(`the example at ${schemaAt}: ${faults}`)
  }
  const walk = (node: unknown, at: string): void => {
    if (!isNode(node)) return
    const own = node['examples']
    if (Array.isArray(own)) for (const value of own) check(at, value)
    const schema = node['schema']
    if (isNode(schema)) {
      const given = isNode(own) && !Array.isArray(own) ? Object.values(own) : []
      for (const example of given) {
        const { value } = contract.resolve(example as { value: unknown })
        check(`${at}/schema`, value)
      }
      if (node['example'] !== undefined) check(`${at}/schema`, node['example'])
      if (at.includes('/content/')) t.hasProp(schema, '$ref', at)
    } else if (!at.endsWith('/properties'))
      for (const name of ['example', 'default']) if (name in node) check(at, node[name])
    for (const [key, child] of Object.entries(node)) {
      if (!['example', 'examples', 'enum', 'default'].includes(key))
        walk(child, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    }
  }
  walk(v31.paths, '/paths')
  walk(v31.components, '/components')
  t.ok(examples > 100, `${examples} examples`)
})

test('every parameter says what it is', async (t) => {
  for (const { path, method, operation } of operations)
    for (const reference of operation.parameters ?? []) {
      const { name, description = '' } = contract.resolve<OpenAPIV3_1.ParameterObject>(reference)
      const at = `${method.toUpperCase()} ${path} ${name}`
      t.match(description, /^\S.{8,}\.$/s, at)
    }
})

test('every pattern means the same with and without the flag u, which generated clients leave out', async (t) => {
  const patterns = new Set<string>()
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(walk)
    else if (isNode(node)) {
      if (typeof node['pattern'] === 'string') patterns.add(node['pattern'])
      Object.values(node).forEach(walk)
    }
  }
  walk(v31)
  t.ok(patterns.size > 10)
  for (const pattern of patterns) {
    t.doesNotThrow(() => [new RegExp(pattern), new RegExp(pattern, 'u')], pattern)
    t.notMatch(pattern, /\\[pP]\{|\\u\{|[\ud800-\udfff]/, pattern)
  }
})

test('every operation declares what its policy makes it answer', async (t) => {
  for (const { path, method, operation } of operations) {
    const name = `${method.toUpperCase()} ${path}`
    const answers = new Map(
      Object.entries(operation.responses).map(([status, answer]) => [status, contract.resolve(answer)])
    )
    const policy: Node = { ...operation }
    const has = (status: number, ...headers: string[]) => {
      t.ok(answers.has(String(status)), `${name} declares ${status}`)
      const { headers: declared = {} } = answers.get(String(status)) ?? {}
      for (const header of headers) t.hasProp(declared, header, `${name} ${status} has ${header}`)
    }
    t.match(operation.operationId, /^[a-z]+[A-Za-z]*$/, name)
    has(400)
    has(500)
    if (operation.security?.length !== 0) has(401, 'WWW-Authenticate')
    if (policy['x-permission'] !== undefined) has(403)
    if (policy['x-cache'] !== undefined) for (const status of [200, 304]) has(status, 'ETag', 'Age')
    if (method !== 'get') has(503, 'Retry-After')
    if (method !== 'get') for (const status of [413, 415]) has(status)
    if (policy['x-rate-limit'] !== undefined) {
      has(429, 'Retry-After')
      // A server beyond its capacity refuses before it counts.
      for (const status of [...answers.keys()].filter((name) => name !== '503'))
        has(
          Number(status),
          ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'RateLimit', 'RateLimit-Policy']
        )
    }
    if (answers.has('201')) has(201, 'Location')
    for (const [status, { content = {} }] of answers)
      if (status >= '4') t.same(Object.keys(content), ['application/problem+json'], `${name} ${status}`)
  }
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'every operationId is its own')
  t.notOk(
    operations.some(({ path }) => path.startsWith('/documentation')),
    'the page is no part of it'
  )
})
