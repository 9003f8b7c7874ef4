import type { FastifyInstance } from 'fastify'
import { codeAt } from './totp.ts'

/** Gives an account a factor, as its owner would; answers the app's secret and the recovery codes. */
export async function enrol(app: FastifyInstance, headers: Record<string, string>, name = 'Phone') {
  const payload = { kind: 'totp', name }
  const enrolled = await app.inject({ method: 'POST', url: '/me/factors', headers, payload })
  const { id, secret } = enrolled.json<{ id: string; secret: string }>()
  const confirmed = await app.inject({
    method: 'POST',
    url: `/me/factors/${id}/confirmation`,
    headers,
    payload: { code: codeAt(secret) }
  })
  const { recovery_codes: codes = [] } = confirmed.json<{ recovery_codes?: string[] }>()
  return { id, secret, codes, status: [enrolled.statusCode, confirmed.statusCode] }
}
