import { Type } from '@sinclair/typebox'

/** As stored: one row, made with the database. What is kept elsewhere is known by it to be of this database. */
export const ServiceRow = Type.Object({ id: Type.String({ format: 'uuid', maxLength: 36 }) })
