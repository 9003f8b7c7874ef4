import { accessSync, constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { isPostgres } from '../database/backend.ts'
import type { Db } from '../database/database.ts'
import { DatabaseBusy, DatabaseReadOnly, StorageFull } from '../database/failures.ts'
import { pendingWatch } from '../database/migrator.ts'
import { isPostgresUrl, sqlitePath } from '../database/open.ts'
import { persist } from '../database/persist.ts'
import { logOf } from '../database/sqlite-log.ts'
import type { ReadinessCheck } from './readiness.ts'

/** How long another process may hold the database, and how long an answer may take at all, in milliseconds. */
const patience = 1_000
const longest = 2_000
const beat = 100

/** Waits as long as the database may take. That this process is busy itself is not the database's silence: it counts turns of the event loop. */
async function untilSilent() {
  for (let waited = 0; waited < longest; waited += beat) await setTimeout(beat, undefined, { ref: false })
  return 'the database does not answer'
}

/** With less room than this on the disk of a file, in bytes, a write may not fit. */
const leastRoom = 1024 * 1024

/** Where a transaction ends that changes nothing. */
const undone = new Error('undone')

/** The disk of a file takes nothing. */
class NoRoom extends Error {}

/** What a disk refuses shows when a transaction is written there; one that is undone never is. @throws NoRoom */
function requireRoom(file: string) {
  try {
    accessSync(file, constants.W_OK)
  } catch (cause) {
    throw new NoRoom(`${file} cannot be written`, { cause })
  }
  const { bavail, bsize } = statfsSync(dirname(file))
  if (bavail * bsize < leastRoom) throw new NoRoom(`there is no room on the disk of ${file}`)
}

/**
 * Does in the database what a write does, and undoes it: nothing is left there, and nothing grows.
 * @throws what keeps it from taking a write
 */
export async function tryDatabase(db: Db, url: string): Promise<void> {
  const attempt = () =>
    db.transaction().execute(async (tx) => {
      if (isPostgres(db)) await tx.selectFrom('service').select('id').forUpdate().skipLocked().execute()
      else
        await tx
          .updateTable('service')
          .set({ id: sql.ref('id') })
          .execute()
      throw undone
    })
  await persist(attempt, performance.now() + patience).catch((error: unknown) => {
    if (error !== undone) throw error
  })
  if (!isPostgresUrl(url) && sqlitePath(url) !== ':memory:') requireRoom(sqlitePath(url))
}

/** Makes what looks whether the database takes writes and has what this code needs; `report` hears of a failure in full. */
export async function databaseCheck(
  db: Db,
  url: string,
  report: (error: unknown) => void
): Promise<ReadinessCheck> {
  const pendingMigrations = await pendingWatch(db)
  const tryOnce = async () => {
    const fault = logOf(db)?.fault
    if (fault !== undefined) return fault
    try {
      await tryDatabase(db, url)
      const missing = await pendingMigrations()
      return missing.length > 0 ? `migrations to apply: ${missing.join(', ')}` : undefined
    } catch (error) {
      report(error)
      const refuses = [DatabaseBusy, DatabaseReadOnly, NoRoom, StorageFull].some(
        (kind) => error instanceof kind
      )
      return refuses ? 'the database takes no writes' : 'the database does not answer'
    }
  }
  let trial: Promise<string | undefined> | undefined
  return () => {
    // One that hangs is not joined by others.
    trial ??= tryOnce().finally(() => (trial = undefined))
    return Promise.race([trial, untilSilent()])
  }
}
