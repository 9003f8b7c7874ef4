import type { Config } from '../config/load.ts'
import type { Tx } from '../database/database.ts'
import { queueNotice } from '../mail/outbox.ts'
import { withdrawTokens } from '../one-time/tokens.ts'
import { endSessions } from '../sessions/session-queries.ts'

/**
 * What follows from a new password, whoever has set it: all sessions end but the one that is to go on, links that would
 * set another one are good no more, and the owner is told.
 */
export async function afterNewPassword(tx: Tx, config: Config, userId: number, exceptSession?: string) {
  await endSessions(tx, userId, exceptSession === undefined ? {} : { except: exceptSession })
  await withdrawTokens(tx, userId, ['recovery'])
  await queueNotice(tx, config, userId, 'password')
}
