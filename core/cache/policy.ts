/** How a route's answers are kept. */
export interface CachePolicy {
  /** Lifetime in seconds. */
  ttl: number
  /** Who may share one answer: everybody, the callers of a role, or nobody but the same user. */
  vary: 'public' | 'role' | 'user'
  /** The tables that the answer is made of: a write to one of them purges it. */
  tags: readonly string[]
}

const longestTtl = 86_400

/**
 * Why a route cannot keep its answers as it declares, undefined when it can.
 * @param route its method, and who may call it
 */
export function cacheFault(
  { ttl, vary, tags }: CachePolicy,
  { method, access }: { method: string; access: string | undefined }
): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return 'keeps answers, which is for GET alone'
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > longestTtl)
    return `keeps answers for ${ttl} seconds: that takes an integer from 1 to ${longestTtl}`
  if (!['public', 'role', 'user'].includes(vary))
    return `declares an unknown cache.vary: ${JSON.stringify(vary)}`
  if (!Array.isArray(tags)) return 'declares no cache.tags: name the tables that the answer is made of, or []'
  // A cache on the way would hand to anybody what the guard lets through for some.
  if (vary === 'public' && access !== 'public') return 'is guarded: its cache cannot be public'
  if (vary !== 'public' && access === 'public') return `is public: its cache cannot vary by ${vary}`
  return undefined
}
