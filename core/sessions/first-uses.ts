import { setTimeout } from 'node:timers/promises'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { noteUse } from './refresh-queries.ts'

/** So many uses are noted in one transaction: few enough that nobody waits for it. */
const batch = 50

/** How long until what could not be written is tried again, in milliseconds. */
const pause = 1_000

interface Use {
  sessionId: string
  /** Which exchange of the session the token comes from. */
  generation: number
  now: string
}

/**
 * Writes down when a token of a session's last exchange was first used, once for each exchange and behind the back of
 * the request, which does not wait: until it is written the spent token is merely answered for a moment longer.
 */
export class FirstUses {
  readonly #db: Db
  readonly #pending = new Map<string, Use>()
  readonly #closing = new AbortController()
  #writing: Promise<void> | undefined

  constructor(db: Db) {
    this.#db = db
  }

  /** Notes that a token of this exchange is in use. */
  note(sessionId: string, generation: number) {
    if (this.#pending.get(sessionId)?.generation === generation) return
    this.#pending.set(sessionId, { sessionId, generation, now: new Date().toISOString() })
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined))
  }

  /** Writes what there is; gives up what cannot be written now. */
  async close() {
    this.#closing.abort()
    await this.#writing
  }

  async #writeAll() {
    while (this.#pending.size > 0) {
      // In one order everywhere: then two processes never wait for each other.
      const uses = [...this.#pending.values()]
        .slice(0, batch)
        .sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1))
      try {
        await write(this.#db, async (tx) => {
          for (const use of uses) await noteUse(tx, use)
        })
        for (const use of uses) {
          if (this.#pending.get(use.sessionId) === use) this.#pending.delete(use.sessionId)
        }
      } catch {
        // Whatever it is, requests that write meet it too, and say so.
        if (this.#closing.signal.aborted) return
        await setTimeout(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(
          () => undefined
        )
      }
    }
  }
}
