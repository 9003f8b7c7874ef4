import { WindowCounter } from '../limits/window-counter.ts'

/** Networks counted at once. */
const mostNetworks = 50_000

/**
 * Counts the keys that a network asks for before they are looked up: what somebody makes up costs the database no more
 * than the calls of a minute. Beyond that a key counts as unknown, as its caller's budget is spent by then; one that is
 * remembered as good is looked up by nobody.
 */
export class Lookups {
  readonly #counter = new WindowCounter(60_000, mostNetworks)
  readonly #most: () => number

  constructor(most: () => number) {
    this.#most = most
  }

  /** Counts a look-up; answers whether it may be made. */
  begin(network: string): boolean {
    return this.#counter.count(network).current <= this.#most()
  }

  /** Takes note that there was such a key: it costs nothing. */
  found(network: string) {
    this.#counter.forgive(network)
  }
}
