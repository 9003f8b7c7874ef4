/**
 * Ends the process on a Node.js that the service does not run on, before anything of it is loaded: better-sqlite3 would
 * crash there without a word. It has to be plain JavaScript, and the first import of whoever needs it.
 */
import { readFileSync } from 'node:fs'

/** @type {{ engines: { node: string } }} */
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const least = /\d+/.exec(engines.node)?.[0]

if (Number.parseInt(process.versions.node) < Number(least)) {
  console.error(`Gatehouse needs Node.js ${least} or newer, and this is ${process.version}.`)
  process.exit(1)
}
