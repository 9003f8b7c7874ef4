import { extname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Piscina } from 'piscina'
import type { Outcome, Progress, Task } from './checkpoint-worker.ts'
import type { SqliteReader } from './sqlite.ts'

/** Sizes of a write-ahead log, in pages. */
export interface Sizes {
  /** From so many on that are not in the database yet, they are brought there. */
  checkpoint: number
  /** Over so many it takes no more, until whoever still reads from it lets it begin anew. */
  most: number
}

interface Surroundings {
  path: string
  sizes: Sizes
  reader: SqliteReader
  /** Runs `work` while nobody writes in this process. */
  holdWriters: <T>(work: () => Promise<T>) => Promise<T>
  /** Hears of a checkpoint that failed. */
  report: (error: unknown) => void
}

/** How long it is waited for a reader that is in the way, before the next try, in milliseconds. */
const pause = 1_000

/** Brings the write-ahead log of a SQLite file into it when it has grown: in a thread, with a connection of its own. */
export class Checkpoints {
  readonly #around: Surroundings
  readonly #measure: (parameters: []) => Progress[]
  readonly #stopped = new AbortController()
  #pool: Piscina | undefined
  #running: Promise<void> | undefined
  #isFull = false

  constructor(around: Surroundings) {
    this.#around = around
    // It only asks how large the log is, in a few microseconds.
    this.#measure = around.reader.prepare<Progress>('pragma wal_checkpoint(noop)')
  }

  /** Whether the log is as large as it may become. */
  get isFull() {
    return this.#isFull
  }

  /** Looks at the size of the log, and begins a checkpoint when it is due. */
  look() {
    const left = this.#left()
    if (this.#running || left < this.#around.sizes.checkpoint || this.#stopped.signal.aborted) return
    this.#running = this.#run().finally(() => (this.#running = undefined))
  }

  /** Begins no other one. */
  stop() {
    this.#stopped.abort()
  }

  /** Stops, and waits for the one that runs. */
  async close() {
    this.stop()
    await this.#running
    await this.#pool?.destroy()
  }

  /** How many pages of the log are not in the database. */
  #left(): number {
    const [{ log, checkpointed } = { log: 0, checkpointed: 0 }] = this.#measure([])
    this.#isFull = log >= this.#around.sizes.most && checkpointed < log
    return log - checkpointed
  }

  async #run() {
    const { signal } = this.#stopped
    // Once it is stopped, nothing is tried any more: after a sync that failed the log is not to be trusted.
    while (!signal.aborted && !(await this.#empty()))
      await setTimeout(pause, undefined, { ref: false, signal }).catch(() => undefined)
  }

  /** Most of it is copied while others write, the rest while nobody does: then the log begins anew. Answers whether it does. */
  async #empty(): Promise<boolean> {
    const { holdWriters, report } = this.#around
    try {
      await this.#checkpoint('passive')
      const { busy } = await holdWriters(() => this.#checkpoint('restart'))
      return busy === 0
    } catch (error) {
      report(error)
      return false
    } finally {
      this.#left()
    }
  }

  async #checkpoint(mode: Task['mode']): Promise<Progress> {
    this.#pool ??= new Piscina({
      // As this file is: the source or what was compiled of it.
      filename: new URL(`checkpoint-worker${extname(import.meta.url)}`, import.meta.url).href,
      execArgv: [],
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 60_000
    })
    const task: Task = { path: this.#around.path, mode }
    const outcome = (await this.#pool.run(task, { name: 'checkpoint' })) as Outcome
    if ('code' in outcome) throw Object.assign(new Error(outcome.message), { code: outcome.code })
    return outcome
  }
}
