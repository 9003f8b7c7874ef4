import { randomUUID } from 'node:crypto'
import type { SharedRedis } from '../redis/shared-redis.ts'
import type { CachePolicy } from './policy.ts'
import type { CachedAnswer } from './store.ts'

/** What is stored of an answer; its age is what Redis has left of its lifetime: no two clocks have to agree. */
interface Stored {
  body: string
  type: string
  etag: string
  versions: string
}

const isStored = (value: unknown): value is Stored =>
  typeof value === 'object' &&
  value !== null &&
  ['body', 'type', 'etag', 'versions'].every(
    (name) => name in value && typeof value[name as keyof typeof value] === 'string'
  )

/** What stands under the key of an answer, unless that is none of ours: anybody may write to Redis. */
function parse(text: string): Stored | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isStored(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The answers that all instances share, in Redis. Each tag has a version there which a purge replaces; an answer counts
 * only while the versions of its tags, and the epoch, are those that it was computed under, however late it arrives.
 * A version that is lost is replaced by one that there never was.
 */
export class RedisAnswers {
  readonly #redis: SharedRedis

  constructor(redis: SharedRedis) {
    this.#redis = redis
  }

  /** The kept answer, and what `write` has to be given for one that is computed from now on. */
  async read(key: string, policy: CachePolicy): Promise<{ kept?: CachedAnswer; versions?: string }> {
    const { client, epoch } = this.#redis
    if (!this.#isUp()) return {}
    try {
      const names = [epoch, ...policy.tags.map((tag) => this.#version(tag))]
      const [[text, ...found], left] = await Promise.all([
        client.mget(this.#answer(key), ...names),
        client.pttl(this.#answer(key))
      ])
      const versions = found.includes(null) ? await this.#begin(names, found) : found.join()
      // A purge may have failed meanwhile.
      if (!this.#isUp() || versions === undefined) return {}
      const kept = text ? this.#revive(text, versions, left, policy) : undefined
      return kept ? { kept, versions } : { versions }
    } catch (error) {
      this.#redis.failed(error)
      return {}
    }
  }

  /** Keeps an answer for the other instances; what Redis does not take is computed again. */
  write(key: string, { body, type, etag, expiresAt }: CachedAnswer, versions: string) {
    const left = Math.floor(expiresAt - performance.now())
    if (left <= 0) return
    const stored: Stored = { body, type, etag, versions }
    this.#redis.client
      .set(this.#answer(key), JSON.stringify(stored), 'PX', left)
      .catch((error: unknown) => this.#redis.failed(error))
  }

  /** Outdates what bears one of these tags, or all. */
  purge(tags: readonly string[] | 'all') {
    const names = tags === 'all' ? [this.#redis.epoch] : tags.map((tag) => this.#version(tag))
    for (const name of names)
      this.#redis.client.set(name, randomUUID()).catch((error: unknown) => this.#redis.purgeFailed(error))
  }

  /** Gives a version to what has none; of several instances that do, one is first. Answers the versions of all. */
  async #begin(names: string[], found: (string | null)[]): Promise<string | undefined> {
    const missing = names.filter((_name, index) => found[index] === null)
    await Promise.all(missing.map((name) => this.#redis.client.set(name, randomUUID(), 'NX')))
    const begun = await this.#redis.client.mget(...names)
    return begun.includes(null) ? undefined : begun.join()
  }

  #revive(
    text: string,
    versions: string,
    left: number,
    { ttl, tags }: CachePolicy
  ): CachedAnswer | undefined {
    const stored = parse(text)
    // More than its lifetime can be left when the clock of Redis was put back: then nobody knows how old it is.
    if (stored?.versions !== versions || left <= 0 || left > ttl * 1_000) return undefined
    const expiresAt = performance.now() + left
    return { ...stored, tags, storedAt: expiresAt - ttl * 1_000, expiresAt }
  }

  #isUp() {
    return this.#redis.up
  }

  #answer(key: string) {
    return `${this.#redis.prefix}answer:${key}`
  }

  #version(tag: string) {
    return `${this.#redis.prefix}version:${tag}`
  }
}
