import { isIPv4, isIPv6 } from 'node:net'

/**
 * Stands for the address of a caller that has none: a peer on a Unix socket, or one of which a proxy wrote what is no
 * address. All of these count as one caller.
 */
export const unknownAddress = 'unknown'

/** An address, and the network that counts as one caller: of IPv6, 64 bits. */
export interface Origin {
  address: string
  network: string
}

const nowhere: Origin = { address: unknownAddress, network: unknownAddress }

/** An IPv6 address in brackets, or an IPv4 address, perhaps with a port: `[2001:db8::1]:443`, `203.0.113.9:5000`. */
const withPort = /^(?:\[([^[\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/

/** An IPv6 address as RFC 5952 spells it. */
const spelled = (address: string) => new URL(`http://[${address}]`).hostname.slice(1, -1)

/** The eight groups of an IPv6 address that is spelled so. */
function groupsOf(address: string): number[] {
  const [head = [], tail = []] = address
    .split('::')
    .map((side) => side.split(':').filter(Boolean))
    .map((side) => side.map((group) => parseInt(group, 16)))
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** The IPv4 address within an IPv6 address: mapped (`::ffff:a.b.c.d`) or compatible (`::a.b.c.d`; RFC 4291, section 2.5.5). */
function embedded(groups: readonly number[]): string | undefined {
  const [mark = 0, high = 0, low = 0] = groups.slice(5)
  // Below `::1:0` are `::` and `::1`, which are no IPv4 addresses.
  if (groups.slice(0, 5).some(Boolean) || !(mark === 0xffff || (mark === 0 && high > 0))) return undefined
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/**
 * The address that a text names, in its one spelling, and its network. The text may have a port, a zone, capital
 * letters, or IPv4 written as IPv6. What is no address is unknownAddress.
 */
export function readOrigin(text: string | undefined): Origin {
  const given = text?.trim() ?? ''
  const [, inBrackets, plain] = withPort.exec(given) ?? []
  const [bare = ''] = (inBrackets ?? plain ?? given).split('%', 1)
  if (isIPv4(bare)) return { address: bare, network: bare }
  if (!isIPv6(bare)) return nowhere
  const address = spelled(bare)
  const groups = groupsOf(address)
  const ipv4 = embedded(groups)
  if (ipv4 !== undefined) return { address: ipv4, network: ipv4 }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return { address, network: `${spelled([...prefix, 0, 0, 0, 0].join(':'))}/64` }
}

/** The one spelling of an address, or the text itself when it is none. */
export function spellingOf(text: string): string {
  const { address } = readOrigin(text)
  return address === unknownAddress ? text : address
}
