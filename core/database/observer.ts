/** What the database tells of itself. */
export interface DatabaseObserver {
  /** A query has been answered, or has failed; `seconds` after it was sent. */
  query(seconds: number): void
  /** How many calls wait for a connection, asked whenever metrics are read. */
  queue(length: () => number): void
}
