// The counters of @fastify/rate-limit, which its type declarations leave out.

type Counted = (error: Error | null, count: { current: number; ttl: number } | null) => void

declare module '@fastify/rate-limit/store/LocalStore.js' {
  export default class LocalStore {
    /** @param mostKeys how many keys are counted at once; the one used longest ago goes first */
    constructor(continueExceeding: boolean, exponentialBackoff: boolean, mostKeys: number)
    incr(key: string, counted: Counted, timeWindow: number, max: number): void
  }
}

declare module '@fastify/rate-limit/store/RedisStore.js' {
  export default class RedisStore {
    /** @param prefix what every key in Redis begins with */
    constructor(
      continueExceeding: boolean,
      exponentialBackoff: boolean,
      redis: import('ioredis').Redis,
      prefix: string
    )
    incr(key: string, counted: Counted, timeWindow: number, max: number): void
  }
}
