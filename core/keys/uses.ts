import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'

/** So many keys' uses are written in one transaction: few enough that nobody waits for it. */
const batch = 100

/** When keys were last used: noted with each request, and written once in a while. */
export class KeyUses {
  readonly #db: Db
  #uses = new Map<string, number>()

  constructor(db: Db) {
    this.#db = db
  }

  /** Notes that a key was used now. */
  note(keyId: string) {
    this.#uses.set(keyId, Date.now())
  }

  /** Writes what was noted; what cannot be written is noted still. */
  async flush() {
    // In one order everywhere: then two processes never wait for each other.
    const uses = [...this.#uses].sort(([one], [other]) => (one < other ? -1 : 1))
    this.#uses = new Map()
    try {
      while (uses.length > 0) {
        const some = uses.slice(0, batch)
        await write(this.#db, async (tx) => {
          for (const [id, at] of some) {
            const last_used_at = new Date(at).toISOString()
            await tx
              .updateTable('api_keys')
              .set({ last_used_at })
              .where('id', '=', id)
              .where((expression) =>
                expression.or([
                  expression('last_used_at', 'is', null),
                  expression('last_used_at', '<', last_used_at)
                ])
              )
              .execute()
          }
        })
        uses.splice(0, some.length)
      }
    } catch (error) {
      for (const [id, at] of uses) if (!this.#uses.has(id)) this.#uses.set(id, at)
      throw error
    }
  }
}
