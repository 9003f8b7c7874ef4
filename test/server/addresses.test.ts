import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'tap'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'

type App = Awaited<ReturnType<typeof build>>['app']

const proxy = '10.0.0.1'
const right = { username: 'user', password: 'password123' }

/** A call that this chain of X-Forwarded-For has come with. */
const forwarded = (app: App, chain: string, url = '/rate-limited') =>
  app.inject({ url, remoteAddress: proxy, headers: { 'x-forwarded-for': chain } })

const signIn = (app: App, chain: string, payload = right) =>
  app.inject({
    method: 'POST',
    url: '/login',
    remoteAddress: proxy,
    headers: { 'x-forwarded-for': chain },
    payload
  })

test('a port, a zone or another spelling opens no new budget', async (t) => {
  const { app } = await build(t, { TRUST_PROXY: '10.0.0.0/8' })
  const status = async (chain: string) => (await forwarded(app, chain)).statusCode
  const callers = [
    (port: number) => `203.0.113.9:${port}`,
    (port: number) => `[2001:db8::${port}]:${port}`,
    (port: number) => `203.0.113.${port}, 203.0.113.8:${port}`,
    (port: number) => `fe80::1%eth${port}`,
    // A proxy behind the proxy writes ports too: it is passed by.
    (port: number) => `203.0.113.${port}, 203.0.113.7:${port}, 10.0.0.2:${port}`,
    (port: number) => `203.0.113.6, [::ffff:10.0.0.2]:${port}, `
  ]
  for (const caller of callers) {
    const statuses = []
    for (let port = 5_001; port <= 5_005; port++) statuses.push(await status(caller(port)))
    t.same(statuses, [200, 200, 200, 429, 429], caller(5_001))
  }
})

test('guesses from one network with many ports are those of one caller', async (t) => {
  const { app } = await build(t, { TRUST_PROXY: '10.0.0.0/8' })
  const statuses = []
  for (let port = 5_001; port <= 5_012; port++) {
    const answer = await signIn(app, `203.0.113.9:${port}`, { ...right, password: 'wrong' })
    statuses.push(answer.statusCode)
  }
  t.same(statuses, [...Array<number>(10).fill(401), 429, 429])
})

test('sessions, their filter and the audit log have the one spelling, and of junk nothing', async (t) => {
  const { app, db, as } = await build(t, { TRUST_PROXY: '10.0.0.0/8' })
  const chains = [
    '203.0.113.9:5000',
    '::ffff:203.0.113.9',
    '[2001:DB8:0::1]:443',
    '<script>alert(1)</script>,10.0.0.7',
    'unknown'
  ]
  for (const chain of chains) t.equal((await signIn(app, chain)).statusCode, 200, chain)
  const addresses = ['203.0.113.9', '203.0.113.9', '2001:db8::1', 'unknown', 'unknown']
  const audit = await db
    .selectFrom('audit')
    .select('address')
    .where('action', '=', 'session.start')
    .orderBy('id')
    .execute()
  t.same(
    audit.map(({ address }) => address),
    addresses
  )
  const headers = await as('user')
  const list = async (query: string) => {
    const answer = await app.inject({ url: `/me/sessions${query}`, headers })
    return answer.json<{ sessions: { address: string }[] }>().sessions.map(({ address }) => address)
  }
  t.same((await list('')).sort(), [...addresses, '127.0.0.1'].sort())
  t.same(await list('?address=203.0.113.9'), ['203.0.113.9', '203.0.113.9'])
  t.same(await list('?address=::FFFF:203.0.113.9'), ['203.0.113.9', '203.0.113.9'])
  t.same(await list('?address=2001:DB8:0:0::1'), ['2001:db8::1'])
  t.same(await list('?address=unknown'), ['unknown', 'unknown'])
  t.same(await list('?address=1.2'), [], 'what is no address is nobody’s')
})

/** A request over a Unix socket; answers its status. */
const overSocket = (socketPath: string, path: string, forwardedFor?: string, body?: object) =>
  new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      ...(forwardedFor && { 'x-forwarded-for': forwardedFor }),
      ...(body && { 'content-type': 'application/json' })
    }
    request({ socketPath, path, headers, method: body ? 'POST' : 'GET' }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    })
      .on('error', reject)
      .end(body && JSON.stringify(body))
  })

test('peers on a Unix socket are one caller, who signs in, and may be a proxy when that is said', async (t) => {
  for (const TRUST_PROXY of ['', 'unix']) {
    const { app, db } = await build(t, { TRUST_PROXY })
    const path = join(temporaryFolder(t), 'service.sock')
    await app.listen({ path })
    t.equal(await overSocket(path, '/login', '203.0.113.9', right), 200)
    const { address } = await db.selectFrom('sessions').select('address').executeTakeFirstOrThrow()
    const statuses = []
    for (let call = 1; call <= 5; call++)
      statuses.push(await overSocket(path, '/rate-limited', `203.0.113.${call}`))
    t.same(
      [address, ...statuses],
      TRUST_PROXY ? ['203.0.113.9', 200, 200, 200, 200, 200] : ['unknown', 200, 200, 200, 429, 429]
    )
  }
})
