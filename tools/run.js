/** Runs a command of a package in tools/package.json: `node tools/run.js COMMAND ARGUMENTS`. Installs them all before. */
import './install.js'
import { readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @param {string} path @returns {{ devDependencies: Record<string, string>, bin?: string | Record<string, string> }} */
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

/** Where the program of a command is. @param {string} command */
function find(command) {
  for (const name of Object.keys(read('package.json').devDependencies)) {
    const { bin = {} } = read(`node_modules/${name}/package.json`)
    const file = typeof bin === 'string' ? { [name]: bin }[command] : bin[command]
    if (file !== undefined) return new URL(`node_modules/${name}/${file}`, import.meta.url)
  }
  return undefined
}

const [command = '', ...args] = process.argv.slice(2)
const program = find(command)
if (program === undefined) {
  console.error(`No package in tools/package.json has a command ${command}`)
  process.exit(2)
}
// As npm would: oxlint starts tsgolint, which knows the types.
const siblings = fileURLToPath(new URL('node_modules/.bin', import.meta.url))
process.env['PATH'] = [process.env['PATH'], siblings].join(delimiter)
process.argv = [process.execPath, fileURLToPath(program), ...args]
await import(program.href)
