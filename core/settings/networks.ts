import { isIP, isIPv6 } from 'node:net'
import { readOrigin } from '../network/address.ts'
import { inNetworks } from '../network/networks.ts'
import { remember } from '../network/remember.ts'

/** The one spelling of a network, of which the bits behind its prefix are zero; undefined when it is none. */
export function spellNetwork(text: string): string | undefined {
  const [given = '', bits] = text.split('/')
  const width = { 0: 0, 4: 32, 6: 128 }[isIP(given)] ?? 0
  const prefix = bits === undefined ? width : Number(bits)
  if (width === 0 || prefix > width) return undefined
  const { address } = readOrigin(given)
  // An IPv4 network that is written as IPv6 is one of IPv4, as its addresses are.
  const length = width === 128 && !isIPv6(address) ? prefix - 96 : prefix
  return length < 0 ? undefined : `${address}/${length}`
}

const loopback = inNetworks(['127.0.0.0/8', '::1/128'])

/** How many addresses' answers are remembered: those of a request a time cost as much as a small answer. */
const remembered = 10_000

/** Whether an address, as readOrigin spells it, is in one of these networks; undefined when there are none. Loopback never is. */
export function blocks(networks: readonly string[]): ((address: string) => boolean) | undefined {
  if (networks.length === 0) return undefined
  const isIn = inNetworks(networks)
  return remember(remembered, (address) => isIP(address) !== 0 && !loopback(address) && isIn(address))
}
