import { write, writeSync } from 'node:fs'

/** How many characters wait for a file or a reader that takes none; lines beyond are lost. */
const room = 2 ** 22

/** How long after a write that failed the next is tried, in milliseconds. */
const pause = 20

/** Whether the reader or the terminal is gone for good. */
const isGone = ({ code = '' }: NodeJS.ErrnoException) => ['EPIPE', 'EIO', 'EBADF'].includes(code)

/** A line as pino writes it, for what is said without a logger. */
export const logLine = (level: 'warn' | 'fatal', msg: string) =>
  `${JSON.stringify({ level: { warn: 40, fatal: 60 }[level], time: Date.now(), pid: process.pid, msg })}\n`

/**
 * Where pino writes the log. Lines gather while a write is under way, so no request waits for one. A log that cannot
 * be written (a full disk, a closed terminal) stops neither the service nor its end: the stream that pino brings throws
 * what it cannot write, and tries for ever at the exit. A reader that stalls stops no request, but the end waits for it:
 * Node.js ends no process while one of its threads is in a write.
 */
export class LogStream {
  readonly #file: number
  #waiting = ''
  /** What is written next. */
  #chunk = Buffer.alloc(0)
  #isWriting = false
  #retry: NodeJS.Timeout | undefined
  #isGone = false
  #lost = 0

  /** @param file a file descriptor */
  constructor(file: number) {
    this.#file = file
  }

  /** Takes a line, and writes it soon. */
  write(line: string) {
    if (this.#isGone) return
    if (this.#waiting.length + line.length > room) this.#lost++
    else this.#waiting += line
    if (!this.#isWriting && !this.#retry) this.#next()
  }

  /** Writes what waits, before the process ends; gives up when that fails. What is being written ends before the process. */
  flushSync() {
    clearTimeout(this.#retry)
    this.#retry = undefined
    let text = Buffer.from(this.#waiting)
    this.#waiting = ''
    if (!this.#isWriting) {
      text = Buffer.concat([this.#chunk, text])
      this.#chunk = Buffer.alloc(0)
    }
    try {
      while (text.length > 0) text = text.subarray(writeSync(this.#file, text))
    } catch {
      // There is nobody to tell.
    }
  }

  #next() {
    if (this.#chunk.length === 0) {
      this.#chunk = Buffer.from(this.#waiting)
      this.#waiting = ''
    }
    if (this.#chunk.length === 0) return
    this.#isWriting = true
    write(this.#file, this.#chunk, (error, written) => {
      this.#isWriting = false
      if (error) {
        this.#failed(error)
        return
      }
      this.#chunk = this.#chunk.subarray(written)
      if (this.#lost > 0) this.#tellLost()
      this.#next()
    })
  }

  #failed(error: NodeJS.ErrnoException) {
    if (isGone(error)) {
      this.#isGone = true
      this.#waiting = ''
      return
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#next()
    }, pause).unref()
  }

  #tellLost() {
    this.#waiting += logLine('warn', `${this.#lost} lines of this log could not be written, and are lost`)
    this.#lost = 0
  }
}

/** Standard output. What waits when the process ends is written then. */
export const standardOutput = new LogStream(1)
process.on('exit', () => standardOutput.flushSync())
