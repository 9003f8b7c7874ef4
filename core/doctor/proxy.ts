import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { readOrigin, unknownAddress } from '../network/address.ts'
import { inNetworks } from '../network/networks.ts'
import { trustedBy } from '../network/trust.ts'

/** Where a proxy of one's own is: loopback, link-local, private and shared address space (RFC 6890). */
const isNear = inNetworks([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10']
])

/**
 * Judges TRUST_PROXY by the last sign-in: by the address that it is down with, and the X-Forwarded-For that it came
 * with. @throws when a proxy of one's own is not believed, or does not say for whom it speaks
 */
export async function checkProxyTrust(db: Db, { TRUST_PROXY }: Config): Promise<string> {
  const last = await db
    .selectFrom('sessions')
    .select(['address', 'forwarded_for'])
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!last) return 'nobody has signed in yet'
  const { address, forwarded_for } = last
  const hop = address === unknownAddress ? undefined : address
  if (forwarded_for === null) {
    if (!trustedBy(TRUST_PROXY)(hop)) return `the last sign-in came from ${address}, forwarded by nobody`
    throw new Error(
      `the last sign-in is down as from ${address}, which TRUST_PROXY calls a proxy: it sent no X-Forwarded-For`
    )
  }
  const forwarded = forwarded_for.split(',').map((entry) => readOrigin(entry).address)
  if (hop !== undefined && forwarded.includes(hop)) return `the last sign-in was forwarded for ${address}`
  const ignored = `the last sign-in is down as from ${address}, and its X-Forwarded-For (${forwarded_for}) was not believed`
  // From afar anybody may send the header; on a Unix socket nobody is.
  if (hop !== undefined && !isNear(hop)) return ignored
  throw new Error(
    `${ignored}: if that is a proxy, TRUST_PROXY has to name it, or all its callers count as one`
  )
}
