import { sql } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import { gaugeNames, grains } from '../../schemas/analytics.ts'
import type { Database } from '../../schemas/database.ts'
import type { Config } from '../config/load.ts'
import { isPostgres } from '../database/backend.ts'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { databaseSize } from '../system/state.ts'
import { beginOf, lengths } from './flush.ts'

/** What the active accounts of a day are kept as, once they are counted. */
export const activesGauge = 'actives'

/** Every so many milliseconds there is a measurement: that is when it is said to be from. */
const every = 300_000

const { day } = lengths

type GaugeRow = Database['gauges']

/** SQLite counts on the event loop: so many rows at once, and others are served in between. */
const batch = 20_000

/** How many accounts there are: by their ids, in parts. */
async function countUsers(db: Db): Promise<number> {
  const { last } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.max('id').as('last'))
    .executeTakeFirstOrThrow()
  let count = 0
  for (let from = 0; from < last; from += batch) {
    const part = await db
      .selectFrom('users')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('id', '>', from)
      .where('id', '<=', from + batch)
      .executeTakeFirstOrThrow()
    count += Number(part.count)
    await setImmediate()
  }
  return count
}

/** How many sessions live: all, in parts by how their ids begin, without those that have expired and are soon gone. */
async function countSessions(db: Db): Promise<number> {
  const begins = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))
  const parts = isPostgres(db) ? [undefined] : begins
  let count = 0
  for (const [index, begin] of parts.entries()) {
    let query = db.selectFrom('sessions').select(({ fn }) => fn.countAll().as('count'))
    if (begin !== undefined) query = query.where('id', '>=', begin)
    const end = begins[index + 1]
    if (begin !== undefined && end !== undefined) query = query.where('id', '<', end)
    count += Number((await query.executeTakeFirstOrThrow()).count)
    await setImmediate()
  }
  const expired = await db
    .selectFrom('sessions')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('expires_at', '<=', new Date().toISOString())
    .executeTakeFirstOrThrow()
  return Math.max(0, count - Number(expired.count))
}

/** How many accounts were active on the day that an instant is in: in parts by their ids. */
async function countActives(db: Db, day: string): Promise<number> {
  let count = 0
  let after = 0
  for (;;) {
    const part = db
      .selectFrom('actives')
      .select('user_id')
      .where('day', '=', day)
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(batch)
    const { found, last } = await db
      .selectFrom(part.as('part'))
      .select(({ fn }) => [fn.countAll().as('found'), fn.max('user_id').as('last')])
      .executeTakeFirstOrThrow()
    count += Number(found)
    if (Number(found) < batch) return count
    after = last
    await setImmediate()
  }
}

/** Keeps measurements for each grain; of several in one the largest, whichever process has measured it. */
async function writeGauges(db: Db, rows: GaugeRow[]) {
  await write(db, (tx) =>
    tx
      .insertInto('gauges')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['grain', 'name', 'at']).doUpdateSet({
          value: sql<number>`case when excluded.value > gauges.value then excluded.value else gauges.value end`
        })
      )
      .execute()
  )
}

/**
 * Measures how much there is of what, and keeps it. A minute's measurement is that of its five minutes.
 * @param eventLoop what 99 of 100 delays of the event loop were at most, in microseconds
 */
export async function measure(db: Db, config: Config, eventLoop: number, now: number) {
  const { bytes, wal_bytes } = await databaseSize(db, config)
  const measured: Record<(typeof gaugeNames)[number], number> = {
    accounts: await countUsers(db),
    sessions: await countSessions(db),
    database_bytes: bytes,
    wal_bytes: wal_bytes ?? 0,
    event_loop_p99_us: Math.round(eventLoop)
  }
  const rows: GaugeRow[] = gaugeNames.flatMap((name) =>
    grains.map((grain) => ({
      grain,
      name,
      at: beginOf(grain === 'minute' ? Math.floor(now / every) * every : now, grain),
      value: measured[name]
    }))
  )
  const [yesterday, today] = [beginOf(now - day, 'day'), beginOf(now, 'day')]
  rows.push({ grain: 'day', name: activesGauge, at: today, value: await countActives(db, today) })
  // It has ended since it was last counted. Of a day of which nothing is known nothing is said.
  const before = await countActives(db, yesterday)
  if (before > 0) rows.push({ grain: 'day', name: activesGauge, at: yesterday, value: before })
  await writeGauges(db, rows)
}
