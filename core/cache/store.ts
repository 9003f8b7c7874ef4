/** A kept answer: serialized once, sent many times. */
export interface CachedAnswer {
  body: string
  type: string
  etag: string
  /** By the clock of `performance.now()`, which nobody sets. */
  storedAt: number
  expiresAt: number
  tags: readonly string[]
}

/** What an entry takes beside its texts, about. */
const overhead = 500

const sizeOf = (key: string, { body }: CachedAnswer) => key.length + body.length + overhead

/** The one store behind the response cache, bounded in bytes: what was used longest ago goes first. */
export class AnswerStore {
  readonly #answers = new Map<string, CachedAnswer>()
  readonly #mostBytes: number
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** The answer kept under a key, unless it has expired. */
  get(key: string): CachedAnswer | undefined {
    const answer = this.#answers.get(key)
    if (!answer) return undefined
    if (performance.now() >= answer.expiresAt) {
      this.#remove(key, answer)
      return undefined
    }
    // Back in at the end: the first of the map is the one used longest ago.
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    return answer
  }

  set(key: string, answer: CachedAnswer) {
    const before = this.#answers.get(key)
    if (before) this.#remove(key, before)
    this.#answers.set(key, answer)
    this.#bytes += sizeOf(key, answer)
    for (const [name, oldest] of this.#answers) {
      if (this.#bytes <= this.#mostBytes) break
      this.#remove(name, oldest)
    }
  }

  /** Drops every answer that bears one of these tags, or all. */
  purge(tags: readonly string[] | 'all') {
    for (const [key, answer] of this.#answers) {
      if (tags === 'all' || answer.tags.some((tag) => tags.includes(tag))) this.#remove(key, answer)
    }
  }

  #remove(key: string, answer: CachedAnswer) {
    this.#answers.delete(key)
    this.#bytes -= sizeOf(key, answer)
  }
}
