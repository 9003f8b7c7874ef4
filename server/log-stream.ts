import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** How many characters wait for a file or a reader that takes none; lines beyond are lost. */
const room = 2 ** 22

/** How long after a write that failed the next is tried, in milliseconds. */
const pause = 5

/** How long a process that ends waits for whoever reads its log, in milliseconds. */
const farewell = 1_000

/** Whether the reader or the terminal is gone for good. */
const isGone = ({ code = '' }: NodeJS.ErrnoException) => ['EPIPE', 'EIO', 'EBADF'].includes(code)

/** Whether a reader has to read before there is room. */
const isFull = ({ code }: NodeJS.ErrnoException) => code === 'EAGAIN'

/** Waits, and does nothing else. */
const sleepSync = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

/**
 * Opens a pipe or a terminal once more, so that no write waits for a reader that stalls: Node.js ends no process while
 * one of its threads is in a write. Whoever else has the descriptor keeps it as it is. Undefined where that cannot be
 * done (a socket, somebody else's pipe, a system without /proc), and for a file.
 */
function withoutWaiting(file: number): number | undefined {
  try {
    if (!fstatSync(file).isFIFO() && !isatty(file)) return undefined
    return openSync(`/proc/self/fd/${file}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return undefined
  }
}

/** A line as pino writes it, for what is said without a logger. */
export const logLine = (level: 'warn' | 'fatal', msg: string) =>
  `${JSON.stringify({ level: { warn: 40, fatal: 60 }[level], time: Date.now(), pid: process.pid, msg })}\n`

/**
 * Where pino writes the log. Lines gather while a write is under way, so no request waits for one. A log that cannot
 * be written (a full disk, a closed terminal, a reader that stalls) stops neither the service nor its end, but for a
 * reader behind a socket: the stream that pino brings throws what it cannot write, and tries for ever at the exit.
 */
export class LogStream {
  readonly #file: number
  /** Whether a write may have to wait; a thread does that. */
  readonly #waits: boolean
  #waiting = ''
  /** What is written next. */
  #chunk = Buffer.alloc(0)
  #isWriting = false
  #retry: NodeJS.Timeout | undefined
  #isGone = false
  #lost = 0

  /** @param file a file descriptor */
  constructor(file: number) {
    const other = withoutWaiting(file)
    this.#file = other ?? file
    this.#waits = other === undefined
  }

  /** Takes a line, and writes it soon. */
  write(line: string) {
    if (this.#isGone) return
    if (this.#waiting.length + line.length > room) this.#lost++
    else this.#waiting += line
    if (!this.#isWriting && !this.#retry) this.#next()
  }

  /** Writes what waits, before the process ends; gives up when that fails, or takes longer than a second. */
  flushSync() {
    clearTimeout(this.#retry)
    this.#retry = undefined
    let text = Buffer.from(this.#waiting)
    this.#waiting = ''
    if (!this.#isWriting || !this.#waits) {
      text = Buffer.concat([this.#chunk, text])
      this.#chunk = Buffer.alloc(0)
    }
    const end = performance.now() + farewell
    while (text.length > 0) {
      try {
        text = text.subarray(writeSync(this.#file, text))
      } catch (error) {
        // There is nobody to tell.
        if (!isFull(error as NodeJS.ErrnoException) || performance.now() > end) return
        sleepSync(pause)
      }
    }
  }

  #next() {
    if (this.#chunk.length === 0) {
      this.#chunk = Buffer.from(this.#waiting)
      this.#waiting = ''
    }
    if (this.#chunk.length === 0) return
    this.#isWriting = true
    if (this.#waits) write(this.#file, this.#chunk, this.#ended)
    else setImmediate(this.#writeNow)
  }

  readonly #writeNow = () => {
    try {
      this.#ended(null, writeSync(this.#file, this.#chunk))
    } catch (error) {
      this.#ended(error as NodeJS.ErrnoException, 0)
    }
  }

  readonly #ended = (error: NodeJS.ErrnoException | null, written: number) => {
    this.#isWriting = false
    if (error) {
      this.#failed(error)
      return
    }
    this.#chunk = this.#chunk.subarray(written)
    if (this.#lost > 0) this.#tellLost()
    this.#next()
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
