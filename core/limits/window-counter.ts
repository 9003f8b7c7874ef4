/** How often a key has been counted in its window, and how many milliseconds are left of that. */
export interface Count {
  current: number
  ttl: number
}

/**
 * Counts in this process. A key's first call begins a window of its own. By a clock that nobody sets: a wall clock that
 * is put back an hour would keep everybody out for as long.
 */
export class WindowCounter {
  /** In the order in which they end, as all are equally long. */
  readonly #windows = new Map<string, { current: number; began: number }>()
  readonly #length: number
  readonly #mostKeys: number

  /** @param length of a window, in milliseconds @param mostKeys counted at once: the one that ends next gives way */
  constructor(length: number, mostKeys: number) {
    this.#length = length
    this.#mostKeys = mostKeys
  }

  /** Counts a call. */
  count(key: string): Count {
    const now = performance.now()
    const known = this.#windows.get(key)
    // By what has passed: a sum of such instants may be a little more than its parts.
    const left = known ? this.#length - (now - known.began) : 0
    if (known && left > 0) return { current: ++known.current, ttl: left }
    this.#windows.delete(key)
    this.#makeRoom(now)
    this.#windows.set(key, { current: 1, began: now })
    return { current: 1, ttl: this.#length }
  }

  /** Reads how often a key has been counted, and counts nothing; undefined outside a window. */
  read(key: string): Count | undefined {
    const known = this.#windows.get(key)
    const left = known ? this.#length - (performance.now() - known.began) : 0
    return known && left > 0 ? { current: known.current, ttl: left } : undefined
  }

  /** Takes one call back. */
  forgive(key: string) {
    const known = this.#windows.get(key)
    if (known && known.current > 0) known.current--
  }

  #makeRoom(now: number) {
    for (const [key, { began }] of this.#windows) {
      if (now - began < this.#length && this.#windows.size < this.#mostKeys) break
      this.#windows.delete(key)
    }
  }
}
