import type { Tx } from '../database/database.ts'
import { unknownAddress } from '../network/address.ts'
import { originOf } from '../network/origin.ts'
import type { Source } from './record.ts'

/**
 * So many entries of one hour are about accounts, and about what nobody has, each from one network. An attack with more is
 * counted in one entry for all others of its kind, so that no stranger makes the log grow, nor hides behind names that
 * they make up.
 */
const mostPerHour = { accounts: 400, strangers: 100 }

/** Something that a stranger can cause as often as they like. */
interface CountedEvent {
  action: `${string}.${string}`
  /** The account that it is about, or null when there is none. */
  target: string | null
}

/** An entry as it stands while it counts. */
interface Counted {
  key: string
  target: string | null
  address: string
  changes: string
}

/** Whether an hour has room for one more entry of a kind. */
async function hasRoom(tx: Tx, prefix: string, most: number) {
  const { count } = await tx
    .selectFrom((db) =>
      db
        .selectFrom('audit')
        .select('id')
        .where('counted_as', '>=', prefix)
        .where('counted_as', '<', `${prefix}\u007f`)
        .limit(most)
        .as('entries')
    )
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count) < most
}

/** Counts one more where there is an entry already; answers whether there was. */
async function countUp(tx: Tx, key: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('audit')
    .set(({ eb }) => ({ count: eb('count', '+', 1) }))
    .where('counted_as', '=', key)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/**
 * Counts an event in the audit log: one entry stands for all of an hour (UTC) that are about the same account, by the
 * same caller and from the same network, and its `count` grows. It shows the address, the instant and the request of the first.
 */
export async function countAudit(tx: Tx, source: Source, { action, target }: CountedEvent, now = Date.now()) {
  const at = new Date(now).toISOString()
  const kind = target === null ? 'strangers' : 'accounts'
  const prefix = `${at.slice(0, 13)} ${kind} `
  const { address, network } = originOf(source)
  const key = `${prefix}${action} ${target ?? ''} ${source.user?.id ?? ''} ${network}`
  if (await countUp(tx, key)) return
  const own: Counted = { key, target, address, changes: '[]' }
  const others: Counted = {
    key: `${at.slice(0, 13)} other ${kind} ${action}`,
    target: null,
    address: unknownAddress,
    changes: JSON.stringify([{ member: 'others', to: kind }])
  }
  const { key: counted_as, ...entry } = (await hasRoom(tx, prefix, mostPerHour[kind])) ? own : others
  const who = counted_as === key ? source.user : null
  await tx
    .insertInto('audit')
    .values({
      ...entry,
      counted_as,
      at,
      actor_id: who?.id ?? null,
      actor: who?.username ?? null,
      key_id: who?.keyId ?? null,
      action,
      request_id: source.id
    })
    .onConflict((conflict) =>
      conflict
        .column('counted_as')
        .where('counted_as', 'is not', null)
        .doUpdateSet(({ eb }) => ({ count: eb('audit.count', '+', 1) }))
    )
    .execute()
}
