import { isIP } from 'node:net'
import type { Config } from '../config/load.ts'
import { publicUrl } from '../config/public-url.ts'
import { defineProblem } from '../problems/define.ts'

export const PasskeysNotConfigured = defineProblem('PASSKEYS_NOT_CONFIGURED', 503, 'No passkeys here', {
  detail: 'This server takes no passkeys. Ask whoever runs it.',
  about:
    'Passkeys are made for a host with a name, and the operator has not set PUBLIC_URL, or to an address without one. Nothing was changed.'
})

/** What passkeys are made for. */
export interface Site {
  /** The host that owns them: it alone, and pages of its subdomains, can use them (WebAuthn, section 5.1.2). */
  rpId: string
  /** Where the pages and apps are that may ask for them. */
  origins: string[]
}

type SiteConfig = Pick<Config, 'PUBLIC_URL' | 'PORT' | 'NODE_ENV' | 'PASSKEY_ORIGINS'>

/**
 * What passkeys are made for here: the host of PUBLIC_URL, in development of links; never what a request's Host says.
 * Undefined where browsers would make none: an address of numbers is no host, and in production a guess is none.
 */
export function siteOf(config: SiteConfig): Site | undefined {
  if (config.PUBLIC_URL === undefined && config.NODE_ENV === 'production') return undefined
  const { hostname, origin } = new URL(publicUrl(config))
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return undefined
  const others = config.PASSKEY_ORIGINS.map((entry) =>
    entry.startsWith('http') ? new URL(entry).origin : entry
  )
  return { rpId: hostname, origins: [origin, ...others] }
}

/** @throws PasskeysNotConfigured where there is no site */
export function requireSite(config: SiteConfig): Site {
  const site = siteOf(config)
  if (!site) throw new PasskeysNotConfigured().with({ headers: { 'retry-after': '3600' } })
  return site
}
