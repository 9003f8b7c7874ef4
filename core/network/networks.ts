import { BlockList, isIP, isIPv6 } from 'node:net'
import { readOrigin } from './address.ts'

/** The one spelling of a network, an address or a range in CIDR notation; undefined when it is none. */
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

/** Networks in their one spelling, each once. @throws what `refusal` makes of the first that is none */
export function spellNetworks(texts: readonly string[], refusal: (text: string) => Error): string[] {
  const networks = texts.map((text) => {
    const network = spellNetwork(text)
    if (network === undefined) throw refusal(text)
    return network
  })
  return [...new Set(networks)]
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

/** Whether an address, as readOrigin spells it, is in one of these networks. */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  // In one list `::/0` would have every IPv4 address too, as `::ffff:a.b.c.d`.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of networks) {
    const [address = '', prefix] = spellNetwork(network)?.split('/') ?? []
    lists[familyOf(address)].addSubnet(address, Number(prefix), familyOf(address))
  }
  return (address) => lists[familyOf(address)].check(address, familyOf(address))
}
