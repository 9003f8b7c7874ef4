import type { Config } from './environment.ts'

/** Hosts that are this machine for whoever opens the link. */
const isLocal = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** Whether people may be sent to a URL: TLS except on this machine, and nothing in it that is not the place alone. */
export function isPublicUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password, search, hash } = new URL(text)
    if (protocol !== 'https:' && !(protocol === 'http:' && isLocal(hostname))) return false
    return [username, password, search, hash].every((part) => part === '')
  } catch {
    return false
  }
}

/** Where people reach the service, without a slash at the end: never what a request's Host says. */
export const publicUrl = ({ PUBLIC_URL, PORT }: Pick<Config, 'PUBLIC_URL' | 'PORT'>) =>
  (PUBLIC_URL ?? `http://localhost:${PORT}`).replace(/\/+$/, '')

/** A path of the service as others reach it: below PUBLIC_URL, or as it is where that is not set. */
export const linkTo = ({ PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>, path: string) =>
  PUBLIC_URL === undefined ? path : PUBLIC_URL.replace(/\/+$/, '') + path
