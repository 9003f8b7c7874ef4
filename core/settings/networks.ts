import { isIP } from 'node:net'
import { inNetworks } from '../network/networks.ts'
import { remember } from '../network/remember.ts'

const loopback = inNetworks(['127.0.0.0/8', '::1/128'])

/** How many addresses' answers are remembered: those of a request a time cost as much as a small answer. */
const remembered = 10_000

/** Whether an address, as readOrigin spells it, is in one of these networks; undefined when there are none. Loopback never is. */
export function blocks(networks: readonly string[]): ((address: string) => boolean) | undefined {
  if (networks.length === 0) return undefined
  const isIn = inNetworks(networks)
  return remember(remembered, (address) => isIP(address) !== 0 && !loopback(address) && isIn(address))
}
