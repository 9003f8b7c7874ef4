import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * `uri-host [ ":" port ]` of RFC 9110, section 7.2, but for a comma: lines that somebody joined are two hosts. An address
 * has no zone there (RFC 9844).
 */
const form = /^(?:\[([^\]%]*)\]|(?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*)(?::(\d*))?$/

/**
 * Whether a request names one host, as it has to (RFC 9112, section 3.2); HTTP/1.0 may name none. More than one header
 * have been joined by the server (joinDuplicateHeaders), which no host is. An empty one is allowed: health checks send it.
 */
export function namesOneHost({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  const { host } = headers
  if (host === undefined) return httpVersionMajor === 1 && httpVersionMinor === 0
  const [whole, literal, port = ''] = form.exec(host) ?? []
  return whole !== undefined && (literal === undefined || isIPv6(literal)) && Number(port) <= 65_535
}
