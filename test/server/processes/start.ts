import type { Test } from 'tap'
import { openDatabase } from '../../../core/database/open.ts'
import { scratchDatabase } from '../../database.ts'
import { freePort, startServer } from '../../process.ts'

interface Call {
  token?: string
  json?: unknown
  headers?: Record<string, string>
}

/** A request, `METHOD PATH`, to one of them. */
function call({ url }: { url: string }, operation: string, { token, json, headers }: Call = {}) {
  const [method = '', path = ''] = operation.split(' ')
  return fetch(new URL(path, url), {
    method,
    headers: {
      'if-match': '*',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'content-type': 'application/json' })
    },
    ...(json !== undefined && { body: JSON.stringify(json) })
  })
}

/** Three processes of the service on one database, as a proxy on this machine would have them, and an administrator. */
export async function startThree(t: Test) {
  const env = {
    DATABASE_URL: await scratchDatabase(t),
    JWT_SECRET: 'what the three processes sign their tokens with',
    DATA_KEY: 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis=',
    BCRYPT_COST: '4',
    RATE_LIMIT_DEFAULT: '100000',
    TRUST_PROXY: '127.0.0.1/32',
    ANALYTICS: 'on'
  }
  const METRICS_PORT = String(await freePort())
  const first = await startServer(t, { env: { ...env, METRICS_PORT } })
  const second = await startServer(t, { env })
  const third = await startServer(t, { env })
  const db = openDatabase(env.DATABASE_URL)
  t.teardown(() => db.destroy())
  const login = async (username: string, password: string) => {
    const answer = await call(first, 'POST /login', { json: { username, password } })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const admin = await login('admin', 'password123')
  return { env, first, second, third, db, call, login, admin, metrics: `http://127.0.0.1:${METRICS_PORT}` }
}

export type Three = Awaited<ReturnType<typeof startThree>>
