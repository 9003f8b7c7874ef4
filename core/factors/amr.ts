/** What each name of RFC 8176 is evidence of: what somebody knows, or what they have. */
const kinds: Record<string, 'knows' | 'has'> = { pwd: 'knows', otp: 'has', hwk: 'has', swk: 'has' }

/** Names of RFC 8176 together, each once, with `mfa` where they are of more than one kind. */
export function together(...lists: (readonly string[])[]): string[] {
  const names = new Set(lists.flat())
  if (new Set([...names].flatMap((name) => kinds[name] ?? [])).size > 1) names.add('mfa')
  return [...names]
}
