/** How often a minute a route may be called. */
export type Limit =
  /** The budget that all routes without a limit of their own share, per account or else per address. */
  | 'default'
  /** The `requests_per_minute` of the caller's role, per account. */
  | 'role'
  /**
   * As many a minute as `'default'` for each session that a refresh token names, wherever it comes from; for what names
   * none, per account or else per address. What others do behind the same address signs nobody out.
   */
  | 'session'
  /** Not counted at all. */
  | 'unlimited'
  /** So many calls a minute of this route, by each account (the address of whoever is signed out) or address. */
  | { perMinute: number; by: 'account' | 'address' }

/** Whether a route declares a limit that there is. */
export const isLimit = (limit: unknown): limit is Limit =>
  typeof limit === 'string'
    ? ['default', 'role', 'session', 'unlimited'].includes(limit)
    : typeof limit === 'object' &&
      limit !== null &&
      'perMinute' in limit &&
      Number.isSafeInteger(limit.perMinute) &&
      Number(limit.perMinute) >= 1 &&
      'by' in limit &&
      (limit.by === 'account' || limit.by === 'address')

/** A limit as the contract shows it. */
export const describeLimit = (limit: Exclude<Limit, 'unlimited'>, defaultMax: number) => {
  if (limit === 'default')
    return { requests: defaultMax, window: '1m', by: 'account or address', shared: true }
  if (limit === 'session')
    return { requests: defaultMax, window: '1m', by: 'session, account or address', shared: false }
  if (limit === 'role')
    return { requests: 'requests_per_minute of the role', window: '1m', by: 'account', shared: false }
  return { requests: limit.perMinute, window: '1m', by: limit.by, shared: false }
}
