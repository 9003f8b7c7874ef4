const kept: unknown[] = []

/**
 * Keeps a database of better-sqlite3, or a statement, to the end of the process; answers it. Its releases for
 * Node.js 20 abort on Node.js 24.19 and later when such an object is collected. A process has few of them.
 */
export function forever<T>(object: T): T {
  kept.push(object)
  return object
}
