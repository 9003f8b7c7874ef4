/** Uses the published client against the server at the address in the first argument, as a consumer would. */
import assert from 'node:assert/strict'
import { codeAt } from '../../test/totp.ts'
import {
  confirmFactor,
  createMyKey,
  createUser,
  deleteUser,
  enrolFactor,
  Gatehouse,
  getProtected,
  ProblemError,
  reauthenticate,
  type User
} from '../dist/index.js'

const baseUrl = process.argv[2] ?? 'http://127.0.0.1:3000'
let refreshes = 0
const counting = (request: Request) => {
  if (request.url.endsWith('/refresh')) refreshes += 1
  return fetch(request)
}

const stranger = new Gatehouse({ baseUrl })
await assert.rejects(stranger.login('admin', 'not the password'), (error) => {
  assert(error instanceof ProblemError)
  assert.equal(error.problem.code, 'INVALID_CREDENTIALS')
  assert.equal(error.response.status, 401)
  return true
})

const gatehouse = new Gatehouse({ baseUrl, fetch: counting })
await gatehouse.login('admin', 'password123')
const { client, tokens } = gatehouse
assert(tokens)
const { data } = await getProtected({ client, throwOnError: true })
assert.equal(data.message, 'Welcome admin!')

for (const username of ['ada', 'grace', 'barbara']) {
  const body = { username, password: 'plenty of lichen on granite', role: 'user' }
  await createUser({ client, body, throwOnError: true })
}
const found: User[] = []
for await (const user of gatehouse.users({ limit: 2 })) found.push(user)
assert.deepEqual(
  found.map(({ username }) => username),
  ['admin', 'user', 'ada', 'grace', 'barbara']
)

// Answers get lost after the request was done, and then the server is away for a moment: it is done once.
const losses = ['lost', 'away', 'lost']
const keys = new Set<string | null>()
const unlucky = new Gatehouse({
  baseUrl,
  tokens,
  fetch: async (request) => {
    keys.add(request.headers.get('idempotency-key'))
    const loss = losses.shift()
    if (loss === 'away') return new Response(null, { status: 503, headers: { 'retry-after': '0' } })
    const response = await fetch(request)
    if (loss === 'lost') throw new TypeError('fetch failed')
    return response
  }
})
const lost = { username: 'lost', password: 'plenty of lichen on granite', role: 'user' }
const made = await createUser({ client: unlucky.client, body: lost, throwOnError: true })
assert.equal(made.response.status, 201)
assert.equal(made.response.headers.get('idempotency-replayed'), 'true')
assert.equal(keys.size, 1)
// The password is not repeated to a server that has not promised to take it once.
losses.push('lost')
await assert.rejects(unlucky.login('admin', 'password123'), TypeError)
await deleteUser({
  client,
  path: { id: made.data.id },
  headers: { 'if-match': '*' },
  throwOnError: true
})

// A program acts with a key, which needs no session.
const wanted = { name: 'The tour', permissions: ['users:read' as const] }
const { data: key } = await createMyKey({ client, body: wanted, throwOnError: true })
const machine = new Gatehouse({ baseUrl, key: key.key })
assert.ok((await machine.users().next()).value)
await assert.rejects(createMyKey({ client: machine.client, body: wanted, throwOnError: true }), (error) => {
  assert(error instanceof ProblemError)
  assert.equal(error.problem.code, 'SESSION_NEEDED')
  return true
})

// A token that no longer counts, found out by twenty calls at once: one exchange serves them all.
const expired = { ...tokens, access_token: `${tokens.access_token.slice(0, -8)}AAAAAAAA` }
const kept: unknown[] = []
const resumed = new Gatehouse({
  baseUrl,
  tokens: expired,
  fetch: counting,
  onTokens: (pair) => kept.push(pair)
})
const answers = await Promise.all(
  Array.from({ length: 20 }, () => getProtected({ client: resumed.client, throwOnError: true }))
)
assert(answers.every((answer) => answer.data.role === 'admin'))
assert.equal(refreshes, 1)
assert.deepEqual(kept, [resumed.tokens])

// A session of long ago, whose answer is said here for the server's: two calls at once ask the person once, and go through.
const stale = {
  type: '/problems/reauthentication-needed',
  title: 'Prove again who you are',
  status: 401,
  detail: 'This needs a sign-in of the last 600 seconds.',
  code: 'REAUTHENTICATION_NEEDED',
  request_id: 'tour'
}
let isFresh = false
let asked = 0
const careful: Gatehouse = new Gatehouse({
  baseUrl,
  ...(resumed.tokens && { tokens: resumed.tokens }),
  fetch: (request) =>
    !isFresh && request.url.endsWith('/users')
      ? Promise.resolve(Response.json(stale, { status: 401 }))
      : counting(request),
  onReauthenticationNeeded: async () => {
    asked += 1
    await reauthenticate({ client: careful.client, body: { password: 'password123' }, throwOnError: true })
    return (isFresh = true)
  }
})
const create = (username: string) => {
  const body = { username, password: 'plenty of lichen on granite', role: 'user' }
  return createUser({ client: careful.client, body, throwOnError: true })
}
await Promise.all([create('edsger'), create('donald')])
assert.deepEqual([asked, refreshes], [1, 1])

// A sign-in in two steps: the answers are the server's, the codes those of an app.
const owner = new Gatehouse({ baseUrl })
await owner.login('edsger', 'plenty of lichen on granite')
const enrolled = await enrolFactor({
  client: owner.client,
  body: { kind: 'totp', name: 'Phone' },
  throwOnError: true
})
const { id, secret } = enrolled.data
const confirmed = await confirmFactor({
  client: owner.client,
  path: { id },
  body: { code: codeAt(secret) },
  throwOnError: true
})
const [recovery_code = ''] = confirmed.data.recovery_codes ?? []
const guarded = new Gatehouse({ baseUrl })
const challenge = await guarded.login('edsger', 'plenty of lichen on granite').then(
  () => '',
  (error: unknown) => (error instanceof ProblemError ? (error.problem.challenge ?? '') : '')
)
assert.equal(guarded.tokens, undefined)
await guarded.verify(challenge, { recovery_code })
const welcome = await getProtected({ client: guarded.client, throwOnError: true })
assert.equal(welcome.data.message, 'Welcome edsger!')

// An access token that counts no longer is no obstacle to signing out.
assert(resumed.tokens)
const { tokens: last } = resumed
await new Gatehouse({ baseUrl, tokens: { ...last, access_token: expired.access_token } }).logout()
await assert.rejects(getProtected({ client: resumed.client, throwOnError: true }), ProblemError)
await gatehouse.login('admin', 'password123')
await gatehouse.logout()
assert.equal(gatehouse.tokens, undefined)
await assert.rejects(getProtected({ client: gatehouse.client, throwOnError: true }), ProblemError)
console.log('the client works')
