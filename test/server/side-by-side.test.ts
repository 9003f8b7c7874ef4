import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { startServer } from '../process.ts'

const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}

const oldPassword = 'a walk in the rain'

interface Pair {
  access_token: string
  refresh_token: string
}

interface Call {
  method?: string
  token?: string
  json?: unknown
  from?: string
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

const codes = (answers: Response[]) => answers.map(({ status }) => status).sort((a, b) => a - b)

test('races over three processes on one PostgreSQL', onPostgres, async (t) => {
  const DATABASE_URL = await scratchPostgres(t, postgresServer ?? '')
  const env = {
    DATABASE_URL,
    BCRYPT_COST: '4',
    RATE_LIMIT_DEFAULT: '100000',
    TRUST_PROXY: '127.0.0.1/32',
    JWT_SECRET: 'what the three processes sign their tokens with'
  }
  const servers = await times(3, () => startServer(t, { env }))
  const db = openDatabase(DATABASE_URL)
  t.teardown(() => db.destroy())

  let calls = 0
  /** Each call goes to another process, and comes from another address unless that is said. */
  const call = (path: string, { method = 'POST', token, json, from }: Call = {}) => {
    const number = ++calls
    return fetch(`${servers[number % 3]?.url ?? ''}${path}`, {
      method,
      headers: {
        'if-match': '*',
        'x-forwarded-for': from ?? `10.1.${number >> 8}.${number & 255}`,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' })
      },
      ...(json !== undefined && { body: JSON.stringify(json) })
    })
  }
  const login = async (username: string, password = oldPassword) =>
    (await (await call('/login', { json: { username, password } })).json()) as Pair
  const admin = await login('admin', 'password123')
  const make = async (username: string, role = 'user') => {
    const json = { username, password: oldPassword, role }
    const made = await call('/users', { token: admin.access_token, json })
    return { ...((await made.json()) as { id: number }), ...(await login(username)) }
  }

  await t.test('of creations of one name one makes an account', async (t) => {
    const json = { username: 'racer', password: oldPassword, role: 'user' }
    const answers = await times(21, () => call('/users', { token: admin.access_token, json }))
    t.same(codes(answers), [201, ...Array<number>(20).fill(409)])
  })

  await t.test('of refreshes of one token all get one successor, which works', async (t) => {
    const { refresh_token: token } = await login('racer')
    const answers = await times(30, () => call('/refresh', { token }))
    t.same(codes(answers), Array<number>(30).fill(200))
    const pairs = (await Promise.all(answers.map((answer) => answer.json()))) as Pair[]
    t.equal(new Set(pairs.map(({ refresh_token }) => refresh_token)).size, 1)
    t.equal((await call('/refresh', { token: pairs[0]?.refresh_token ?? '' })).status, 200)
  })

  await t.test('of guesses from one address as many are judged as are free', async (t) => {
    const json = { username: 'racer', password: 'not this one' }
    const answers = await times(45, () => call('/login', { json, from: '203.0.113.7' }))
    t.same(codes(answers), [...Array<number>(10).fill(401), ...Array<number>(35).fill(429)])
  })

  await t.test('of password changes one is acknowledged, and its password works', async (t) => {
    const { access_token: token } = await make('changer')
    const answers = await times(6, (index) =>
      call('/me/password', {
        method: 'PUT',
        token,
        json: { current_password: oldPassword, new_password: `the new password number ${index}` }
      })
    )
    t.same(codes(answers), [204, 403, 403, 403, 403, 403])
    const winner = answers.findIndex(({ status }) => status === 204)
    t.match(await login('changer', `the new password number ${winner}`), { access_token: String })
  })

  await t.test('a sign-in during a change of the password leaves no session of the old one', async (t) => {
    for (let round = 0; round < 5; round++) {
      const { id } = await make(`resetter-${round}`)
      const reset = (json: object) => call(`/users/${id}/password`, { token: admin.access_token, json })
      await Promise.all([
        ...Array.from({ length: 8 }, () => login(`resetter-${round}`)),
        reset({ password: 'another walk in the sun' })
      ])
      const left = await db.selectFrom('sessions').select('id').where('user_id', '=', id).execute()
      t.same(left, [])
    }
  })

  await t.test('a deletion during sign-ins and refreshes leaves nothing alive, and no 5xx', async (t) => {
    for (let round = 0; round < 5; round++) {
      const { id, refresh_token } = await make(`leaver-${round}`)
      const json = { username: `leaver-${round}`, password: oldPassword }
      const [deleted, ...others] = await Promise.all([
        call(`/users/${id}`, { method: 'DELETE', token: admin.access_token }),
        ...Array.from({ length: 6 }, () => call('/login', { json })),
        ...Array.from({ length: 6 }, () => call('/refresh', { token: refresh_token }))
      ])
      t.equal(deleted.status, 204)
      t.same(
        codes(others).filter((status) => ![200, 401].includes(status)),
        []
      )
      t.equal((await call('/login', { json })).status, 401)
    }
  })

  await t.test('of two administrators who step down at once one has to stay', async (t) => {
    const { id, access_token: token } = await make('rival', 'admin')
    for (let round = 0; round < 5; round++) {
      const json = { role: 'user' }
      const answers = await Promise.all([
        call('/users/1', { method: 'PATCH', token: admin.access_token, json }),
        call(`/users/${id}`, { method: 'PATCH', token, json })
      ])
      t.same(codes(answers), [200, 409])
      await db.updateTable('users').set({ role: 'admin' }).where('id', 'in', [1, id]).execute()
    }
  })
})
