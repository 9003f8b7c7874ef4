/**
 * Runs a command of package.json's scripts on the compiled service, which it compiles when a source has changed:
 * `node bin/run.js start | dev | cluster | build | migrate | keys | backup | restore | rescue | doctor`. It runs in this
 * process, so signals reach it and its exit code is this one's.
 */
import './supported.js'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, buildConsole } from './build.js'

const require = createRequire(import.meta.url)

/** The commands that are programs of the compiled service. */
const programs = new Map([
  ['cluster', 'bin/cluster.js'],
  ['migrate', 'bin/migrate.js'],
  ['keys', 'bin/keys.js'],
  ['backup', 'bin/backup.js'],
  ['restore', 'bin/restore.js'],
  ['rescue', 'bin/rescue.js'],
  ['doctor', 'bin/doctor.js']
])

/**
 * Serves an application: `fastify start`.
 * @param {string} app
 */
function serve(app) {
  const address = process.env.HOST || '127.0.0.1'
  const options = ['--address', address, '--log-level', 'info', '--close-grace-delay', '10000', '--options']
  /** @type {{ cli: (args: string[]) => void }} */
  const start = require('fastify-cli/start.js')
  start.cli([...options, app])
}

/** What is set already wins over `.env` of the working folder, and a file that is missing counts for nothing. */
function readEnvironment() {
  try {
    process.loadEnvFile()
  } catch {
    // As in fastify-cli, which reads it for the server.
  }
}

const [command = '', ...args] = process.argv.slice(2)
const program = programs.get(command)
readEnvironment()
if (program !== undefined) {
  const file = join(build(), program)
  process.argv = [process.execPath, file, ...args]
  await import(pathToFileURL(file).href)
} else if (command === 'start') {
  serve(join(build(), 'app.js'))
} else if (command === 'dev') {
  buildConsole()
  serve(fileURLToPath(new URL('../app.ts', import.meta.url)))
} else if (command === 'build') {
  build()
} else {
  console.error(`Usage: node bin/run.js ${['start', 'dev', 'build', ...programs.keys()].join(' | ')}`)
  process.exitCode = 2
}
