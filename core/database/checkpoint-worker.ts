import Sqlite from 'better-sqlite3'

/** How long it waits for readers that are in its way, in milliseconds: writers wait as long. */
const busyTimeout = 20

export interface Task {
  path: string
  /** `passive` is in nobody's way; `restart` holds writers off, and lets the log begin anew. */
  mode: 'passive' | 'restart'
}

/** What SQLite says: whether somebody was in the way, the pages in the log, and how many of them are in the database. */
export interface Progress {
  busy: 0 | 1
  log: number
  checkpointed: number
}

export type Outcome = Progress | { code: string; message: string }

let sqlite: Sqlite.Database | undefined

/** In a thread that has one file: copies its write-ahead log into it. The log is synced before, the file after (NORMAL). */
export function checkpoint({ path, mode }: Task): Outcome {
  try {
    if (!sqlite) {
      sqlite = new Sqlite(path, { fileMustExist: true, timeout: busyTimeout })
      sqlite.exec('pragma synchronous=NORMAL; pragma wal_autocheckpoint=0')
    }
    const [progress] = sqlite.prepare<[], Progress>(`pragma wal_checkpoint(${mode})`).all()
    return progress ?? { busy: 0, log: 0, checkpointed: 0 }
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error
    // Thrown here, it would arrive without its code.
    return { code: error.code, message: error.message }
  }
}
