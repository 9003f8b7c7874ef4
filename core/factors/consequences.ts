import type { FastifyRequest } from 'fastify'
import { recordAudit } from '../audit/record.ts'
import { touch } from '../changes/touched.ts'
import type { Config } from '../config/load.ts'
import type { Tx } from '../database/database.ts'
import { queueNotice } from '../mail/outbox.ts'
import { deletePasskeys } from '../passkeys/passkeys.ts'
import type { SessionIdentity } from '../sessions/identities.ts'
import { addMethods } from '../sessions/renew.ts'
import { endSessions } from '../sessions/session-queries.ts'
import { methodsOf } from './methods.ts'
import { deleteCodes, renewCodes } from './recovery-codes.ts'

/** What a change of a factor is about, for the audit log. */
interface Factor {
  id: string
  kind: string
  name: string
}

const changesOf = ({ kind, name }: Factor) => ({ kind, name })

/** A factor that the caller has just used for the first time, and what it has proven (names of RFC 8176). */
interface Gained {
  isFirst: boolean
  proven: readonly string[]
}

/**
 * What the caller's sessions and codes become with another factor. With the first one the account is not what it was: the
 * sessions that a password alone has opened end, but for the caller's, and there are recovery codes, which are answered.
 */
export async function gainFactor(
  tx: Tx,
  caller: SessionIdentity,
  { isFirst, proven }: Gained
): Promise<string[] | undefined> {
  const { id, sessionId } = caller
  touch(tx, 'users', id)
  if (isFirst) await endSessions(tx, id, { except: sessionId })
  await addMethods(tx, caller, proven)
  return isFirst ? renewCodes(tx, id) : undefined
}

/** What an account's codes become when it has lost a factor: without any other they are for nothing. */
export async function loseFactor(tx: Tx, userId: number) {
  touch(tx, 'users', userId)
  if ((await methodsOf(tx, userId)).length === 0) await deleteCodes(tx, userId)
}

/** Takes an account the factors that it was given since an instant: they are whoever's that has taken it over by then. */
export async function dropFactorsSince(tx: Tx, userId: number, since: string) {
  await deletePasskeys(tx, userId, since)
  await tx.deleteFrom('factors').where('user_id', '=', userId).where('created_at', '>=', since).execute()
  await loseFactor(tx, userId)
}

/** What follows when the caller has added an app; answers the recovery codes that come with the first factor. */
export async function afterNewFactor(
  tx: Tx,
  request: FastifyRequest,
  config: Config,
  { caller, factor, ...gained }: Gained & { caller: SessionIdentity; factor: Factor }
): Promise<string[] | undefined> {
  const codes = await gainFactor(tx, caller, gained)
  await recordAudit(tx, request, {
    action: 'factor.add',
    target: `factor:${factor.id}`,
    changes: changesOf(factor)
  })
  await queueNotice(tx, config, caller.id, 'factor_added')
  return codes
}

/** What follows when an account has lost an app. */
export async function afterLostFactor(
  tx: Tx,
  request: FastifyRequest,
  config: Config,
  userId: number,
  factor: Factor
) {
  await loseFactor(tx, userId)
  await recordAudit(tx, request, {
    action: 'factor.remove',
    target: `factor:${factor.id}`,
    changes: changesOf(factor)
  })
  await queueNotice(tx, config, userId, 'factor_removed')
}
