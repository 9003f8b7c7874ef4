import type { Test } from 'tap'
import { deliverNext } from '../../core/mail/deliver.ts'
import { openTransport } from '../../core/mail/transport.ts'
import { build } from '../helper.ts'
import { Authenticator } from '../passkeys/authenticator.ts'
import { type Arrived, type Judge, mailServer, tokenIn } from './server.ts'

/** The service with a mail server of its own, and what they do with each other in one step. */
export async function withMail(t: Test, more: Record<string, string> = {}, judge?: Judge) {
  const { arrived, env } = await mailServer(t, judge)
  const service = await build(t, { RATE_LIMIT_SIGN_IN: '100000', ...env, ...more })
  const { app } = service
  const transport = openTransport(app.config)
  if (!transport) throw new Error('no transport')
  t.teardown(() => transport.close())
  let callers = 0
  const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url,
      payload,
      headers,
      remoteAddress: `10.0.${callers >> 8}.${callers++ & 255}`
    })
  /** Sends what waits; answers what arrived by that. */
  const deliver = async () => {
    const before = arrived.length
    while (await deliverNext(app.db, app.config, transport));
    return arrived.slice(before)
  }
  const only = (mails: Arrived[]) => {
    t.equal(mails.length, 1)
    const [mail] = mails
    if (!mail) throw new Error('no mail')
    return mail
  }
  /** Gives an account a verified address. */
  const verify = async (username: string, email: string, current_password = 'password123') => {
    const headers = await service.as(username)
    const payload = { email, current_password }
    const asked = await app.inject({ method: 'PUT', url: '/me/email', headers, payload })
    t.equal(asked.statusCode, 202, asked.body)
    const mails = await deliver()
    const mail = mails.find(({ recipients }) => recipients[0] === email)
    if (!mail) throw new Error('no mail')
    t.equal((await post('/email/verify', { token: tokenIn(mail) })).statusCode, 204)
    return mails
  }
  /** Gives an account a passkey; answers what signs in with it. */
  const passkey = async (username: string) => {
    const { url, headers } = { url: '/me/passkeys', headers: await service.as(username) }
    const authenticator = new Authenticator(new URL(app.config.PUBLIC_URL ?? '').origin)
    const options = await post('/me/passkeys/options', {}, headers)
    const payload = { passkey: authenticator.create(options.json()) }
    t.equal((await app.inject({ method: 'POST', url, headers, payload })).statusCode, 201)
    return async () => {
      const request = await post('/passkeys/options', {})
      return post('/passkeys/sign-in', { passkey: authenticator.get(request.json()) })
    }
  }
  return { ...service, passkey, arrived, post, deliver, only, verify }
}
