import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** What Node.js is given by a script of package.json, `node FILE ARGUMENTS`, wherever it runs; FILE is below `folder`. */
export function argumentsOf(script: string, folder = root): string[] {
  const [program, file = '', ...args] = scripts[script]?.replace(/^exec /, '').split(' ') ?? []
  if (program !== 'node') throw new Error(`${script} runs ${program ?? 'nothing'}`)
  return [join(folder, file), ...args]
}

/** Compiles dist/, unless it is. */
export const build = () =>
  execFileSync(process.execPath, argumentsOf('build'), { cwd: root, stdio: 'inherit' })

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
    PATH: [
      dirname(process.execPath),
      join(root, 'node_modules/.bin'),
      join(root, 'tools/node_modules/.bin'),
      process.env['PATH']
    ].join(delimiter),
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

interface ServerOptions {
  env?: Record<string, string>
  /** Where its data is: a fresh folder unless given. */
  cwd?: string
  /** The script that starts it; `start` unless given. */
  script?: 'start' | 'start:cluster'
}

/** What a server has unless its test says otherwise: a free port, and patience with a busy machine. */
const unhurried = { PORT: '0', ANALYTICS: 'off', MAX_EVENT_LOOP_DELAY: '0' }

/** Starts the compiled server as `npm start` does; it may be about to refuse to. */
export function launchServer(
  t: Test,
  { env = {}, cwd = temporaryFolder(t), script = 'start' }: ServerOptions = {}
) {
  return { ...run(t, process.execPath, argumentsOf(script), { cwd, env: { ...unhurried, ...env } }), cwd }
}

/** Starts the compiled server on a terminal of its own, which closes when what this answers is killed. */
export function launchOnTerminal(t: Test, { env = {}, cwd = temporaryFolder(t) }: ServerOptions = {}) {
  const line = [process.execPath, ...argumentsOf('start')].map((part) => `'${part}'`).join(' ')
  const started = run(t, 'script', ['-qefc', `exec ${line}`, '/dev/null'], {
    cwd,
    env: { ...unhurried, ...env }
  })
  return { ...started, cwd }
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

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}
