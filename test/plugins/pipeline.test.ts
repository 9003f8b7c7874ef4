import Fastify, { type InjectOptions } from 'fastify'
import { test } from 'tap'
import pipeline from '../../plugins/pipeline.ts'
import { build } from '../helper.ts'
import { recordSteps } from '../steps.ts'

/** Of every request; the first is of @fastify/caching, which matches no tag here. */
const first = ['cachingLoadByEtag', 'headers', 'blocked', 'overload', 'unknown'].map(
  (name) => `onRequest ${name}`
)
const last = ['onSend cachingSetCacheControlHeader', 'onSend cachingStoreByEtag']
const editor = { name: 'editor', description: 'Reads', permissions: [], requests_per_minute: 3 }

test('a request passes these steps in this order, and no other', async (t) => {
  let ran: string[] = []
  const { app, as } = await build(t, {}, undefined, (bare) => (ran = recordSteps(bare)))
  const headers = await as('admin')
  const passed = async (request: InjectOptions) => {
    ran.length = 0
    const { statusCode } = await app.inject(request)
    return [statusCode, ...ran]
  }
  const limited = [...first, 'onRequest identify', 'onRequest limits']
  const guarded = [...limited, 'onRequest guard']
  const texts = 'preValidation texts'
  const parameters = 'preValidation parameters'
  const handler = 'handler handler'

  t.same(await passed({ url: '/rate-limited' }), [200, ...limited, texts, handler, ...last], 'a public route')
  t.same(await passed({ url: '/health/live' }), [
    200,
    ...first,
    'onRequest identify',
    texts,
    handler,
    ...last
  ])
  t.same(
    await passed({ url: '/roles/user', headers }),
    [200, ...guarded, texts, parameters, handler, ...last],
    'a guarded one'
  )
  t.same(await passed({ url: '/roles/user' }), [401, ...guarded, ...last], 'and a refusal at it')
  const cached = [200, ...guarded, texts, parameters, 'handler cache']
  t.same(await passed({ url: '/roles', headers }), [...cached, handler, ...last], 'a cached one')
  t.same(await passed({ url: '/roles', headers }), [...cached, ...last], 'and a hit')
  t.same(
    await passed({ method: 'POST', url: '/roles', headers, payload: editor }),
    [
      201,
      ...guarded,
      'onRequest stepUp',
      'onRequest readOnly',
      texts,
      'handler idempotency',
      handler,
      ...last
    ],
    'a writing one'
  )
  t.same(
    await passed({ method: 'POST', url: '/refresh' }),
    [
      401,
      ...[...first, 'onRequest identify'],
      ...['texts', 'optionalBody', 'presented', 'sessionLimits'].map((name) => `preValidation ${name}`),
      handler,
      ...last
    ],
    'one whose token may be in the body'
  )
  t.same(await passed({ url: '/nowhere', headers }), [404, ...first, ...last], 'no route at all')
})

/** A server with this plugin alone. */
const bare = async () => {
  const app = Fastify()
  await app.register(pipeline)
  return app
}

test('a plugin adds no route: only pages that are no part of the contract', async (t) => {
  const app = await bare()
  t.throws(() => app.get('/backdoor', () => 'in'), {
    message: 'GET /backdoor is added by a plugin: routes are added in routes/'
  })
  app.get('/page', { schema: { hide: true } }, () => 'a page')
  app.pipeline.start()
  app.get('/route', () => 'a route')
  t.equal((await app.inject('/route')).body, 'a route')
})

test('a step has a name of the list, is added once, and before there are routes', async (t) => {
  const app = await bare()
  const { pipeline } = app
  const pass = () => undefined
  // @ts-expect-error The types refuse it too.
  t.throws(() => pipeline.before('sideways', pass), {
    message: /^sideways is no step of a request: there is .*guard/
  })
  // @ts-expect-error A step has its place.
  t.throws(() => pipeline.always('guard', pass), { message: /^guard is no step/ })
  pipeline.before('guard', pass)
  t.throws(() => pipeline.before('guard', pass), { message: 'The step guard has been added already' })
  pipeline.start()
  t.throws(() => pipeline.before('limits', pass), {
    message: 'The step limits comes too late: there are routes'
  })
})
