import {
  type Client,
  Gatehouse,
  ProblemError,
  requestPasskey,
  shareBetweenTabs,
  signInWithPasskey,
  type TokenPair
} from '../../client/src/index.ts'
import { reached, unreached } from './connection.ts'
import { getPasskey } from './passkeys.ts'
import { Store } from './store.ts'

/** The API is where this page is, one level up. */
const baseUrl = new URL('..', document.baseURI).href.replace(/\/$/, '')

/** A call of an operation by a client: sent by `client`, or shown by `curlOf`. */
export type Call<T = unknown> = (client: Client) => Promise<T>

/** Whose session it is. `unknown` is before the first answer of the server. */
export type Session = 'unknown' | 'none' | { account: string; id: string }

/** Remembers that there is a session to go on with, and nothing of it: a browser without one asks in vain. */
const mark = 'gatehouse-signed-in'

export const session = new Store<Session>(localStorage.getItem(mark) === null ? 'none' : 'unknown')

/** Reads the account and the session in an access token; whether it counts is for the server to say. */
function holderOf({ access_token }: TokenPair): Session {
  const payload = (access_token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
  const { sub, sid } = JSON.parse(atob(payload)) as { sub: string; sid: string }
  return { account: sub, id: sid }
}

function note(tokens: TokenPair | undefined) {
  const next = tokens ? holderOf(tokens) : 'none'
  if (next === 'none') localStorage.removeItem(mark)
  else localStorage.setItem(mark, '')
  if (JSON.stringify(next) !== JSON.stringify(session.value)) session.set(next)
}

const tabs = shareBetweenTabs('gatehouse', (tokens) => {
  gatehouse.adopt(tokens)
  note(tokens)
})

/** Sends a request, never answered from the browser's cache unasked, and notes whether the service is there. */
async function send(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { cache: 'no-cache' })
    reached()
    return response
  } catch (error) {
    if (!request.signal.aborted) unreached()
    throw error
  }
}

/** Who waits for a new proof of who sits here: told whether there is one. Undefined while nobody does. */
export const proofWanted = new Store<((isProven: boolean) => void) | undefined>(undefined)

/** Ends the asking for a proof. */
export function answerProof(isProven: boolean) {
  const answer = proofWanted.value
  proofWanted.set(undefined)
  answer?.(isProven)
}

// Of a session that has ended nothing is to be proved.
session.subscribe(() => answerProof(false))

/** The connection of this tab; its access token is in memory alone. */
export const gatehouse = new Gatehouse({
  baseUrl,
  refresh: 'cookie',
  alone: (work) => tabs.alone(work),
  onTokens: (tokens) => {
    tabs.tell(tokens)
    note(tokens)
  },
  onReauthenticationNeeded: () => new Promise((resolve) => proofWanted.set(resolve)),
  fetch: send
})

export const { client } = gatehouse

/** Opens a session by a passkey, without a name. @throws DOMException when the browser gives none */
export async function signInByPasskey() {
  const { data: options } = await requestPasskey({ client, throwOnError: true })
  const passkey = await getPasskey(options)
  await tabs.alone(async () => {
    const { data } = await signInWithPasskey({
      client,
      body: { passkey },
      query: { refresh: 'cookie' },
      throwOnError: true
    })
    gatehouse.adopt(data)
    tabs.tell(data)
    note(data)
  })
}

/** Ends a sign-in whose password was right by a passkey. @throws DOMException when the browser gives none */
export async function verifyByPasskey(challenge: string) {
  const { data: options } = await requestPasskey({ client, body: { challenge }, throwOnError: true })
  await gatehouse.verify(challenge, { passkey: await getPasskey(options) })
}

/** What the server has refused, undefined for every other failure. */
export const problemOf = (error: unknown) => (error instanceof ProblemError ? error.problem : undefined)

/** How many seconds a refused caller is to wait, undefined when waiting does not help. */
export function secondsToWait(error: unknown): number | undefined {
  if (!(error instanceof ProblemError) || ![429, 503].includes(error.problem.status)) return undefined
  // That waits for the operator, not for seconds.
  if (error.problem.code === 'MAIL_NOT_CONFIGURED') return undefined
  return Number(error.response.headers.get('retry-after') ?? 5)
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

const masked = (body: string) => body.replaceAll(/("(?:[a-z_]*password|token)":)"(?:[^"\\]|\\.)*"/g, '$1"…"')

/** The request that a call would send, as a command for a shell where $TOKEN is an access token; what is secret is left out. */
export async function curlOf(call: Call): Promise<string> {
  const recorded = await new Promise<Request>((resolve) => {
    const recorder = new Gatehouse({
      baseUrl,
      tokens: { access_token: '$TOKEN', token_type: 'Bearer', expires_in: 1 },
      fetch: (request) => {
        resolve(request)
        return new Promise(() => undefined)
      }
    })
    void call(recorder.client)
  })
  const { method, url, headers } = recorded
  const body = masked(await recorded.text())
  const condition = headers.get('if-match')
  return [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(url)}`,
    headers.has('authorization') && '-H "Authorization: Bearer $TOKEN"',
    condition && `-H ${quoted(`If-Match: ${condition}`)}`,
    body && "-H 'Content-Type: application/json'",
    body && `-d ${quoted(body)}`
  ]
    .filter(Boolean)
    .join(' \\\n  ')
}
