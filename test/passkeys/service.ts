import type { Test } from 'tap'
import { build } from '../helper.ts'
import { Authenticator, type Ceremony } from './authenticator.ts'

interface CreationOptions {
  challenge: string
  user: { id: string; name: string; displayName: string }
  excludeCredentials: { id: string; type: string; transports: string[] }[]
}

/** The service, and what people do with their passkeys there in one step. */
export async function withPasskeys(t: Test, env: Record<string, string> = {}) {
  const service = await build(t, { RATE_LIMIT_SIGN_IN: '100000', ...env })
  const { app } = service
  const post = (url: string, payload?: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, headers, ...(payload && { payload }) })
  const creation = async (headers: Record<string, string>) =>
    (await post('/me/passkeys/options', undefined, headers)).json<CreationOptions>()
  const request = async () => (await post('/passkeys/options')).json<{ challenge: string }>()
  const register = async (
    headers: Record<string, string>,
    authenticator: Authenticator,
    ceremony: Ceremony = {},
    more: object = {}
  ) => {
    const passkey = authenticator.create(await creation(headers), ceremony)
    return post('/me/passkeys', { ...more, passkey }, headers)
  }
  /** Signs in; the challenge is a new one unless the ceremony has one. */
  const signIn = async (authenticator: Authenticator, ceremony: Ceremony = {}) =>
    post('/passkeys/sign-in', { passkey: authenticator.get(await request(), ceremony) })
  /** A new passkey of this account, with the headers of the session that has made it. */
  const owner = async (username: string, ceremony: Ceremony = {}) => {
    const headers = await service.as(username)
    const authenticator = new Authenticator()
    const registered = await register(headers, authenticator, ceremony)
    t.equal(registered.statusCode, 201, registered.body)
    const { passkey } = registered.json<{ passkey: { id: string } }>()
    return { headers, authenticator, id: passkey.id }
  }
  return { ...service, post, creation, request, register, signIn, owner }
}
