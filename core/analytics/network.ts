import { isIPv4, isIPv6 } from 'node:net'
import { remember } from '../network/remember.ts'

/** An address, as readOrigin spells it, without what tells one person from the neighbours: a /24 or a /48. */
export const coarse = remember(10_000, (address: string): string => {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  // What `::` stands for is zeros; of an address that has none all groups are there.
  const first = [...groups, ...Array<string>(tail === undefined ? 0 : 8).fill('0')].slice(0, 3)
  while (first.at(-1) === '0') first.pop()
  return `${first.join(':')}::/48`
})
