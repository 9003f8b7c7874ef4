import type { Socket } from 'node:net'
import { readOrigin } from './address.ts'
import { remember } from './remember.ts'

/** Reading an IPv6 address takes microseconds, as long as answering a small request. */
const remembered = remember(10_000, readOrigin)

/**
 * Where a request comes from. Nothing else looks at `request.ip`: that is what the server calls its peer, or a trusted
 * proxy the next hop, in whatever form.
 */
export function originOf({ ip }: { ip: string | undefined }) {
  return ip === undefined ? readOrigin(ip) : remembered(ip)
}

/** Where a connection comes from on which no request could be read: its peer, be it a proxy or not. */
export const peerOf = ({ remoteAddress }: Socket) => originOf({ ip: remoteAddress })
