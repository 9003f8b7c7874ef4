import type { DatabaseObserver } from './observer.ts'

/** How a database is used. */
export interface DatabaseOptions {
  /** Most connections at once, to PostgreSQL. */
  connections: number
  /** Is told of every query. */
  observer: DatabaseObserver | null
  /** How long PostgreSQL may take for one statement, in milliseconds; 0 is for ever. No query of the service needs it. */
  longestStatement: number
}
