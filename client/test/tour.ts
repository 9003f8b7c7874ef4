/** Uses the published client against the server at the address in the first argument, as a consumer would. */
import assert from 'node:assert/strict'
import { createUser, Gatehouse, getProtected, ProblemError, type User } from '../dist/index.js'

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

await resumed.logout()
assert.equal(resumed.tokens, undefined)
await assert.rejects(getProtected({ client: resumed.client, throwOnError: true }), ProblemError)
console.log('the client works')
