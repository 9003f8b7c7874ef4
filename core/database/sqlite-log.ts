import { sql } from 'kysely'
import { realpathSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Checkpoints, type Sizes } from './checkpoints.ts'
import type { Db } from './database.ts'
import { codeOf, databaseBusy, DatabaseUnreachable, StorageFull } from './failures.ts'
import { inTime } from './in-time.ts'
import { readerOf } from './open.ts'
import { patience } from './persist.ts'
import { share } from './share.ts'
import type { SqliteReader } from './sqlite.ts'
import { takeTurn } from './turns.ts'

/** Hears of what went wrong, and of what that means, in words for a log. */
type Report = (error: unknown, meaning: string) => void

interface Options {
  report: Report
  /** Has the log reach the disk. */
  sync: (log: FileHandle) => Promise<void>
  sizes: Sizes
}

/** The file of a database, and what reads from it. */
interface Place {
  path: string
  reader: SqliteReader
}

/** 16 MiB are brought into the database, 1 GiB is the end. */
const usualSizes: Sizes = { checkpoint: 4_096, most: 262_144 }

/** What a page takes of the log, with its header, in bytes. */
const frame = 4_096 + 24

const logs = new WeakMap<Db, SqliteLog>()

/** The log of a database that commits in groups; undefined where each commit is synced by itself. */
export const logOf = (db: Db): SqliteLog | undefined => logs.get(db)

/**
 * The write-ahead log of a SQLite file. Commits are written there without a sync (synchronous=NORMAL); whoever has
 * committed waits, off the event loop, for a sync that begins after that, and shares it with all who have meanwhile.
 */
class SqliteLog {
  readonly #file: FileHandle
  readonly #report: Report
  readonly #checkpoints: Checkpoints
  readonly #synced: () => Promise<void>
  /** When the sync that runs has begun. */
  #began: number | undefined
  #failure: unknown

  constructor(db: Db, { path, reader }: Place, file: FileHandle, { report, sync, sizes }: Options) {
    this.#file = file
    this.#report = report
    this.#checkpoints = new Checkpoints({
      path,
      sizes,
      reader,
      holdWriters: (work) => takeTurn(db, work, performance.now() + patience),
      report: (error) => {
        this.hear(error)
        report(error, 'a checkpoint failed')
      }
    })
    this.#synced = share(async () => {
      this.#began = performance.now()
      try {
        await sync(file)
      } catch (error) {
        this.#distrust(error)
        throw error
      } finally {
        this.#began = undefined
      }
      this.#checkpoints.look()
    })
  }

  /**
   * Lets a transaction begin.
   * @throws StorageFull once a sync has failed, DatabaseBusy while one takes too long, or the log has no room
   */
  admit() {
    if (this.#failure !== undefined)
      throw new StorageFull().with({ cause: this.#failure, headers: { 'retry-after': '60' } })
    if (this.#isStuck || this.#checkpoints.isFull) throw databaseBusy()
  }

  /** Waits until what has been committed is on the disk. @throws DatabaseUnreachable when nobody knows whether it is */
  async settle(deadline: number) {
    const inDoubt = (cause?: unknown) =>
      new DatabaseUnreachable().with({ cause, headers: { 'retry-after': '1' } })
    const isInTime = await inTime(this.#synced(), deadline).catch((error: unknown) => {
      throw inDoubt(error)
    })
    if (!isInTime) throw inDoubt()
  }

  /** Hears of an error of SQLite, which syncs too: in a checkpoint, and in the commit that begins the log anew. */
  hear(error: unknown) {
    if (/^SQLITE_IOERR_(DIR_)?FSYNC$/.test(codeOf(error))) this.#distrust(error)
  }

  /** What keeps it from taking writes, in words that anybody may read. */
  get fault(): string | undefined {
    if (this.#failure !== undefined) return 'the disk failed to keep a write, restart the service'
    return this.#isStuck ? 'the disk does not answer' : undefined
  }

  /** Waits for the sync and the checkpoint that run. */
  async close() {
    await this.#synced().catch(() => undefined)
    await this.#checkpoints.close()
    await this.#file.close()
  }

  get #isStuck() {
    return this.#began !== undefined && performance.now() - this.#began > patience
  }

  /** After a sync that failed, the next one may succeed without the disk having what the first one left. */
  #distrust(error: unknown) {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#checkpoints.stop()
    this.#report(error, 'the disk failed to keep a write: none is taken any more until a restart')
  }
}

/**
 * Lets a SQLite file that has been migrated commit in groups from now on. A database without a write-ahead log, as one
 * in memory, goes on as it was. What is changed past `write()` waits for no sync.
 */
export async function commitInGroups(
  db: Db,
  path: string,
  { sync = (log) => log.datasync(), sizes = usualSizes, report }: Partial<Options> & Pick<Options, 'report'>
) {
  const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db)
  const reader = readerOf(db)
  if (rows[0]?.journal_mode !== 'wal' || reader === undefined) return
  // A process that failed may have left in the log what is not on the disk: in the file, it is.
  await sql`pragma wal_checkpoint(passive)`.execute(db)
  for (const pragma of [
    'synchronous=NORMAL',
    'wal_autocheckpoint=0',
    `journal_size_limit=${sizes.checkpoint * frame}`
  ])
    await sql.raw(`pragma ${pragma}`).execute(db)
  // Where SQLite has it. Windows syncs only what is open for writing.
  const file = await open(`${realpathSync(path)}-wal`, 'r+')
  logs.set(db, new SqliteLog(db, { path, reader }, file, { report, sync, sizes }))
}
