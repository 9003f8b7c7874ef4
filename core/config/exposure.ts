import { readOrigin, unknownAddress } from '../network/address.ts'
import { inNetworks } from '../network/networks.ts'
import type { Config } from './environment.ts'

const isOfLoopback = inNetworks(['127.0.0.0/8', '::1/128'])

/** Whether only this machine can connect to a host that is listened on. A name other than `localhost` may be anything. */
export function isLoopback(host: string): boolean {
  const { address } = readOrigin(host)
  return address === unknownAddress ? host.toLowerCase() === 'localhost' : isOfLoopback(address)
}

/**
 * Whether others than this machine may reach the service. Then nothing of it is well known: no default password, no
 * sample of a secret, and nobody makes an account for himself unless REGISTRATION says so.
 */
export const isExposed = ({ NODE_ENV, HOST }: Pick<Config, 'NODE_ENV' | 'HOST'>) =>
  NODE_ENV === 'production' || !isLoopback(HOST)

/** Whether anybody may make an account. */
export const isRegistrationOpen = (config: Config) =>
  (config.REGISTRATION ?? (isExposed(config) ? 'closed' : 'open')) === 'open'
