import { BadRequest } from '../problems/kinds.ts'
import { pointer } from '../problems/pointer.ts'

const refusal = (path: string, message: string) =>
  new BadRequest().with({ members: { errors: [{ path, message }] } })

/** The refusal of a part of a request, by its JSON Pointer, whose bytes are no text. */
export const notUtf8 = (path: string) => refusal(path, 'is not in UTF-8')

const parameters = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g

/** Whether a media type names no encoding of characters but UTF-8. */
export const isInUtf8 = (type: string): boolean =>
  !type.includes(';') ||
  [...type.matchAll(parameters)].every(
    ([, name = '', quoted, plain = '']) =>
      name.toLowerCase() !== 'charset' || /^utf-?8$/i.test(quoted ?? plain)
  )

/** Whether a text can be kept as it was sent: halves of surrogate pairs are no characters, and PostgreSQL has no U+0000. */
const isKept = (text: string) => text.isWellFormed() && !text.includes('\0')

/** What JSON, a query and a path are read into, and no Buffer or stream of some other parser. */
const isRecord = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether each text in a value is one, and the name of each member. Not by recursion: whoever sends it says how deep it is. */
function areTexts(value: unknown, isText: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isText(value)
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string') {
      if (!isText(next)) return false
    } else if (Array.isArray(next)) {
      for (const item of next as unknown[]) left.push(item)
    } else if (isRecord(next)) {
      for (const [name, member] of Object.entries(next)) left.push(name, member)
    }
  }
  return true
}

/**
 * Lets a part of a request pass that can be kept as it was sent.
 * @param place the JSON Pointer of the part
 * @param passwords members that are hashed and never kept as a text, so that they may hold U+0000
 * @throws BadRequest for the first member that cannot
 */
export function requireTexts(part: unknown, place: string, passwords?: ReadonlySet<string>) {
  if (part === undefined) return
  const members: [string, unknown][] = isRecord(part) ? Object.entries(part) : [['', part]]
  for (const [name, value] of members) {
    const isText = passwords?.has(name) ? (text: string) => text.isWellFormed() : isKept
    if (!isKept(name) || !areTexts(value, isText))
      throw refusal(name ? place + pointer(name) : place, 'has half of a surrogate pair or U+0000')
  }
}

/** Lets an address pass that is ASCII, as it has to be (RFC 3986), and whose query is in UTF-8. @throws BadRequest */
export function requireQuery(url: string) {
  if (!/^[\x21-\x7e]*$/.test(url)) throw notUtf8('/path')
  const query = url.indexOf('?')
  if (query === -1 || url.indexOf('%', query) === -1) return
  try {
    decodeURIComponent(url.slice(query))
  } catch {
    throw notUtf8('/query')
  }
}
