import type { Shared } from '../redis/shared.ts'
import type { CachedAnswer } from './store.ts'

/** Every answer bears it: with it all are purged. */
const everything = '*'

/**
 * The answers that all instances share, in Redis. Each tag has a version there which a purge raises; an answer counts
 * only while the versions of its tags are those that it was computed under, however late it arrives.
 */
export class SharedAnswers {
  readonly #redis: Shared

  constructor(redis: Shared) {
    this.#redis = redis
  }

  /** The kept answer, and what `write` has to be given for one that is computed from now on. */
  async read(key: string, tags: readonly string[]): Promise<{ kept?: CachedAnswer; versions?: string }> {
    if (!this.#redis.up) return {}
    try {
      const names = [everything, ...tags].map((tag) => this.#version(tag))
      const [text, ...found] = await this.#redis.client.mget(this.#answer(key), ...names)
      const versions = found.join()
      if (!text) return { versions }
      const { versions: then, ...kept } = JSON.parse(text) as CachedAnswer & { versions: string }
      return then === versions && Date.now() < kept.expiresAt ? { kept, versions } : { versions }
    } catch {
      return {}
    }
  }

  /** Keeps an answer for the other instances; what Redis does not take is computed again. */
  write(key: string, answer: CachedAnswer, versions: string) {
    const ttl = answer.expiresAt - Date.now()
    if (ttl <= 0) return
    const text = JSON.stringify({ ...answer, versions })
    this.#redis.client.set(this.#answer(key), text, 'PX', ttl).catch(() => undefined)
  }

  /** Drops what bears one of these tags, here and for the others. */
  purge(tags: readonly string[]) {
    const raise = this.#redis.client.multi()
    for (const tag of tags) raise.incr(this.#version(tag))
    raise.exec().catch(() => undefined)
    this.#redis.tell({ purge: tags })
  }

  /** Outdates all that is in Redis: after it was away, purges may have been lost. */
  purgeAll() {
    this.#redis.client.incr(this.#version(everything)).catch(() => undefined)
  }

  #answer(key: string) {
    return `${this.#redis.prefix}answer:${key}`
  }

  #version(tag: string) {
    return `${this.#redis.prefix}tag:${tag}`
  }
}
