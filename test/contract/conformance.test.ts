import Fastify from 'fastify'
import { test } from 'tap'
import { build } from '../helper.ts'
import { exactSerializers } from '../conformance.ts'
import { Contract } from './reader.ts'

const welcome = { message: 'Welcome ada!', role: 'user', authenticated: true }

test('an answer that the contract does not declare is found out', async (t) => {
  const { app, as } = await build(t)
  const contract = new Contract(app.openapi.v31())
  const { headers } = await app.inject({ url: '/protected', headers: await as('user') })
  const good = { status: 200, headers, body: JSON.stringify(welcome) }
  const differences = (changed: Partial<typeof good>) =>
    contract.differences('GET', '/protected', { ...good, ...changed })

  t.same(differences({}), [])
  t.same(differences({ status: 418 }), ['the status 418 is not declared'])
  t.match(differences({ body: JSON.stringify({ ...welcome, id: 1 }) }), [/additional properties/])
  t.match(differences({ body: JSON.stringify({ ...welcome, role: undefined }) }), [
    /required property 'role'/
  ])
  t.match(differences({ body: JSON.stringify({ ...welcome, authenticated: 'yes' }) }), [/must be boolean/])
  t.same(differences({ headers: { ...headers, 'ratelimit-limit': undefined } }), [
    'the header RateLimit-Limit is missing'
  ])
  t.match(differences({ headers: { ...headers, 'ratelimit-reset': '3600' } }), [
    /RateLimit-Reset: .*must be <=/
  ])
  t.same(differences({ headers: { ...headers, 'content-type': 'text/html' } }), [
    'the media type text/html is not declared'
  ])
  t.match(contract.differences('POST', '/logout', { status: 204, headers, body: '{}' }), [/none is declared/])
})

test('a serializer that drops a member or changes a value fails the test', async (t) => {
  const failures: string[] = []
  const app = Fastify({ schemaController: exactSerializers((message) => failures.push(message)) })
  t.teardown(() => app.close())
  const answers: Record<string, object> = {
    exact: { id: 1 },
    extra: { id: 1, hash: 'x' },
    changed: { id: '1' }
  }
  const response = { 200: { type: 'object', properties: { id: { type: 'integer' } } } }
  app.get<{ Params: { name: string } }>(
    '/:name',
    { schema: { response } },
    ({ params }) => answers[params.name]
  )

  await app.inject('/exact')
  t.same(failures, [])
  await app.inject('/extra')
  t.equal(failures.length, 1)
  await app.inject('/changed')
  t.equal(failures.length, 2)
})
