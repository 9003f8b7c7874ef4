import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { endLease, takeLease } from '../database/lease.ts'
import { deliverNext, type Delivery, isMailDue } from './deliver.ts'
import type { Transport } from './transport.ts'

/** How long one process sends before it has to say again that it does, in milliseconds. */
const lease = 60_000

/** How often it is looked for what nobody has told of: second tries, and mails of a process that died. */
const interval = 10_000

/** How long nothing is sent after a try that failed, in milliseconds: the mail server may be what has failed. */
const breath = 5_000

interface Reports {
  delivered(delivery: Delivery): void
  failed(error: unknown): void
}

/** Sends what is in the outbox, one mail after another, and only while no other process does. */
export class Sender {
  readonly #db: Db
  readonly #config: Config
  readonly #transport: Transport
  readonly #reports: Reports
  readonly #holder = randomUUID()
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #isAskedAgain = false

  constructor(db: Db, config: Config, transport: Transport, reports: Reports) {
    this.#db = db
    this.#config = config
    this.#transport = transport
    this.#reports = reports
  }

  start() {
    this.#timer = setInterval(() => this.wake(), interval).unref()
    this.wake()
  }

  /** There may be something to send. */
  wake() {
    if (this.#timer === undefined || this.#closing.signal.aborted) return
    if (this.#sending) {
      // It may have looked before there was something.
      this.#isAskedAgain = true
      return
    }
    this.#sending = this.#sendAll()
      .catch((error: unknown) => this.#reports.failed(error))
      .finally(() => {
        this.#sending = undefined
        const again = this.#isAskedAgain
        this.#isAskedAgain = false
        if (again) this.wake()
      })
  }

  /** Ends after the mail that is under way. */
  async close() {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.#sending
    this.#transport.close()
    if (this.#timer !== undefined) await endLease(this.#db, 'mail', this.#holder).catch(() => undefined)
  }

  async #sendAll() {
    const { signal } = this.#closing
    while (!signal.aborted && (await isMailDue(this.#db))) {
      if (!(await takeLease(this.#db, 'mail', this.#holder, lease))) return
      const delivery = await deliverNext(this.#db, this.#config, this.#transport)
      if (!delivery) continue
      this.#reports.delivered(delivery)
      if (delivery.outcome === 'waiting')
        await setTimeout(breath, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
}
