import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Config } from '../config/load.ts'
import type { Finding } from './examine.ts'

/** How long findings count, in milliseconds: whoever asks more often costs nothing more. */
const keptFor = 30_000

/** What an examination found, and when it began. */
export interface Examination {
  at: string
  findings: Finding[]
}

/**
 * Examines the service in a thread, where files and passwords hold up nobody; one examination at a time, for everybody who
 * asks meanwhile.
 */
export class Examinations {
  readonly #config: Config
  #worker: Worker | undefined
  #running: Promise<Examination> | undefined
  #known: { examination: Examination; until: number } | undefined

  constructor(config: Config) {
    this.#config = config
  }

  /** The findings of half a minute ago at most. @throws when the thread does */
  latest(): Promise<Examination> {
    if (this.#known && performance.now() < this.#known.until) return Promise.resolve(this.#known.examination)
    this.#running ??= this.#examine().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #examine(): Promise<Examination> {
    const at = new Date().toISOString()
    // As this file is: the source or what was compiled of it.
    const file = new URL(`worker${extname(import.meta.url)}`, import.meta.url)
    // A thread needs no option of the process, and refuses those that are V8's.
    const worker = new Worker(file, { workerData: this.#config, execArgv: [] })
    this.#worker = worker
    try {
      const [findings] = (await Promise.race([
        once(worker, 'message'),
        once(worker, 'exit').then(() => {
          throw new Error('The examination has ended without a finding')
        })
      ])) as [Finding[]]
      const examination = { at, findings }
      this.#known = { examination, until: performance.now() + keptFor }
      return examination
    } finally {
      await worker.terminate()
    }
  }

  /** Ends the one that runs. */
  async close() {
    await this.#worker?.terminate()
  }
}
