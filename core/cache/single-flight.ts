import type { CachedAnswer } from './store.ts'

/** An answer, and how it came about. */
export interface Landed {
  answer: CachedAnswer
  /** Whether it was kept for those who ask later. */
  stored: boolean
}

interface Flight {
  landing: Promise<Landed>
  tags: readonly string[]
  /** A purge came while it was computed: what it read may be older than the write behind the purge. */
  outdated: boolean
}

/** Computes an answer once for all who ask at the same time, and never keeps what a purge has outdated. */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>()

  /** What is under way for this key, for whoever may still share it. */
  underWay(key: string): Promise<Landed> | undefined {
    const flight = this.#flights.get(key)
    return flight && !flight.outdated ? flight.landing : undefined
  }

  /** Computes an answer, which `keep` stores, if it can, unless a purge outdates it meanwhile. What fails is not kept. */
  start(
    key: string,
    tags: readonly string[],
    compute: () => Promise<CachedAnswer>,
    keep: (answer: CachedAnswer) => boolean
  ): Promise<Landed> {
    const land = async (): Promise<Landed> => {
      try {
        const answer = await compute()
        return { answer, stored: !flight.outdated && keep(answer) }
      } finally {
        if (this.#flights.get(key) === flight) this.#flights.delete(key)
      }
    }
    const flight: Flight = { tags, outdated: false, landing: Promise.resolve().then(land) }
    this.#flights.set(key, flight)
    return flight.landing
  }

  /** Marks what is under way for these tags, or all: it answers those who wait already, and nobody who asks later. */
  outdate(tags: readonly string[] | 'all') {
    for (const flight of this.#flights.values()) {
      if (tags === 'all' || flight.tags.some((tag) => tags.includes(tag))) flight.outdated = true
    }
  }
}
