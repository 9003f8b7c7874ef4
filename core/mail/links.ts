import type { Config } from '../config/load.ts'
import { publicUrl } from '../config/public-url.ts'
import type { Purpose } from '../one-time/tokens.ts'

const pages: Record<Purpose, string> = {
  verification: 'verify',
  undo: 'undo',
  recovery: 'recover',
  invitation: 'invitation'
}

/**
 * The link of a mail. The token is in the fragment: that reaches no server, no log, no Referer and no scanner that opens
 * links; only the page sends it, by POST.
 */
export function linkOf(config: Config, purpose: Purpose, token: string) {
  if (purpose === 'recovery' && config.RECOVERY_URL !== undefined)
    return `${config.RECOVERY_URL}#token=${token}`
  return `${publicUrl(config)}/console/#/${pages[purpose]}?token=${token}`
}
