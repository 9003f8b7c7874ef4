import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { scratchDatabase } from '../database.ts'
import { build } from '../helper.ts'
import { freePort, startServer } from '../process.ts'
import { until } from '../until.ts'
import { type Arrived, mailServer } from './server.ts'

test('a mail comes though the server is killed before it is sent, and again, with one Message-ID, when it is killed while it is', async (t) => {
  const seen: Arrived[] = []
  /** The first try is never answered; it ends with whoever made it. */
  const { arrived, env } = await mailServer(t, (mail) =>
    seen.push(mail) === 1 ? new Promise(() => undefined) : undefined
  )
  const DATABASE_URL = await scratchDatabase(t)
  const shared = { ...env, DATABASE_URL, DATA_KEY: 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis=' }
  const start = (MAIL_URL: string) => startServer(t, { env: { ...shared, MAIL_URL, BCRYPT_COST: '4' } })
  /** As if the next try were due, and the lease of whoever was killed had ended. */
  const passTime = async () => {
    const db = openDatabase(DATABASE_URL)
    const now = new Date().toISOString()
    await db.updateTable('mail_outbox').set({ next_at: now }).where('next_at', 'is not', null).execute()
    await db.updateTable('leases').set({ expires_at: now }).execute()
    await db.destroy()
  }

  const unheard = await start(`smtp://127.0.0.1:${await freePort()}`)
  const post = async (path: string, payload: object, headers = {}) =>
    fetch(unheard.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(payload)
    })
  const login = await post('/login', { username: 'admin', password: 'password123' })
  const { access_token } = (await login.json()) as { access_token: string }
  const payload = { email: 'ada@example.com', locale: 'en' }
  const asked = await post('/mail/test', payload, { authorization: `Bearer ${access_token}` })
  t.equal(asked.status, 202)
  await unheard.stop('SIGKILL')

  await passTime()
  const killed = await start(env.MAIL_URL)
  await until(() => seen.length === 1)
  await killed.stop('SIGKILL')
  t.same(arrived, [])

  await passTime()
  const { app } = await build(t, shared)
  await app.listen({ port: 0 })
  await until(() => arrived.length === 1)
  t.equal(seen.length, 2)
  t.match(seen[0]?.mail.messageId, /^<[0-9a-f-]{36}@id\.example\.com>$/)
  t.equal(seen[0]?.mail.messageId, seen[1]?.mail.messageId)
  t.same(arrived[0]?.recipients, ['ada@example.com'])
})
