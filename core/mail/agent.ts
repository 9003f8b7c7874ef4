const browsers = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
  ['curl', 'curl']
] as const

const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux']
] as const

const known = (userAgent: string, names: readonly (readonly [string, string])[]) =>
  names.find(([sign]) => userAgent.includes(sign))?.[1]

/**
 * A program in words that are ours. A User-Agent may say anything: whoever has stolen a password would write into it
 * what the mail about their own sign-in is to tell the owner. `?` is one that is not known.
 */
export const describeAgent = (userAgent: string | undefined) =>
  [known(userAgent ?? '', browsers), known(userAgent ?? '', systems)].filter(Boolean).join(', ') || '?'
