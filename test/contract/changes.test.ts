import type { OpenAPIV3_1 } from 'openapi-types'
import { test } from 'tap'
import { compareDocuments, mayBreak } from '../../bin/contract/changes.ts'

const operation = {
  operationId: 'updateThing',
  security: [{ bearer: [] }],
  parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum: 200 } }],
  requestBody: {
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { name: { type: 'string', maxLength: 50 }, kind: { type: 'string', enum: ['a', 'b'] } },
          required: ['name']
        }
      }
    }
  },
  responses: {
    '200': {
      description: '',
      headers: { ETag: { schema: { type: 'string' } } },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } }
    },
    '404': { description: '' }
  }
}

const document = {
  openapi: '3.1.0',
  info: { title: '', version: '1.0.0' },
  paths: { '/things': { patch: operation } },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { id: { type: 'integer' }, kind: { type: 'string', enum: ['a', 'b'] } },
        required: ['id']
      }
    }
  }
}

/** The document with some of its text replaced, as a later version of it would read. */
const after = (from: string, to: string) => {
  const text = JSON.stringify(document)
  if (!text.includes(from)) throw new Error(`the document has no ${from}`)
  return JSON.parse(text.replace(from, to)) as OpenAPIV3_1.Document
}
const before = after('1.0.0', '1.0.0')

test('what may make a client fail is a breaking change', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['"patch"', '"put"', /PATCH \/things is gone/],
    ['updateThing', 'changeThing', /is named changeThing/],
    ['"name":"limit"', '"name":"count"', /query limit is gone/],
    ['"in":"query"', '"in":"query","required":true', /query limit is required now/],
    ['"maximum":200', '"maximum":100', /another maximum: 100/],
    ['"requestBody":{', '"requestBody":{"required":true,', /needs a body/],
    ['"maxLength":50', '"maxLength":50,"pattern":"^a"', /body.name has another pattern/],
    ['"required":["name"]', '"required":["name","kind"]', /body.kind is required now/],
    [
      '"enum":["a","b"]}},"required":["name"]',
      '"enum":["a"]}},"required":["name"]',
      /body.kind is never "b"/
    ],
    ['"200"', '"202"', /never answers 200/],
    ['"headers":{"ETag":{"schema":{"type":"string"}}}', '"headers":{}', /no header ETag/],
    ['"id":{"type":"integer"}', '"key":{"type":"integer"}', /200.id is gone/],
    ['"id":{"type":"integer"}', '"id":{"type":["integer","null"]}', /200.id may be null/],
    ['"required":["id"]', '"required":[]', /200.id is optional now/],
    [
      '"security":[{"bearer":[]}]',
      '"security":[{"bearer":[]}],"x-permission":"things:write"',
      /things:write/
    ],
    [
      '"security":[{"bearer":[]}]',
      '"security":[{"bearer":[]}],"x-step-up":{"max_age":600}',
      /of the last 600 seconds/
    ]
  ]
  for (const [from, to, expected] of cases) {
    const breaking = compareDocuments(before, after(from, to)).filter((change) => change.breaking)
    t.match(breaking.map(({ text }) => text).join('\n'), expected)
  }
})

test('an addition is no breaking change, and it is told', async (t) => {
  const cases: [string, string][] = [
    ['"/things":{', '"/others":{"get":{"responses":{}}},"/things":{'],
    ['"parameters":[', '"parameters":[{"name":"cursor","in":"query","schema":{"type":"string"}},'],
    ['"maximum":200', '"maximum":500'],
    ['"name":{', '"note":{"type":"string"},"name":{'],
    ['"404"', '"409":{"description":""},"404"'],
    ['"id":{"type":"integer"}', '"id":{"type":"integer"},"name":{"type":"string"}'],
    ['"enum":["a","b"]}},"required":["id"]', '"enum":["a","b","c"]}},"required":["id"]'],
    ['"security":[{"bearer":[]}]', '"security":[]']
  ]
  for (const [from, to] of cases) {
    const changes = compareDocuments(before, after(from, to))
    t.ok(changes.length > 0, `${to} is told`)
    t.same(
      changes.filter((change) => change.breaking),
      [],
      `${to} breaks nothing`
    )
  }
  t.same(compareDocuments(before, before), [])
})

test('a breaking change needs the next major version, and before 1.0.0 the next minor one', async (t) => {
  for (const [old, now] of [
    ['1.4.2', '2.0.0'],
    ['0.1.0', '0.2.0'],
    ['0.9.0', '1.0.0']
  ] as const)
    t.ok(mayBreak(old, now), `${old} to ${now}`)
  for (const [old, now] of [
    ['1.4.2', '1.5.0'],
    ['1.4.2', '1.4.3'],
    ['0.1.0', '0.1.1'],
    ['0.1.0', '0.1.0']
  ] as const)
    t.notOk(mayBreak(old, now), `${old} to ${now}`)
})
