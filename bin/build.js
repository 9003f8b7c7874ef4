/**
 * Compiles the service and the console, each state of their sources into a folder of its own below dist/ and
 * dist/console/. A server keeps the folders that it was started from, whatever is compiled beside them. dist/app.js is the
 * newest.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const require = createRequire(import.meta.url)

/** What was compiled and not started for so long is deleted, in milliseconds. */
const kept = 30 * 24 * 60 * 60 * 1_000

/** `fastify start dist/app.js` and its print-routes take this file; bin/run.js goes to the folder at once. */
const entry = `import '../bin/supported.js'
import { readFileSync } from 'node:fs'

const newest = readFileSync(new URL('newest', import.meta.url), 'utf8')
const service = await import(\`./\${newest}/app.js\`)
export const options = service.options
export default service.default
`

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message)
  process.exit(1)
}

/** @param {string} name @returns {string | undefined} */
function locate(name) {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

/** @param {string} file */
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

/** Writes a file at once: nobody reads half of it. @param {string} file @param {string} text */
function write(file, text) {
  if (read(file) === text) return
  writeFileSync(`${file}.${process.pid}`, text)
  renameSync(`${file}.${process.pid}`, file)
}

/** @param {string} path @returns {string[]} */
const filesOf = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path]

/** The name of what a program makes of these files. @param {string} program @param {...string} files */
function fingerprint(program, ...files) {
  const hash = createHash('sha256').update(readFileSync(program))
  for (const file of files.sort())
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

/** The files that the service is compiled of. */
function sources() {
  const config = join(root, 'tsconfig.build.json')
  /** @type {{ include: string[] }} */
  const { include } = JSON.parse(readFileSync(config, 'utf8'))
  const files = include.flatMap((name) => filesOf(join(root, name))).filter((file) => file.endsWith('.ts'))
  return [config, join(root, 'tsconfig.json'), ...files]
}

/** The name of the compiled service: another one when a source, an option or the compiler is another. @param {string} compiler */
const serviceName = (compiler) => fingerprint(compiler, ...sources())

/** The name of the sources alone, in a file of their build: whether it is theirs can be told without the compiler. */
const sourcesName = () => fingerprint(join(root, 'tsconfig.build.json'), ...sources())

/** The name of the built console, likewise; its packages are among its sources. @param {string} vite */
function consoleName(vite) {
  const sources = ['console', 'client/src', 'tsconfig.json', 'package-lock.json']
  return fingerprint(
    vite,
    ...sources.flatMap((name) => filesOf(join(root, name))).filter((file) => statSync(file).isFile())
  )
}

/** Runs a compiler that writes into a new folder; answers whether it could. @param {string} folder @param {(draft: string) => string[]} argumentsFor */
function make(folder, argumentsFor) {
  const draft = `${folder}.${process.pid}`
  const { status } = spawnSync(process.execPath, argumentsFor(draft), { cwd: root, stdio: 'inherit' })
  try {
    if (status === 0) renameSync(draft, folder)
  } catch (error) {
    // Another process has compiled the same in the meantime.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return status === 0
}

/** Deletes what nobody has started for long, but for these: an instance may run from the one before. @param {string} home @param {...(string | undefined)} names */
function tidy(home, ...names) {
  for (const entry of readdirSync(home, { withFileTypes: true })) {
    const folder = join(home, entry.name)
    if (entry.isDirectory() && !names.includes(entry.name) && statSync(folder).mtimeMs < Date.now() - kept)
      rmSync(folder, { recursive: true, force: true })
  }
}

/** Notes that a folder is in use. @param {string} folder */
function touch(folder) {
  try {
    utimesSync(folder, new Date(), new Date())
  } catch {
    // The service starts from a disk that is read-only too.
  }
}

/**
 * Makes what has not been made yet, and notes it as the newest; answers its folder, undefined when it could not.
 * @param {string} home @param {string} name @param {(draft: string) => string[]} argumentsFor
 */
function update(home, name, argumentsFor) {
  const newest = join(home, 'newest')
  const before = read(newest)
  const folder = join(home, name)
  if (!existsSync(folder)) {
    mkdirSync(home, { recursive: true })
    if (!make(folder, argumentsFor)) return undefined
    tidy(home, name, before, 'console')
  }
  write(newest, name)
  touch(folder)
  return folder
}

/** Builds the console, unless that has been done or nothing is here to do it with. */
export function buildConsole() {
  const vite = locate('vite/package.json')
  if (vite === undefined || !existsSync(join(root, 'console'))) return
  const folder = update(join(dist, 'console'), consoleName(vite), (draft) => [
    join(vite, '../bin/vite.js'),
    ...['build', '--config', 'console/vite.config.ts', '--outDir', draft, '--logLevel', 'warn']
  ])
  // Vite takes not every name of a folder (`what?`); the service starts in all.
  if (folder === undefined) console.error('The console could not be built here: the service does without it.')
}

/** The newest that has been compiled, where there is no compiler. */
function findBuild() {
  const newest = read(join(dist, 'newest'))
  const folder = newest && join(dist, newest)
  if (!folder || !existsSync(folder))
    fail(
      'There is no dist/ here, nor what compiles it, which npm ci leaves out under NODE_ENV=production: run npm ci --include=dev, or copy the dist/ of a build.'
    )
  // An image may have the build alone.
  const hasSources = existsSync(join(root, 'app.ts')) && existsSync(join(root, 'core'))
  const made = read(join(folder, 'sources'))
  if (hasSources && made !== undefined && made !== sourcesName())
    console.error(
      'dist/ was compiled from other sources than are here: run npm ci --include=dev && npm run build.'
    )
  return folder
}

/** Compiles what has not been compiled yet; answers the folder. Where there is no compiler, the newest that is there. */
export function build() {
  if (locate('fastify-cli/start.js') === undefined) fail('Nothing is installed here yet: run npm ci first.')
  const compiler = locate('typescript/package.json')
  if (compiler === undefined) return findBuild()
  buildConsole()
  const folder = update(dist, serviceName(compiler), (draft) => [
    join(compiler, '../bin/tsc'),
    ...['-p', 'tsconfig.build.json', '--outDir', draft]
  ])
  if (folder === undefined) process.exit(1)
  // Which sources it is of, for a start that has no compiler.
  write(join(folder, 'sources'), sourcesName())
  write(join(dist, 'app.js'), entry)
  return folder
}
