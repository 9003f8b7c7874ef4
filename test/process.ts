import Sqlite from 'better-sqlite3'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const { scripts } = read('package.json') as { scripts: Record<'start' | 'start:cluster', string> }
const { include } = read('tsconfig.build.json') as { include: string[] }

/** When the newest file or folder below was changed, in milliseconds since the epoch. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

// Kept for the life of the process: on Node 24.19 and later, better-sqlite3 12 aborts when a database is collected.
let lock: Sqlite.Database | undefined

/** Compiles dist/ when it is older than its sources. Of several test files that want it at once, one compiles. */
export function build() {
  // An open transaction is a lock that the system takes back from a process that dies.
  lock ??= new Sqlite(join(root, 'node_modules/.build-lock'), { timeout: 300_000 })
  lock.exec('BEGIN EXCLUSIVE')
  try {
    const entry = join(root, 'dist/app.js')
    const inputs = [...include, 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
      newest(join(root, name))
    )
    if (!existsSync(entry) || statSync(entry).mtimeMs < Math.max(...inputs)) {
      execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
    }
  } finally {
    lock.exec('COMMIT')
  }
}

/** A folder of this test alone, gone when the test has ended. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The environment of a process: what a shell has, without what would configure the service, and `env`. */
export function environmentWith(env: Record<string, string>): NodeJS.ProcessEnv {
  return {
    // The same Node.js as this one runs, and the tools of the repository.
    PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    HOME: process.env['HOME'],
    ...env
  }
}

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** What a test may do with a process that it started. */
export interface Running {
  child: ChildProcess
  /** What it has printed so far, on both streams. */
  output: () => string
  /** Resolves when it has ended and its output is complete. */
  exited: Promise<Exit>
  /** Sends a signal, SIGTERM unless told otherwise, and waits for the end. */
  stop: (signal?: NodeJS.Signals) => Promise<Exit>
}

/** Runs a program; it is killed when the test ends, should it still run. */
export function run(
  t: Test,
  command: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string> }
): Running {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environmentWith(options.env ?? {}),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return {
    child,
    output: () => text,
    exited,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    }
  }
}

/** How a script runs the compiled server, but for the building. */
const startCommand = (script: keyof typeof scripts) =>
  scripts[script].split('&&').at(-1)?.replace('dist/', join(root, 'dist/')) ?? ''

interface ServerOptions {
  env?: Record<string, string>
  /** Where its data is: a fresh folder unless given. */
  cwd?: string
  /** The script that starts it; `start` unless given. */
  script?: keyof typeof scripts
}

/** Starts the compiled server as `npm start` does, on a free port; it may be about to refuse to. */
export function launchServer(
  t: Test,
  { env = {}, cwd = temporaryFolder(t), script = 'start' }: ServerOptions = {}
) {
  build()
  return { ...run(t, 'sh', ['-c', startCommand(script)], { cwd, env: { PORT: '0', ...env } }), cwd }
}

/** Waits until a server listens, and answers its address too. Rejects with its output if it ends. */
export async function announced<S extends Running>(server: S) {
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = /Gatehouse API (http:\/\/[^ "]+)/.exec(server.output())
      if (found?.[1]) resolve(found[1])
    }
    server.child.stdout?.on('data', look)
    void server.exited.then(({ code }) =>
      reject(new Error(`the server ended with ${code}:\n${server.output()}`))
    )
  })
  return { ...server, url }
}

/** Starts the server as launchServer does, and waits until it listens. */
export const startServer = (t: Test, options: ServerOptions = {}) => announced(launchServer(t, options))
