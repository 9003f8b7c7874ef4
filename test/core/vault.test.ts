import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { test, type Test } from 'tap'
import { loadConfig } from '../../core/config/load.ts'
import { openDatabase } from '../../core/database/open.ts'
import { reseal } from '../../core/vault/reseal.ts'
import { dataKeys, makeSeal, SealBroken } from '../../core/vault/vault.ts'
import { scratchDatabase } from '../database.ts'
import { temporaryFolder } from '../process.ts'

const [old, young] = [randomBytes(32), randomBytes(32)]
/** Fails the test unless a value does not open. */
function refuses(t: Test, open: () => string, about = 'it does not open') {
  try {
    t.fail(`opened: ${open()}`)
  } catch (error) {
    t.ok(error instanceof SealBroken, about)
  }
}

/** What the boot says of a configuration that it refuses. */
function refusal(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    return String(error)
  }
  return ''
}

const place = { table: 'factors', column: 'secret', row: 7 }

test('what is sealed opens at its place alone, for its purpose alone, and unchanged alone', async (t) => {
  const ours = makeSeal([old], 'factors')
  const sealed = ours.seal('a seed', place)
  t.notMatch(sealed, /seed/)
  t.not(ours.seal('a seed', place), sealed, 'the same text is never sealed to the same value')
  t.equal(ours.open(sealed, place), 'a seed')
  t.equal(ours.open(ours.seal('', place), place), '')

  for (const other of [
    { row: 8 },
    { column: 'name' },
    { table: 'keys' },
    { table: 'factors","secret', column: '' }
  ])
    refuses(t, () => ours.open(sealed, { ...place, ...other }))
  refuses(t, () => makeSeal([old], 'keys').open(sealed, place), 'another purpose')
  refuses(t, () => makeSeal([young], 'factors').open(sealed, place), 'another key')
  for (const [index, letter] of Array.from(sealed).entries()) {
    // The last letter has bits that say nothing.
    if (index === sealed.length - 1) continue
    const changed = sealed.slice(0, index) + (letter === 'A' ? 'B' : 'A') + sealed.slice(index + 1)
    refuses(t, () => ours.open(changed, place))
  }
  for (const wrong of ['', '.', sealed.slice(0, 20), `${sealed}AAAA`])
    refuses(t, () => ours.open(wrong, place))
})

test('a key that was replaced opens, and what it sealed is sealed anew', async (t) => {
  const db = openDatabase(await scratchDatabase(t))
  t.teardown(() => db.destroy())
  await sql`create table secrets (id integer primary key not null, value text)`.execute(db)
  const before = makeSeal([old], 'secrets')
  const at = (row: number) => ({ table: 'secrets', column: 'value', row })
  const values = Array.from({ length: 450 }, (_, index) => {
    const id = index + 1
    return sql`(${id}, ${id % 10 === 0 ? null : before.seal(`secret ${id}`, at(id))})`
  })
  await sql`insert into secrets (id, value) values ${sql.join(values)}`.execute(db)

  const after = makeSeal([young, old], 'secrets')
  const column = { table: 'secrets', key: 'id', column: 'value', purpose: 'secrets' }
  t.equal(await reseal(db, column, after), 405)
  t.equal(await reseal(db, column, after), 0)
  const { rows } = await sql<{ id: number; value: string | null }>`select id, value from secrets`.execute(db)
  const alone = makeSeal([young], 'secrets')
  for (const { id, value } of rows) {
    if (id % 10 === 0) t.equal(value, null)
    else t.equal(alone.open(value ?? '', at(id)), `secret ${id}`)
  }
  await t.rejects(reseal(db, column, before), { message: /neither DATA_KEY nor/ })
})

test('in development the key is made once beside the database, in production it has to be set', async (t) => {
  const folder = temporaryFolder(t)
  const DATABASE_URL = `file:${join(folder, 'gatehouse.db')}`
  const config = loadConfig({ DATABASE_URL })
  const [key] = dataKeys(config)
  t.equal(key.length, 32)
  t.same(dataKeys(config), [key])
  const file = join(folder, 'data.key')
  if (process.platform !== 'win32') t.equal(statSync(file).mode & 0o777, 0o600)
  const kept = readFileSync(file)
  writeFileSync(file, 'x')
  t.throws(() => dataKeys(config), { message: /data\.key is damaged/ })
  writeFileSync(file, kept)

  const production = { DATABASE_URL, NODE_ENV: 'production', JWT_SECRET: 'Zk3vQ8wT1xN6yB9mR4cH7jL2pF5sD0gA' }
  t.match(refusal(production), /DATA_KEY must be set/)
  const DATA_KEY = young.toString('base64')
  const set = loadConfig({ ...production, DATA_KEY, DATA_PREVIOUS_KEYS: old.toString('base64url') })
  t.same(dataKeys(set), [young, old])
})

test('a key that is none, or that nobody drew at random, is refused without being shown', async (t) => {
  const weak = [Buffer.alloc(32).toString('base64'), randomBytes(31).toString('base64'), 'hunter2'.repeat(6)]
  for (const value of weak)
    for (const name of ['DATA_KEY', 'DATA_PREVIOUS_KEYS']) {
      const said = refusal({ [name]: value })
      t.match(said, name)
      t.notOk(said.includes(value))
    }
})
