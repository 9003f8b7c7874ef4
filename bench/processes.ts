import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Where databases, logs and results go; git-ignored, and on a real disk, as the system's /tmp may not be. */
export const artefacts = fileURLToPath(new URL('../artefacts/bench/', import.meta.url))
mkdirSync(artefacts, { recursive: true })

/** A program of this folder, which Node.js runs as it is. */
export const program = (name: string) => fileURLToPath(new URL(`${name}.ts`, import.meta.url))

const runner = fileURLToPath(new URL('../bin/run.js', import.meta.url))

/** How `npm start` starts the service, compiled, and `npm run start:cluster` several of it. */
export const service = [runner, 'start']
export const serviceCluster = [runner, 'cluster']

/** How many cores there are; asked before this process is kept off one of them, as it would not count then. */
export const cores = availableParallelism()
const allCores = `0-${cores - 1}`

const canPin = cores > 1 && spawnSync('taskset', ['-V']).status === 0

/** Keeps this process, the load generator, off the core that the servers get. Answers whether it could. */
export const stayOffServerCore = () =>
  canPin && spawnSync('taskset', ['-acp', '1', String(process.pid)]).status === 0

/** Lets this process run anywhere again. */
export const leaveCore = () => canPin && spawnSync('taskset', ['-acp', allCores, String(process.pid)])

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}

/** A server in a process of its own. */
export interface Server {
  name: string
  url: string
  /** Processor time used until now, in microseconds; NaN where there is no /proc. */
  cpu(): number
  /** Resident memory in MiB; NaN where there is no /proc. */
  resident(): number
  stop(): Promise<void>
}

const proc = (pid: number, file: string) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** Ticks of user and system time are fields 14 and 15, a hundred a second. */
const cpuOf = (pid: number) => {
  const fields = proc(pid, 'stat').split(') ')[1]?.split(' ')
  return (Number(fields?.[11]) + Number(fields?.[12])) * 10_000
}

const residentOf = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(proc(pid, 'status'))?.[1]) / 1_024

const answers = async (url: string) =>
  fetch(url).then(
    () => true,
    () => false
  )

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** What runs `node ARGUMENTS` on the servers' core, or with `spread` on all cores. */
const nodeOn = (args: string[], spread: boolean) => {
  // Said in either case: a child would inherit the core of the load generator.
  const command = canPin ? ['taskset', '-c', spread ? allCores : '0', process.execPath] : [process.execPath]
  const [executable = '', ...rest] = [...command, ...args]
  return [executable, rest] as const
}

/** Runs `node ARGUMENTS` on the servers' core to its end; answers what it prints. */
export async function runBeside(args: string[], env: Record<string, string>, input: string): Promise<string> {
  const [executable, rest] = nodeOn(args, false)
  const child = spawn(executable, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...env }
  })
  child.stdin.end(input)
  return text(child.stdout)
}

/** Starts `node ARGUMENTS` on the servers' core, or with `spread` on all cores, and waits until it answers. */
export async function start(
  name: string,
  args: string[],
  env: Record<string, string> = {},
  { spread = false } = {}
): Promise<Server> {
  const port = await freePort()
  const log = openSync(`${artefacts}${name.replaceAll(/\W+/g, '-')}.log`, 'w')
  const [executable, rest] = nodeOn(args, spread)
  const child = spawn(executable, rest, {
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), ...env }
  })
  closeSync(log)
  running.add(child)
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`${name} did not start: see its log in ${artefacts}`)
    await setTimeout(50)
  }
  const { pid = 0 } = child
  return {
    name,
    url,
    cpu: () => cpuOf(pid),
    resident: () => residentOf(pid),
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      running.delete(child)
    }
  }
}
