import type { OpenAPIV3_1 } from 'openapi-types'
import { guide } from './guide.ts'
import { afterwards, bearer, type Item, json, jsonHeader, keepTokens, noAuth } from './items.ts'

type Document = OpenAPIV3_1.Document
type Operation = OpenAPIV3_1.OperationObject
type Schema = OpenAPIV3_1.SchemaObject

/** What a reference leads to, or the thing itself. */
function resolve<T extends object>(document: Document, value: T | OpenAPIV3_1.ReferenceObject): T {
  if (!('$ref' in value)) return value
  const place = value.$ref.split('/').slice(1)
  return place.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document) as T
}

/** An example value of a schema: its own, or one made of those of its members. */
function exampleOf(document: Document, reference: Schema | OpenAPIV3_1.ReferenceObject): unknown {
  const schema = resolve<Schema>(document, reference)
  const own: unknown = schema.examples?.[0] ?? schema.enum?.[0]
  if (own !== undefined) return own
  if (schema.type === 'array') return [exampleOf(document, schema.items)]
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, member]) => [name, exampleOf(document, member)])
  )
}

function parametersOf(document: Document, { parameters = [] }: Operation, place: string) {
  return parameters
    .map((parameter) => resolve<OpenAPIV3_1.ParameterObject>(document, parameter))
    .filter((parameter) => parameter.in === place)
    .map(({ name, description = '', schema = {}, example, examples = {}, required }) => {
      const [named] = Object.values(examples)
      const given: unknown = example ?? (named && 'value' in named ? named.value : undefined)
      const value = given ?? exampleOf(document, schema)
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return { key: name, value: text, description, ...(place === 'path' || required ? {} : { disabled: true }) }
    })
}

/** What is sent to sign in and to refresh comes from the environment. */
const bodies: Record<string, string> = {
  login: '{ "username": "{{username}}", "password": "{{password}}" }',
  refreshTokens: '{ "refresh_token": "{{refresh_token}}" }'
}

function itemOf(document: Document, method: string, path: string, operation: Operation): Item {
  const { operationId = '', summary = operationId, description = '', security, responses } = operation
  const body = operation.requestBody && resolve(document, operation.requestBody)
  const schema = body?.content['application/json']?.schema
  const query = parametersOf(document, operation, 'query')
  const segments = path.slice(1).replaceAll(/\{(\w+)\}/g, ':$1')
  const statuses = JSON.stringify(Object.keys(responses ?? {}).map(Number))
  return {
    name: summary,
    request: {
      method: method.toUpperCase(),
      description,
      ...(security?.length === 0 && { auth: noAuth }),
      header: [...parametersOf(document, operation, 'header'), ...(schema ? [jsonHeader] : [])],
      url: {
        raw: `{{baseUrl}}/${segments}`,
        host: ['{{baseUrl}}'],
        path: segments.split('/'),
        query,
        variable: parametersOf(document, operation, 'path')
      },
      ...(schema && { body: json(bodies[operationId] ?? exampleOf(document, schema)) })
    },
    event: afterwards([
      `pm.test('answers a declared status', () => pm.expect(${statuses}).to.include(pm.response.code))`,
      ...(operationId in bodies ? keepTokens : [])
    ])
  }
}

/** The document as a Postman collection: the guide's steps, then a folder for each tag. */
export function collectionOf(document: Document) {
  const items = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
      const operation = item?.[method]
      return operation
        ? [{ tag: operation.tags?.[0], item: itemOf(document, method, path, operation) }]
        : []
    })
  )
  const folders = (document.tags ?? []).map(({ name, description = '' }) => ({
    name,
    description,
    item: items.filter(({ tag }) => tag === name).map(({ item }) => item)
  }))
  return {
    info: {
      name: document.info.title,
      description: document.info.description,
      version: document.info.version,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
    },
    auth: bearer('access_token'),
    item: [guide, ...folders]
  }
}

/** Where the requests go and as whom; signing in fills in the tokens. */
export const environment = {
  name: 'Gatehouse, local',
  _postman_variable_scope: 'environment',
  values: Object.entries({
    baseUrl: 'http://127.0.0.1:3000',
    username: 'admin',
    password: 'password123',
    access_token: '',
    refresh_token: ''
  }).map(([key, value]) => ({
    key,
    value,
    type: /password|token/.test(key) ? 'secret' : 'default',
    enabled: true
  }))
}
