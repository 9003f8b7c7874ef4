/** The counter in memory of @fastify/rate-limit, which its type declarations leave out. */
declare module '@fastify/rate-limit/store/LocalStore.js' {
  export default class LocalStore {
    /** @param mostKeys how many keys are counted at once; the one used longest ago goes first */
    constructor(continueExceeding: boolean, exponentialBackoff: boolean, mostKeys: number)
    incr(
      key: string,
      counted: (error: Error | null, count: { current: number; ttl: number } | null) => void,
      timeWindow: number,
      max: number
    ): void
  }
}
