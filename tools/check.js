/** Runs what is checked before any test, as much of it at once as there are cores: types, lint, and the build that the tests start. */
import './install.js'
import { exec } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The longest first. */
const commands = [
  'npm run --silent lint:form',
  'npm run --silent lint:code',
  'tsc',
  'npm run --silent build',
  'npm run --silent lint:imports',
  'tsc -p console'
]

/** @param {string} command @returns {Promise<boolean>} whether it has found nothing */
const check = (command) =>
  new Promise((resolve) => {
    exec(
      command,
      { cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 2 ** 26 },
      (error, out, said) => {
        console.log(`${error ? 'failed' : 'passed'}: ${command}`)
        process.stdout.write(out + said)
        resolve(error === null)
      }
    )
  })

const waiting = [...commands]

/** Takes one command after the other until none is left. */
async function work() {
  let passed = true
  for (let command = waiting.shift(); command !== undefined; command = waiting.shift())
    passed = (await check(command)) && passed
  return passed
}

const outcomes = await Promise.all(Array.from({ length: availableParallelism() }, work))
process.exitCode = outcomes.every(Boolean) ? 0 : 1
