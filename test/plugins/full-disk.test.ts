import { sql } from 'kysely'
import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'

/** A sign-in: it writes. */
const credentials = { username: 'admin', password: 'password123' }

const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0

/** How the room for a database ends, and is there again. */
interface Room {
  end(): void
  restore(): void
}

/** Asks a service whose database has no room left for what it can do without, and then with room. */
async function withoutRoom(t: Test, file: string, room: Room) {
  const { app, as, db } = await build(t, { DATABASE_URL: `file:${file}` })
  t.teardown(() => app.close())
  const headers = await as('admin')
  const sessions = async () => (await db.selectFrom('sessions').select('id').execute()).length
  const before = await sessions()
  room.end()

  // The first ones may still find room in pages that are there already.
  let refused = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  let signedIn = 0
  for (; refused.statusCode === 200 && signedIn < 9; signedIn++)
    refused = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['retry-after'], '60')
  t.match(refused.json(), { code: 'STORAGE_FULL' })
  t.equal(await sessions(), before + signedIn, 'what was acknowledged is there, and no more')
  t.equal((await app.inject({ url: '/audit', headers })).statusCode, 200)

  room.restore()
  const again = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  t.equal(again.statusCode, 200)
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
  t.same(rows, [{ integrity_check: 'ok' }])
}

test('where no file may grow, reads answer, a write is 503 and leaves nothing, and room is found by itself', async (t) => {
  const file = join(temporaryFolder(t), 'full.db')
  const mostBytes = (bytes: string) => {
    if (!succeeds('prlimit', `--pid=${process.pid}`, `--fsize=${bytes}:`)) throw new Error('no prlimit')
  }
  // Whoever does not take the signal is ended by it.
  const survive = () => undefined
  process.on('SIGXFSZ', survive)
  t.teardown(() => {
    mostBytes('unlimited')
    process.off('SIGXFSZ', survive)
  })
  await withoutRoom(t, file, {
    end: () => mostBytes(String(statSync(`${file}-wal`).size)),
    restore: () => mostBytes('unlimited')
  })
})

test('on a full disk it is the same', async (t) => {
  const disk = temporaryFolder(t)
  if (!succeeds('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk)) {
    t.pass('skipped', { skip: 'no right to mount a small disk' })
    return
  }
  t.teardown(() => succeeds('umount', disk))
  const ballast = join(disk, 'ballast')
  await withoutRoom(t, join(disk, 'full.db'), {
    end: () => {
      const { bavail, bsize } = statfsSync(disk)
      writeFileSync(ballast, Buffer.alloc(bavail * bsize))
    },
    restore: () => rmSync(ballast)
  })
})
