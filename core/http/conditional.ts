import { namesState } from './entity-tags.ts'

/** Whether an If-None-Match header already has this entity tag, so that 304 is the answer: a list of tags or `*` (RFC 9110, section 13.1.2). */
export function isNotModified(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header === etag || header.trim() === '*' || namesState(header, etag)
}
