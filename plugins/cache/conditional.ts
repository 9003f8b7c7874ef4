const entityTag = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g

/**
 * Whether an If-None-Match header already has this entity tag, so that 304 is the answer: a list of tags or `*`,
 * compared weakly (RFC 9110, section 13.1.2).
 */
export function isNotModified(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header === etag || header.trim() === '*') return true
  const opaque = etag.replace(/^W\//, '')
  return [...header.matchAll(entityTag)].some(([, tag]) => tag === opaque)
}
