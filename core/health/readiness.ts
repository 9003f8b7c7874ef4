/** Looks for one thing that keeps the service from its work; answers it in words that anybody may read, or undefined. */
export type ReadinessCheck = () => Promise<string | undefined> | string | undefined

/** How long an answer counts, in milliseconds: whoever asks more often costs nothing more. */
const keptFor = 1_000

/** Knows whether the service can do its work. */
export class Readiness {
  readonly #checks: ReadinessCheck[] = []
  #known: { fault: string | undefined; at: number } | undefined
  #asking: Promise<string | undefined> | undefined
  #ended: string | undefined

  /** Adds a check; they are asked in their order, until one finds something. */
  add(check: ReadinessCheck) {
    this.#checks.push(check)
  }

  /** Says from now on that the service is not ready, for this reason. */
  end(fault: string) {
    this.#ended = fault
  }

  /** What keeps the service from its work, as it was a second ago at most; undefined when nothing does. */
  async fault(): Promise<string | undefined> {
    if (this.#ended !== undefined) return this.#ended
    if (this.#known && performance.now() - this.#known.at < keptFor) return this.#known.fault
    // One at a time: everybody who asks meanwhile gets its answer.
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #ask() {
    let fault: string | undefined
    for (const check of this.#checks) {
      fault = await check()
      if (fault !== undefined) break
    }
    this.#known = { fault, at: performance.now() }
    return fault
  }
}
