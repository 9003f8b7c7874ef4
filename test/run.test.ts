import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Test, test } from 'tap'
import { announced, argumentsOf, build, environmentWith, root, run, temporaryFolder } from './process.ts'

/** A Node.js of this machine that is too old for the service; npm test runs on the one of node_modules. */
const tooOld = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((file) => existsSync(file) && !realpathSync(file).startsWith(root))
  .find((file) => Number.parseInt(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.slice(1)) < 22)

test(
  'a Node.js that is too old is told in one line, before anything is loaded',
  { skip: tooOld === undefined && 'no Node.js older than 22 is on this machine' },
  async (t) => {
    build()
    const fastify = [join(root, 'node_modules/fastify-cli/cli.js'), 'start', join(root, 'dist/app.js')]
    for (const args of [
      ...['start', 'start:cluster', 'doctor', 'migrate'].map((name) => argumentsOf(name)),
      fastify
    ]) {
      const old = run(t, tooOld ?? '', args, { cwd: temporaryFolder(t) })
      t.same(await old.exited, { code: 1, signal: null })
      t.match(old.output(), /^Gatehouse needs Node\.js 22 or newer, and this is v\d+\.\d+\.\d+\.\n$/)
    }
  }
)

/** The folders that the service is compiled of. */
const sources = ['bin', 'core', 'migrations', 'plugins', 'routes', 'schemas', 'server']

/** A copy of the service with its packages, but for those that `left` is true of, in a folder with an awkward name. */
function copy(t: Test, left: (name: string) => boolean = () => false): string {
  const folder = join(temporaryFolder(t), 'C# projects', 'what? 100%')
  mkdirSync(folder, { recursive: true })
  for (const name of ['app.ts', ...sources]) cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, name), join(folder, name))
  const packages = join(root, 'node_modules')
  for (const name of readdirSync(packages))
    for (const entry of name.startsWith('@')
      ? readdirSync(join(packages, name)).map((own) => join(name, own))
      : [name]) {
      if (left(entry)) continue
      mkdirSync(join(folder, 'node_modules', entry, '..'), { recursive: true })
      symlinkSync(join(packages, entry), join(folder, 'node_modules', entry), 'junction')
    }
  return folder
}

const env = { PORT: '0', DATABASE_URL: ':memory:', BCRYPT_COST: '4' }

/** Runs a script of package.json in a folder that has the service. */
const script = (t: Test, folder: string, name: string, more: Record<string, string> = {}) =>
  run(t, process.execPath, argumentsOf(name, folder), { cwd: folder, env: { ...env, ...more } })

const signIn = async (url: string) => {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'password123' })
  })
  return response.status
}

test('a server keeps what it was started from while its sources change and another one starts', async (t) => {
  const folder = copy(t)
  build()
  // The same sources are compiled already.
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  const compiled = () =>
    readdirSync(join(folder, 'dist'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const before = compiled().length
  writeFileSync(join(folder, '.env'), 'HOST=127.0.0.2\n')
  const first = await announced(script(t, folder, 'start'))
  t.match(first.url, '//127.0.0.2:', 'HOST of .env counts')

  renameSync(join(folder, 'core/passwords/worker.ts'), join(folder, 'core/passwords/thread.ts'))
  const hashing = join(folder, 'core/passwords/hashing.ts')
  writeFileSync(hashing, readFileSync(hashing, 'utf8').replace('`worker', '`thread'))
  // Checking the types takes most of a compilation.
  const config = join(folder, 'tsconfig.build.json')
  const checking = readFileSync(config, 'utf8')
  writeFileSync(config, checking.replace('"compilerOptions": {', '"compilerOptions": { "noCheck": true,'))
  const second = await announced(run(t, 'npm', ['start'], { cwd: folder, env }))
  t.equal(compiled().length, before + 1)
  // Each has yet to load the file that hashes, under the name that it had.
  t.equal(await signIn(first.url), 200)
  t.equal(await signIn(second.url), 200)
  t.same(await first.stop(), { code: 0, signal: null })
  t.same(
    await second.stop(),
    { code: 0, signal: null },
    'a signal to npm reaches the server, and its exit code npm'
  )

  writeFileSync(config, checking)
  // Nothing else is compiled with it, which would take long.
  for (const name of sources)
    for (const file of readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.ts')) rmSync(join(folder, name, file))
  writeFileSync(join(folder, 'app.ts'), 'export {}\n')
  writeFileSync(join(folder, 'core/paging/broken.ts'), 'export const broken: number = "no"\n')
  const broken = script(t, folder, 'start')
  t.not((await broken.exited).code, 0)
  t.match(broken.output(), 'core/paging/broken.ts')
  t.match(
    spawnSync('fastify', ['print-plugins', 'dist/app.js'], {
      cwd: folder,
      env: environmentWith({}),
      encoding: 'utf8'
    }).stdout,
    'rbac',
    'what was compiled before is still there'
  )
})

test('without its development packages the service serves what is compiled, or says what to do', async (t) => {
  const tools = Object.keys(
    (JSON.parse(readFileSync(join(root, 'tools/package.json'), 'utf8')) as { devDependencies: object })
      .devDependencies
  )
  const folder = copy(t, (name) => tools.includes(name))
  const nothing = script(t, folder, 'start')
  t.same(await nothing.exited, { code: 1, signal: null })
  t.match(nothing.output(), /^There is no dist\/ here.* run npm ci --include=dev, or copy .*\n$/)

  mkdirSync(join(folder, 'tools'))
  for (const name of ['install.js', 'package.json', 'package-lock.json'])
    cpSync(join(root, 'tools', name), join(folder, 'tools', name))
  const tool = run(t, process.execPath, [join(folder, 'tools/install.js')], { cwd: folder })
  t.same(await tool.exited, { code: 1, signal: null })
  t.match(tool.output(), /^Not installed is .*typescript.* run npm ci --include=dev\.\n$/)

  build()
  const newest = readFileSync(join(root, 'dist/newest'), 'utf8')
  writeFileSync(join(root, 'dist', newest, 'sources'), 'as an older release noted it')
  build()
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  const same = script(t, folder, 'keys')
  t.same(await same.exited, { code: 0, signal: null })
  t.notMatch(same.output(), 'other sources')
  writeFileSync(join(folder, 'core/paging/newer.ts'), 'export const newer = true\n')
  const other = script(t, folder, 'keys')
  t.same(await other.exited, { code: 0, signal: null })
  t.match(other.output(), /^dist\/ was compiled from other sources than are here: run npm ci --include=dev/)
  rmSync(join(folder, 'core'), { recursive: true })
  const server = await announced(script(t, folder, 'start'))
  t.notMatch(server.output(), 'other sources')
  t.equal(await signIn(server.url), 200)
  t.same(await server.stop(), { code: 0, signal: null })

  rmSync(join(folder, 'node_modules'), { recursive: true })
  const empty = script(t, folder, 'doctor')
  t.same(await empty.exited, { code: 1, signal: null })
  t.equal(empty.output(), 'Nothing is installed here yet: run npm ci first.\n')
})

test('traces are tried with the packages that the service says to install', async (t) => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'tools/package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const source = readFileSync(join(root, 'plugins/telemetry.ts'), 'utf8')
  for (const [name, version] of Object.entries(devDependencies))
    if (/otel|opentelemetry/.test(name)) t.match(source, `'${name}@${version}'`)
})

test('npm ci compiles nothing, whichever npm it is', async (t) => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { gypfile?: boolean }>
  }
  // npm 10 looks for a compiler otherwise, and for Python, though there is nothing to compile.
  const { gypfile } = packages['node_modules/better-sqlite3'] ?? {}
  t.equal(
    gypfile,
    false,
    'npm install drops "gypfile": false of better-sqlite3 from package-lock.json: put it back'
  )
})
