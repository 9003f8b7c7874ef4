import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Where databases, logs and results go; git-ignored, and on a real disk, as the system's /tmp may not be. */
export const artefacts = fileURLToPath(new URL('../../artefacts/bench/', import.meta.url))
mkdirSync(artefacts, { recursive: true })

/** The compiled program of the service or of this folder. */
export const compiled = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const cli = fileURLToPath(new URL('../../node_modules/fastify-cli/cli.js', import.meta.url))

/** How `npm start` starts the service. */
export const service = [cli, 'start', '--log-level', 'info', '--options', compiled('app.js')]

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

/** Starts `node ARGUMENTS` on the servers' core, or with `spread` on all cores, and waits until it answers. */
export async function start(
  name: string,
  args: string[],
  env: Record<string, string> = {},
  { spread = false } = {}
): Promise<Server> {
  const port = await freePort()
  const log = openSync(`${artefacts}${name.replaceAll(/\W+/g, '-')}.log`, 'w')
  // Said in either case: a child would inherit the core of the load generator.
  const allowed = spread ? allCores : '0'
  const command = canPin ? ['taskset', '-c', allowed, process.execPath] : [process.execPath]
  const [program = '', ...rest] = [...command, ...args]
  const child = spawn(program, rest, {
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
