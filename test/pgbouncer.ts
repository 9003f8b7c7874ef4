import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from './process.ts'

const program = ['/usr/sbin/pgbouncer', 'pgbouncer'].find(
  (path) => spawnSync(path, ['--version']).status === 0
)

/** Why no test can go through PgBouncer here; undefined where it is installed. */
export const noPgbouncer = program === undefined ? 'PgBouncer is not installed' : undefined

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts a PgBouncer that hands out connections by transaction, fewer than its clients want; answers the URL of a database through it. */
export async function startPgbouncer(t: Test, target: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(target)
  const folder = temporaryFolder(t)
  const file = join(folder, 'pgbouncer.ini')
  const listen = await freePort()
  const secret = password === '' ? '' : ` password=${decodeURIComponent(password)}`
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${port || '5432'} user=${username}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
`
  )
  // It refuses to run as root.
  chmodSync(folder, 0o755)
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const bouncer = spawn(program ?? '', [...asNobody, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(bouncer, 'exit')
  t.teardown(async () => {
    bouncer.kill('SIGKILL')
    await exited
  })
  let log = ''
  for await (const chunk of bouncer.stderr.setEncoding('utf8')) {
    log += String(chunk)
    if (log.includes('process up')) break
  }
  if (!log.includes('process up')) throw new Error(`PgBouncer did not start: ${log}`)
  return `postgres://${username}@127.0.0.1:${listen}${pathname}`
}
