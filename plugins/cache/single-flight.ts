import type { CachedAnswer } from './store.ts'

interface Flight {
  answer: Promise<CachedAnswer>
  tags: readonly string[]
  /** A purge came while it was computed: what it read may be older than the write behind the purge. */
  outdated: boolean
}

/** Computes an answer once for all who ask at the same time, and never keeps what a purge has outdated. */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>()

  /** The answer under way for this key, or that of `compute`, which `keep` stores unless it was outdated. */
  run(
    key: string,
    tags: readonly string[],
    compute: () => Promise<CachedAnswer>,
    keep: (answer: CachedAnswer) => void
  ): Promise<CachedAnswer> {
    const under = this.#flights.get(key)
    if (under && !under.outdated) return under.answer
    const flight: Flight = { tags, outdated: false, answer: compute() }
    this.#flights.set(key, flight)
    const settled = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    flight.answer = flight.answer.then(
      (answer) => {
        if (!flight.outdated) keep(answer)
        settled()
        return answer
      },
      (error: unknown) => {
        settled()
        throw error
      }
    )
    return flight.answer
  }

  /** Marks what is under way for these tags: it answers those who wait already, and nobody who asks later. */
  outdate(tags: readonly string[]) {
    for (const flight of this.#flights.values()) {
      if (flight.tags.some((tag) => tags.includes(tag))) flight.outdated = true
    }
  }
}
