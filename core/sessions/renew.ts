import { touch } from '../changes/touched.ts'
import type { Tx } from '../database/database.ts'
import { together } from '../factors/amr.ts'
import type { SessionIdentity } from './identities.ts'

type Session = Pick<SessionIdentity, 'id' | 'sessionId' | 'amr'>

/** Notes by what the owner of a session has proved who they are, beside what it began with. */
export async function addMethods(tx: Tx, session: Session, proven: readonly string[], now?: Date) {
  touch(tx, 'sessions', session.id)
  await tx
    .updateTable('sessions')
    .set({ amr: together(session.amr, proven).join(' '), ...(now && { auth_time: now.toISOString() }) })
    .where('id', '=', session.sessionId)
    .execute()
}

/** The same, when they have just proved it for that: the session counts as just begun. It lives no longer. */
export const renewSession = (tx: Tx, session: Session, proven: readonly string[]) =>
  addMethods(tx, session, proven, new Date())
