import type { FastifyInstance, InjectOptions } from 'fastify'
import { test } from 'tap'
import { firstToken } from '../../core/sessions/refresh-tokens.ts'
import { build } from '../helper.ts'

const five = { RATE_LIMIT_DEFAULT: '5' }

/** Presents a refresh token. */
const present = (app: FastifyInstance, refresh_token: string, more: InjectOptions = {}) =>
  app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token }, ...more })

/** The status codes of five calls, and of one more. */
async function sixOf(call: () => Promise<{ statusCode: number }>) {
  const codes: number[] = []
  for (let count = 0; count < 6; count++) codes.push((await call()).statusCode)
  return codes
}
const fiveThen429 = (code: number) => [...Array<number>(5).fill(code), 429]

test('what strangers do behind the same address signs nobody out', async (t) => {
  const { app, session } = await build(t, five)
  const { refreshToken } = await session('user')
  t.same(await sixOf(() => app.inject('/nowhere')), fiveThen429(404))
  t.same(await sixOf(() => present(app, firstToken())), fiveThen429(401), 'guesses are limited')
  const { statusCode, headers } = await present(app, refreshToken)
  t.equal(statusCode, 200)
  t.match(headers, { 'ratelimit-limit': '5', 'ratelimit-remaining': '4' })
})

test('a session refreshes as often as it may, from wherever it is, and another one for itself', async (t) => {
  const { app, session } = await build(t, five)
  const [one, other] = [await session('user'), await session('user')]
  let token = one.refreshToken
  let address = 0
  const next = async () => {
    const answer = await present(app, token, { remoteAddress: `203.0.113.${address++}` })
    if (answer.statusCode === 200) token = answer.json<{ refresh_token: string }>().refresh_token
    return answer
  }
  t.same(await sixOf(next), fiveThen429(200))
  t.equal((await present(app, one.refreshToken)).statusCode, 429, 'by any of its tokens')
  t.equal((await present(app, other.refreshToken)).statusCode, 200)
})

test('what has not been counted is not judged: a stolen token past the limit ends no session', async (t) => {
  const { app, db, session } = await build(t, { ...five, REFRESH_GRACE: '1ms' })
  const { refreshToken } = await session('user')
  let token = refreshToken
  for (let count = 0; count < 5; count++)
    token = (await present(app, token)).json<{ refresh_token: string }>().refresh_token
  t.equal((await present(app, refreshToken)).statusCode, 429)
  t.equal((await db.selectFrom('sessions').select('id').execute()).length, 1)
})

test('a body that cannot be read counts too, and so does none', async (t) => {
  const { app } = await build(t, { ...five, BODY_LIMIT: '1024' })
  const bodies: [number, InjectOptions][] = [
    [400, { payload: '{', headers: { 'content-type': 'application/json' } }],
    [415, { payload: 'x', headers: { 'content-type': 'text/plain' } }],
    [413, { payload: { refresh_token: 'x'.repeat(1_024) } }],
    [400, { payload: { refresh_token: 'x' } }],
    [401, {}]
  ]
  for (const [index, [code, more]] of bodies.entries()) {
    const remoteAddress = `203.0.113.${index}`
    t.same(
      await sixOf(() => app.inject({ method: 'POST', url: '/refresh', ...more, remoteAddress })),
      fiveThen429(code)
    )
  }
})

test('the refresh token of the body counts, whatever HTTP clients and proxies put into the header', async (t) => {
  const { app, session } = await build(t)
  const { headers } = await session('user')
  for (const authorization of [
    headers.authorization,
    'Basic c3RhZ2luZzpzZWNyZXQ=',
    'Bearer x',
    'Bearer a, Bearer b'
  ]) {
    const { refreshToken } = await session('user')
    t.equal((await present(app, refreshToken, { headers: { authorization } })).statusCode, 200, authorization)
  }
  const { refreshToken } = await session('user')
  const both = await present(app, firstToken(), { headers: { authorization: `Bearer ${refreshToken}` } })
  t.equal(both.statusCode, 401, 'also where it is the worse one')
})
