import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { remember } from '../network/remember.ts'

/**
 * `uri-host [ ":" port ]` of RFC 9110, section 7.2, but for a comma: lines that somebody joined are two hosts. An address
 * has no zone there (RFC 9844).
 */
const form = /^(?:\[([^\]%]*)\]|(?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*)(?::(\d*))?$/

function isHost(text: string): boolean {
  const [whole, literal, port = ''] = form.exec(text) ?? []
  return whole !== undefined && (literal === undefined || isIPv6(literal)) && Number(port) <= 65_535
}

/** Most requests name the same few. */
const remembered = remember(100, isHost)

/**
 * Whether a request names one host, as it has to (RFC 9112, section 3.2); HTTP/1.0 may name none. More than one header
 * have been joined by the server (joinDuplicateHeaders), which no host is. An empty one is allowed: health checks send it.
 */
export function namesOneHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  const { host } = headers
  if (host === undefined) return httpVersionMajor === 1 && httpVersionMinor === 0
  return remembered(host)
}
