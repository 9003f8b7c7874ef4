import { bySystem, recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Db, Tx } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { deleteFactors } from '../factors/factors.ts'
import { queueNotice } from '../mail/outbox.ts'
import { drawToken, issueToken, withdrawTokens } from '../one-time/tokens.ts'
import { endSessions } from '../sessions/session-queries.ts'
import { forgetAttempts } from '../throttle/attempts.ts'
import { updateUser } from './users.ts'

/** What a rescue changes besides the password. */
export interface Rescue {
  /** Enables the account. */
  enable: boolean
  /** Gives it the role admin. */
  admin: boolean
  /** Takes it all second factors. */
  removeFactors: boolean
}

/** What a rescue gives an account, so that its owner gets in. */
type Way = { password_hash: string } | { link: (token: string) => string }

/** Draws the token of a link that no mail brings: whoever has the machine hands it over. */
async function drawRecovery(tx: Tx, userId: number): Promise<string> {
  await withdrawTokens(tx, userId, ['recovery'])
  const { id } = await issueToken(tx, { purpose: 'recovery', userId, email: '', email_key: '' })
  return drawToken(tx, id, 'recovery', Date.now())
}

/**
 * Gives an account a new password, or the link to one, on behalf of whoever has the machine: its sessions end, and no
 * failure counts against it any more. Answers the link, if it is one. @throws UserNotFound when it was deleted meanwhile
 */
export function rescueAccount(db: Db, config: Config, id: number, way: Way, rescue: Rescue) {
  const { enable, admin, removeFactors } = rescue
  const changes = { ...(admin && { role: 'admin' }), ...(enable && { status: 'active' as const }) }
  return write(db, async (tx) => {
    await updateUser(tx, id, { ...('password_hash' in way && way), ...changes })
    await endSessions(tx, id)
    await forgetAttempts(tx, id)
    if (removeFactors) {
      await deleteFactors(tx, id)
      await queueNotice(tx, config, id, 'factor_removed')
    }
    const link = 'link' in way ? way.link(await drawRecovery(tx, id)) : undefined
    await recordAudit(tx, bySystem('rescue'), {
      action: 'user.rescue',
      target: `user:${id}`,
      changes: {
        ...changes,
        by: link === undefined ? 'password' : 'link',
        ...(removeFactors && { factors: 'removed' })
      }
    })
    return link
  })
}

/** The names of the administrators who may sign in, some of them. */
export async function someAdministrators(db: Db): Promise<string[]> {
  const query = db.selectFrom('users').select('username').where('role', '=', 'admin')
  const rows = await query.where('status', '=', 'active').orderBy('id').limit(10).execute()
  return rows.map(({ username }) => username)
}
