import { repeatable } from './repeatable.js'

/** So often a request is sent in all. */
const mostTries = 4

/** A server that asks for more than this is not waited for, in milliseconds. */
const longestWait = 5_000

/** How long to wait before the next try: what the server asks for, or else twice as long each time, and never all at once. */
function waitBefore(tries: number, response: Response | undefined): number {
  const asked = Number(response?.headers.get('retry-after') ?? Number.NaN) * 1_000
  const wait = Number.isFinite(asked) ? asked : 100 * 2 ** tries
  return wait * (1 + Math.random() / 4)
}

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    signal.throwIfAborted()
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', giveUp, { once: true })
  })

/** A key that nobody else draws; randomUUID would need TLS. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Whether a request can be sent again without being done twice; one that creates or changes is given a key for that. */
function mayRepeat({ method, url, headers }: Request, basePath: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  const path = new URL(url).pathname.slice(basePath.length)
  if (!repeatable.some(([name, pattern]) => name === method && pattern.test(path))) return false
  if (!headers.has('idempotency-key')) headers.set('idempotency-key', `"${newKey()}"`)
  return true
}

/**
 * Sends a request, and again when no answer came or the server could not take it (503), four times at most: what reads,
 * and what the server does once for each Idempotency-Key. Whatever has become of the first try, it is done once.
 * @param basePath the path that the API is below @throws what `send` throws at last, and when the request is aborted
 */
export async function sendPatiently(
  request: Request,
  send: (request: Request) => Promise<Response>,
  basePath: string
): Promise<Response> {
  if (!mayRepeat(request, basePath)) return send(request)
  for (let tries = 1; ; tries++) {
    let response: Response | undefined
    try {
      response = await send(tries < mostTries ? request.clone() : request)
      if (response.status !== 503) return response
    } catch (error) {
      if (tries === mostTries || request.signal.aborted) throw error
    }
    const wait = waitBefore(tries, response)
    if (response && (tries === mostTries || wait > longestWait * 1.25)) return response
    await response?.body?.cancel()
    await pause(wait, request.signal)
  }
}
