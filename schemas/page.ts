import { type TObject, type TProperties, Type } from '@sinclair/typebox'
import { Nullable } from './types.ts'

/** An opaque place in a list; a client only ever hands it back. */
export const Cursor = Type.String({
  maxLength: 512,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'Where to go on: the `next_cursor` of the page before.',
  examples: ['WzUwXQ']
})

/** The query members that every list takes. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 200,
      default: 50,
      format: 'int32',
      description: 'How many at most.',
      examples: [50]
    })
  ),
  cursor: Type.Optional(Cursor)
}

/** The member that every list answers: null only at the real end. */
export const pageMembers = {
  next_cursor: Nullable(
    Type.String({
      maxLength: 512,
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Ask with it as `cursor` for what follows; null at the end.',
      examples: ['WzUwXQ']
    })
  )
}

/** A closed query object with the paging members and these filters. */
export const listQuery = <T extends TProperties>(filters: T): TObject<T & typeof pageQuery> =>
  Type.Object({ ...filters, ...pageQuery }, { additionalProperties: false })
