/**
 * What `npm test` shows: a line for each test file once it has ended, each failure where it happens and again at the end,
 * and what was left out and why. Each assertion is shown with `--reporter=tap`.
 */
import { Transform } from 'node:stream'
import { inspect } from 'node:util'
import { Parser } from 'tap-parser'

/** @typedef {Omit<import('tap-parser').Result, 'diag'> & { diag: Record<string, unknown> | null }} Result */

/** @param {number | null} ms */
const seconds = (ms) => `${((ms ?? 0) / 1000).toFixed(1)} s`

/** @param {string} text */
const indented = (text) => text.replaceAll(/^(?=.)/gm, '    ')

/** @param {Record<string, unknown> | null} about */
const details = (about) =>
  Object.entries(about ?? {})
    .map(([name, value]) => {
      const said = typeof value === 'string' ? value : inspect(value, { depth: 8, breakLength: 100 })
      return indented(said.includes('\n') ? `${name}:\n${indented(said.trimEnd())}` : `${name}: ${said}`)
    })
    .join('\n')

/** How many lines of a failure are told once more at the end. */
const most = 20

/** @param {string} failure */
function inShort(failure) {
  const lines = failure.split('\n')
  return lines.length > most ? [...lines.slice(0, most), '    …'].join('\n') : failure
}

/** Takes TAP, and gives what people read. */
export default class Report extends Transform {
  /** @type {string[]} */
  #failures = []
  /** How often something was left out, by the reason. @type {Map<string, number>} */
  #skipped = new Map()
  #passed = 0
  #files = 0
  #parser = new Parser()

  constructor() {
    super({ decodeStrings: false })
    this.#follow(this.#parser, [])
  }

  /**
   * A test that fails as something in it has failed is no failure of its own.
   * @param {Parser} parser @param {string[]} path the names of what it is in
   */
  #follow(parser, path) {
    let before = 0
    let inside = false
    parser.on('child', (/** @type {Parser} */ child) => {
      before = this.#failures.length
      inside = true
      this.#follow(child, [...path, child.name])
    })
    parser.on('assert', (/** @type {Result} */ result) => {
      const { ok, name, skip, todo } = result
      if (skip) this.#skip(skip)
      else if (ok && !inside) this.#passed++
      else if (!ok && !todo && !(inside && this.#failures.length > before))
        this.#fail([...path, name], details(result.diag))
      if (path.length === 0) this.#end(result)
      inside = false
    })
    parser.on('bailout', (/** @type {string} */ reason) => {
      if (path.length === 0) this.#fail(['Bail out!', reason], '')
    })
  }

  /** @param {string | true} reason */
  #skip(reason) {
    const why = reason === true ? 'no reason given' : reason
    this.#skipped.set(why, (this.#skipped.get(why) ?? 0) + 1)
  }

  /** @param {string[]} path @param {string} about */
  #fail(path, about) {
    const failure = `not ok: ${path.join(' > ')}\n${about}`.trimEnd()
    this.#failures.push(failure)
    this.push(`${failure}\n`)
  }

  /** @param {Result} file */
  #end({ ok, name, time }) {
    this.#files++
    this.push(`${ok ? 'ok' : 'not ok'} ${name} (${seconds(time)})\n`)
  }

  /** @override @param {string} tap @param {BufferEncoding} _encoding @param {() => void} done */
  _transform(tap, _encoding, done) {
    this.#parser.write(tap)
    done()
  }

  /** @override @param {() => void} done */
  _flush(done) {
    this.#parser.end()
    const skipped = [...this.#skipped.values()].reduce((sum, count) => sum + count, 0)
    this.push(
      [
        '',
        ...[...this.#skipped].map(([why, count]) => `skipped ${count}: ${why}`),
        ...this.#failures.map(inShort),
        `${this.#files} files in ${seconds(this.#parser.time)}: ${this.#passed} passed, ${this.#failures.length} failed, ${skipped} skipped`,
        ''
      ].join('\n')
    )
    done()
  }
}
