import { defineProblem } from '../problems/define.ts'
import { readInstant } from '../time/instant.ts'

export const CursorRefused = defineProblem('CURSOR_REFUSED', 400, 'Unknown cursor', {
  detail: 'The cursor is not one that this list gave out.',
  about: 'A cursor goes back to the list that gave it, with the same sorting. Begin again without one.'
})

/** The columns that a list is sorted by, and what each holds: `int32` and `int64` are ids, from one on. */
export type Order<Column extends string = string> = Readonly<
  Record<Column, 'int32' | 'int64' | 'text' | 'instant'>
>

export const columnsOf = <Column extends string>(order: Order<Column>) => Object.keys(order) as Column[]

const isIdTo = (most: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most

const holds: Record<Order[string], (value: unknown) => boolean> = {
  int32: isIdTo(2 ** 31 - 1),
  int64: isIdTo(Number.MAX_SAFE_INTEGER),
  // What cannot be text in PostgreSQL is none.
  text: (value) => typeof value === 'string' && !value.includes('\0') && !/\p{Surrogate}/u.test(value),
  // As the service writes it.
  instant: (value) => typeof value === 'string' && readInstant(value) === value
}

/** The place behind a row: its values in the columns that the list is sorted by, made opaque. */
export const makeCursor = (...values: (number | string)[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url')

/** The values of a cursor, checked to be of this order; undefined without a cursor. @throws CursorRefused */
export function readCursor(cursor: string | undefined, order: Order): (number | string)[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (isPlace(values, Object.values(order))) return values
  } catch {
    // Not even JSON: refused like the rest.
  }
  throw new CursorRefused()
}

const isPlace = (values: unknown, kinds: Order[string][]): values is (number | string)[] =>
  Array.isArray(values) &&
  values.length === kinds.length &&
  kinds.every((kind, index) => holds[kind](values[index]))
