import { isUtf8 } from 'node:buffer'

/**
 * The text of a header that is to be kept, cut to so many UTF-16 units and no character in two. Node.js reads the bytes as
 * ISO 8859-1, and most who send others mean UTF-8 (RFC 9110, section 5.5, leaves them open).
 */
export function headerText(value: string, most: number): string {
  const bytes = Buffer.from(value, 'latin1')
  const text = (isUtf8(bytes) ? bytes.toString() : value).slice(0, most)
  return text.isWellFormed() ? text : text.slice(0, -1)
}
