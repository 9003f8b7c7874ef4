import { Store } from './store.ts'

/** Pages that links of mails lead to, and everybody may open. */
export type PublicPath = '/recover' | '/verify' | '/invitation' | '/undo'

const paths: ReadonlySet<string> = new Set<PublicPath>(['/recover', '/verify', '/invitation', '/undo'])

/** The token that the page was opened with: in memory alone, and undefined once one is elsewhere. */
export const linkToken = new Store<string | undefined>(undefined)

/**
 * Takes the token out of the address before anything is drawn, so that no picture of the screen, no bookmark and no going
 * back has it. Only a POST ever sends it.
 */
function takeToken() {
  const [path = '', search = ''] = window.location.hash.slice(1).split('?')
  const token = paths.has(path) ? new URLSearchParams(search).get('token') : null
  if (token !== null) window.history.replaceState(null, '', `#${path}`)
  linkToken.set(token ?? undefined)
}

takeToken()
window.addEventListener('hashchange', takeToken)
