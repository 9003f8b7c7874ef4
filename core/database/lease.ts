import type { Db } from './database.ts'
import { write } from './transaction.ts'

/**
 * Takes or prolongs the lease of this name, by which one process at a time does what only one may do; answers whether
 * this holder has it, for so many milliseconds. Clocks of several machines may differ by less than that.
 */
export function takeLease(db: Db, name: string, holder: string, milliseconds: number): Promise<boolean> {
  return write(db, async (tx) => {
    const now = Date.now()
    const lease = { holder, expires_at: new Date(now + milliseconds).toISOString() }
    const { numInsertedOrUpdatedRows = 0n } = await tx
      .insertInto('leases')
      .values({ name, ...lease })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet(lease)
          .where((eb) =>
            eb.or([
              eb('leases.holder', '=', holder),
              eb('leases.expires_at', '<=', new Date(now).toISOString()),
              // Taken before the clock was set back: it would never end.
              eb('leases.expires_at', '>', new Date(now + 2 * milliseconds).toISOString())
            ])
          )
      )
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows > 0n
  })
}

/** Gives a lease back, so that nobody has to wait for its end. */
export const endLease = (db: Db, name: string, holder: string) =>
  write(db, (tx) => tx.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute())
