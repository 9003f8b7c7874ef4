// The counter of @fastify/rate-limit in Redis, which its type declarations leave out.

declare module '@fastify/rate-limit/store/RedisStore.js' {
  export default class RedisStore {
    /** @param prefix what every key in Redis begins with */
    constructor(
      continueExceeding: boolean,
      exponentialBackoff: boolean,
      redis: import('ioredis').Redis,
      prefix: string
    )
    incr(
      key: string,
      counted: (error: Error | null, count: { current: number; ttl: number } | null) => void,
      timeWindow: number,
      max: number
    ): void
  }
}
