import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'

/** What SQLite keeps beside a database. */
export const companions = ['-wal', '-journal', '-shm']

/** Says in an error which file it is of: SQLite's own do not. */
export function named(error: unknown, file: string): unknown {
  if (error instanceof Error && !error.message.includes(file)) error.message = `${file}: ${error.message}`
  return error
}

/** Runs what SQLite does with a file. @throws errors that name it */
export function naming<T>(file: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw named(error, file)
  }
}

/**
 * Makes a file for nobody but its owner; one that is there already stays as it is. SQLite would let everybody read a
 * database; what it makes beside one has the mode of the database.
 */
export function makePrivately(file: string) {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

/** Makes a folder for nobody but its owner; one that is there already stays as it is. */
export const makeFolder = (folder: string) => mkdirSync(folder, { recursive: true, mode: 0o700 })

/** Those of some files that everybody on this machine may read, as far as the system knows of that. */
export const openToAll = (files: readonly string[]): string[] =>
  process.platform === 'win32'
    ? []
    : files.filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0)
