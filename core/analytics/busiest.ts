interface Counter {
  count: number
  /** How much of the count may be others', whose place it took. */
  error: number
  limited: number
}

/**
 * The most frequent of any number of keys, in so many counters (Metwally, Agrawal, El Abbadi: Space-Saving, 2005). Nobody
 * who comes with ever new keys makes it larger, or pushes out who is truly busy.
 */
export class Busiest {
  readonly #counters = new Map<string, Counter>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Counts a call of a key. */
  add(key: string, limited: boolean) {
    let counter = this.#counters.get(key)
    if (!counter) this.#counters.set(key, (counter = this.#place()))
    counter.count++
    if (limited) counter.limited++
  }

  /** A new counter, or that of the least frequent, which may have been this key's all along. */
  #place(): Counter {
    if (this.#counters.size < this.#most) return { count: 0, error: 0, limited: 0 }
    let least: string | undefined
    let count = Infinity
    for (const [key, counter] of this.#counters) {
      if (counter.count >= count) continue
      count = counter.count
      least = key
    }
    if (least !== undefined) this.#counters.delete(least)
    return { count, error: count, limited: 0 }
  }

  /** The busiest with what is surely theirs, most first; forgets all. */
  take(most: number): { key: string; count: number; limited: number }[] {
    const found = [...this.#counters].map(([key, { count, error, limited }]) => ({
      key,
      count: count - error,
      limited
    }))
    this.#counters.clear()
    return found
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
      .slice(0, most)
  }
}
