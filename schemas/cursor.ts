import { defineProblem } from './problems.ts'

export const CursorRefused = defineProblem('CURSOR_REFUSED', 400, 'Unknown cursor', {
  detail: 'The cursor is not one that this list gave out.',
  about: 'A cursor goes back to the list that gave it, with the same sorting. Begin again without one.'
})

type Kinds = readonly ('number' | 'string')[]
type Values<K extends Kinds> = { [I in keyof K]: K[I] extends 'number' ? number : string }

/** The place behind a row: the values that the list is sorted by, made opaque. */
export const makeCursor = (...values: (number | string)[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url')

/** The values of a cursor, checked to be of these kinds; undefined without a cursor. @throws CursorRefused */
export function readCursor<const K extends Kinds>(
  cursor: string | undefined,
  kinds: K
): Values<K> | undefined {
  if (cursor === undefined) return undefined
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(values) && fits(values, kinds)) return values
  } catch {
    // Not even JSON: refused like the rest.
  }
  throw new CursorRefused()
}

const fits = <K extends Kinds>(values: unknown[], kinds: K): values is Values<K> & unknown[] =>
  values.length === kinds.length &&
  values.every(
    (value, index) =>
      typeof value === kinds[index] && (typeof value !== 'number' || Number.isSafeInteger(value))
  )

/**
 * Cuts a list that was asked for one row more than the page holds: the page, and the cursor of its last row,
 * null when nothing follows.
 */
export function pageOf<Row>(rows: Row[], limit: number, key: (row: Row) => (number | string)[]) {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { page, next_cursor: rows.length > limit && last !== undefined ? makeCursor(...key(last)) : null }
}
