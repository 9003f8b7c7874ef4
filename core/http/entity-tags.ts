import { createHash } from 'node:crypto'

/** The entity tag of a representation, which no other one has (RFC 9110, section 8.8.3). */
export const entityTag = (body: string) => `"${createHash('sha1').update(body).digest('base64url')}"`

const listed = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g

/** What a proxy that compresses puts behind a tag: Apache `-gzip`, Caddy `-br` and so on, Jetty `--gzip`, others `;gzip`. */
const coding = /(?:--?|;)(?:gzip|br|zstd|deflate)$/

/**
 * Whether a list of entity tags names this one, which may have been marked as weak or with a coding on the way: nginx and
 * Apache do that to what they compress, and then a client has no other. The state is the same all the same, as a tag of
 * ours is a count of changes or the hash of a body, which no other state has, in whatever coding. So for If-Match too the
 * weak comparison is safe, although RFC 9110, section 13.1.1, asks for the strong one.
 */
export function namesState(header: string, etag: string): boolean {
  const opaque = etag.replace(/^W\//, '').slice(1, -1)
  return [...header.matchAll(listed)].some(
    ([, tag = '']) => tag === opaque || tag.replace(coding, '') === opaque
  )
}
