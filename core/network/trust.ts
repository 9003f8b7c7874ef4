import { readOrigin } from './address.ts'
import { inNetworks } from './networks.ts'
import { remember } from './remember.ts'

/** The entry of TRUST_PROXY for a peer on a Unix socket, which has no address. */
export const unixSocket = 'unix'

/**
 * Whether a hop on a request's way is a trusted proxy, by the text that names it; undefined is a peer on a Unix socket.
 * Fastify walks X-Forwarded-For from its end, and stops at the first that is none.
 */
export function trustedBy(entries: readonly string[]): (hop: string | undefined) => boolean {
  const isProxy = inNetworks(entries.filter((entry) => entry !== unixSocket))
  const remembered = remember(10_000, (hop) => isProxy(readOrigin(hop).address))
  const trustsSocket = entries.includes(unixSocket)
  return (hop) => (hop === undefined ? trustsSocket : remembered(hop))
}
