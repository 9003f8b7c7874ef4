import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { keyNameLength, type Seal } from './vault.ts'

/** A column of sealed values, in a table with a primary key of one column. */
export interface SealedColumn {
  table: string
  key: string
  column: string
  /** What its seal is made for. */
  purpose: string
}

/** Every column of sealed values: whoever seals one adds it here, and `npm run keys -- reseal` knows it. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'factors', key: 'id', column: 'secret', purpose: 'factors' }
]

/** Rows that are sealed anew in one transaction: few enough that nobody waits for it. */
const batch = 200

interface Row {
  row: string | number
  sealed: string | null
}

/** Seals every value of a column anew that another key has sealed; answers how many. @throws SealBroken */
export async function reseal(db: Db, { table, key, column }: SealedColumn, seal: Seal): Promise<number> {
  const read = (tx: Db, after: Row['row'] | undefined) =>
    sql<Row>`select ${sql.ref(key)} as "row", ${sql.ref(column)} as sealed from ${sql.table(table)}
      ${after === undefined ? sql`` : sql`where ${sql.ref(key)} > ${after}`}
      order by ${sql.ref(key)} limit ${batch}`.execute(tx)
  let resealed = 0
  let after: Row['row'] | undefined
  for (;;) {
    const { rows } = await read(db, after)
    const last = rows.at(-1)
    if (!last) return resealed
    const old = rows.filter(({ sealed }) => sealed !== null && !seal.isCurrent(sealed))
    if (old.length > 0)
      await write(db, async (tx) => {
        for (const { row, sealed } of old) {
          const place = { table, column, row }
          // Where it was changed meanwhile, the service has sealed it.
          await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${seal.seal(seal.open(sealed ?? '', place), place)}
            where ${sql.ref(key)} = ${row} and ${sql.ref(column)} = ${sealed}`.execute(tx)
        }
      })
    resealed += old.length
    after = last.row
  }
}

/** The names of the keys that have encrypted what is there. */
export async function keysOfValues(db: Db): Promise<string[]> {
  const names = new Set<string>()
  for (const { table, column } of sealedColumns) {
    const name = sql`substr(${sql.ref(column)}, 1, ${sql.lit(keyNameLength)})`
    const { rows } = await sql<{ name: string }>`select distinct ${name} as name from ${sql.table(table)}
      where ${sql.ref(column)} is not null`.execute(db)
    for (const row of rows) names.add(row.name)
  }
  return [...names]
}
