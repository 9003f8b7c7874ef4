import type { Tx } from '../database/database.ts'
import { originOf } from '../network/origin.ts'

type Members = Record<string, string | number | boolean | readonly string[] | null | undefined>

/** One thing that happened. No member is ever a secret. */
interface AuditEvent {
  /** A resource and a verb, such as `role.update`. */
  action: `${string}.${string}`
  /** A resource and its key, such as `role:editor`. */
  target: string | null
  /** The changed members with their new values. */
  changes?: Members
  /** What they were before; other members of it do not count. */
  before?: Members
  /** Who did it, when that is not whoever the request is signed in as. */
  actor?: { id: number; username: string }
}

/** What an entry knows of where a change came from: a request, or the system itself. */
export interface Source {
  id: string
  ip: string | undefined
  /** With the key that acts for the account, if one does. */
  user: { id: number; username: string; keyId?: string | undefined } | null
}

/** The system itself, when it does something that nobody has asked for by a request; `id` says what stands for one. */
export const bySystem = (id: string): Source => ({ id, ip: undefined, user: null })

/** Of a row, the members that a request has named. */
export const membersOf = (row: Members, named: object): Members =>
  Object.fromEntries(Object.keys(named).map((member) => [member, row[member]]))

const textOf = (value: Members[string]) => (value === undefined ? undefined : String(value ?? ''))

/** As it is stored: JSON leaves out what a member was when nobody knows. */
const changesOf = (changes: Members, before: Members) =>
  Object.entries(changes).flatMap(([member, to]) =>
    to === undefined ? [] : [{ member, from: textOf(before[member]), to: String(to ?? '') }]
  )

/** Leaves an entry in the audit log, in the transaction of the change itself: one is never there without the other. */
export const recordAudit = (
  tx: Tx,
  source: Source,
  { action, target, changes = {}, before = {}, actor }: AuditEvent
) => {
  const who = actor ?? source.user
  return tx
    .insertInto('audit')
    .values({
      at: new Date().toISOString(),
      actor_id: who?.id ?? null,
      actor: who?.username ?? null,
      key_id: source.user?.keyId ?? null,
      action,
      target,
      address: originOf(source).address,
      request_id: source.id,
      changes: JSON.stringify(changesOf(changes, before))
    })
    .execute()
}
