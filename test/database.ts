import pg from 'pg'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { migrateUp } from '../core/database/migrator.ts'
import { openDatabase, sqlitePath } from '../core/database/open.ts'
import { temporaryFolder } from './process.ts'

/** The PostgreSQL server that the suite runs on, or undefined: then it runs on SQLite. */
export const postgresServer = process.env['TEST_DATABASE_URL'] || undefined

/** For a test that has a SQLite file of its own whatever the server: it runs once. */
export const sqliteOnly = { skip: postgresServer !== undefined && 'SQLite only' }

/** Runs one statement on the server's own database. */
export async function administer(server: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The URL of another database on this server. */
export function onServer(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = name
  return url.href
}

/** Makes a database; answers its name. */
const create = async (server: string, template?: string): Promise<string> => {
  const name = `gatehouse_test_${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name}${template === undefined ? '' : ` template ${template}`}`)
  return name
}

/** Deletes a database. No test waits for it, but the end of the process does. */
function drop(server: string, name: string) {
  void administer(server, `drop database if exists ${name} with (force)`)
}

/** The URL of a PostgreSQL database of this test's own, dropped when the test ends: empty, or a copy of `template`. */
export async function scratchPostgres(t: Test, server: string, template?: string): Promise<string> {
  const name = await (template === undefined ? create(server) : takeCopy(server, template))
  t.teardown(() => drop(server, name))
  return onServer(server, name)
}

/** A copy of the template that no test has yet: made while the one before it is in use. */
let spare: Promise<string> | undefined

function takeCopy(server: string, template: string): Promise<string> {
  if (spare === undefined) process.once('beforeExit', () => void spare?.then((name) => drop(server, name)))
  const copy = spare ?? create(server, template)
  spare = create(server, template)
  // Whoever takes it is told.
  spare.catch(() => undefined)
  return copy
}

const scratchSqlite = (t: Test) => `file:${join(temporaryFolder(t), 'test.db')}`

/** The DATABASE_URL of an empty database of this test's own, of the kind that the suite runs on. */
export const scratchDatabase = async (t: Test): Promise<string> =>
  postgresServer === undefined ? scratchSqlite(t) : scratchPostgres(t, postgresServer)

/** A SQLite file that has been migrated, made once for all tests of this process and gone when it ends. */
let migrated: Promise<string> | undefined

async function migrateOnce(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'migrated.db')
  const db = openDatabase(`file:${file}`)
  await migrateUp(db)
  await db.destroy()
  return file
}

/** A copy of it. */
async function copySqlite(t: Test): Promise<string> {
  const url = scratchSqlite(t)
  copyFileSync(await (migrated ??= migrateOnce()), sqlitePath(url))
  return url
}

/** The same for a service, whose migrations have been applied: on PostgreSQL once for all processes, by postgres.ts. */
export const serviceDatabase = async (t: Test): Promise<string> =>
  postgresServer === undefined
    ? copySqlite(t)
    : scratchPostgres(t, postgresServer, process.env['TEST_DATABASE_TEMPLATE'])
