import type { FastifyRequest } from 'fastify'
import type { AuditAction } from '../../schemas/audit.ts'
import type { Tx } from '../db/transaction.ts'

/** One thing that happened. `changes` holds the changed members with their new values, and never a secret. */
interface AuditEvent {
  action: AuditAction
  target: string | null
  changes?: Record<string, string | number | readonly string[] | undefined>
  /** Who did it, when that is not whoever the request is signed in as. */
  actor?: { id: number; username: string }
}

/** Leaves an entry in the audit log, in the transaction of the change itself: one is never there without the other. */
export const recordAudit = (
  tx: Tx,
  request: FastifyRequest,
  { action, target, changes = {}, actor }: AuditEvent
) => {
  const who = actor ?? request.user
  return tx
    .insertInto('audit')
    .values({
      at: new Date().toISOString(),
      actor_id: who?.id ?? null,
      actor: who?.username ?? null,
      action,
      target,
      address: request.ip,
      request_id: request.id,
      changes: JSON.stringify(
        Object.entries(changes).flatMap(([member, to]) =>
          to === undefined ? [] : [{ member, to: String(to) }]
        )
      )
    })
    .execute()
}
