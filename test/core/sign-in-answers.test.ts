import Fastify from 'fastify'
import { test } from 'tap'
import { loadConfig } from '../../core/config/load.ts'
import { problemKinds } from '../../core/problems/define.ts'
import { sendProblem } from '../../core/problems/send.ts'
import { signInEnding, signInRoutes } from '../../core/sessions/sign-in-ending.ts'
import { tokenAnswer } from '../../core/sessions/token-answer.ts'
// They declare what is answered.
import '../../routes/passkeys/sign-in/index.ts'
import '../../routes/login/index.ts'
import { ask } from '../request.ts'

const config = loadConfig({
  NODE_ENV: 'test',
  JWT_SECRET: 'a secret that only the tests of this service know'
})

test('tokens are answered in the body, or the refresh token in a cookie for pages of this origin', async (t) => {
  const signed: unknown[] = []
  const signAccessToken = (subject: object) => {
    signed.push(subject)
    return 'access'
  }
  const { answer, policy } = tokenAnswer({ accessTokenSeconds: 60, signAccessToken }, config)
  t.same(policy, {
    access: 'public',
    whileReadOnly: true,
    limit: { perMinute: config.RATE_LIMIT_SIGN_IN, by: 'address' }
  })
  const user = { id: 1, username: 'ada', role: 'user' }
  const session = { sessionId: 'of-ada', authTime: 5, amr: ['pwd'] }
  let begun = 0
  const begin = async () => {
    begun++
    return { user, refreshToken: 'refresh', ...session }
  }
  const sign = (refresh: 'body' | 'cookie' | undefined, site: string) =>
    ask({ headers: { 'sec-fetch-site': site } }, (request, reply) =>
      answer(request, reply, refresh ? { refresh } : {}, begin)
    )
  const tokens = { access_token: 'access', token_type: 'Bearer', expires_in: 60 }
  for (const place of ['body', undefined] as const) {
    const inBody = await sign(place, 'cross-site')
    t.same(inBody.value, { ...tokens, refresh_token: 'refresh' })
    t.equal(inBody.headers['set-cookie'], undefined)
  }
  t.same(signed[0], { ...user, ...session })
  const inCookie = await sign('cookie', 'same-origin')
  t.same(inCookie.value, tokens)
  t.match(inCookie.headers['set-cookie'], /^refresh=refresh; /)
  t.equal(begun, 3)
  t.match((await sign('cookie', 'cross-site')).error, { code: 'NOT_SAME_ORIGIN' })
  t.equal(begun, 3, 'no session was begun for nobody')
})

test('a sign-in ends well, is refused or is throttled; anything else is no ending', async (t) => {
  t.same([...signInRoutes].sort(), ['/login', '/login/verification', '/passkeys/sign-in'])
  const endingOf = async (status: number, code: string) => {
    const app = Fastify()
    let ending: unknown
    app.decorate('config', config)
    app.setErrorHandler(sendProblem)
    app.addHook('onResponse', async (_request, reply) => {
      ending = signInEnding(reply)
    })
    app.get('/', async () => {
      if (status === 200) return {}
      throw Object.assign(new Error(code), { code, kind: problemKinds.get(code), occurrence: {} })
    })
    await app.inject('/')
    return ending
  }
  t.equal(await endingOf(200, ''), 'ok')
  t.equal(await endingOf(429, 'SIGN_IN_THROTTLED'), 'throttled')
  for (const [status, code] of [
    [401, 'INVALID_CREDENTIALS'],
    [401, 'CHALLENGE_INVALID'],
    [401, 'PASSKEY_REFUSED'],
    [403, 'WRONG_CODE'],
    [403, 'WRONG_PASSKEY']
  ] as const)
    t.equal(await endingOf(status, code), 'refused', code)
  t.equal(await endingOf(401, 'MFA_REQUIRED'), undefined)
  t.equal(await endingOf(503, 'TOO_MANY_SIGN_INS'), undefined)
})
