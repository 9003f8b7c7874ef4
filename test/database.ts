import pg from 'pg'
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'

/** The PostgreSQL server that the suite runs on, or undefined: then it runs on SQLite. */
export const postgresServer = process.env['TEST_DATABASE_URL'] || undefined

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

/** The URL of an empty PostgreSQL database of this test's own, dropped when the test ends. */
export async function scratchPostgres(t: Test, server: string): Promise<string> {
  const name = `gatehouse_test_${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name}`)
  t.teardown(() => administer(server, `drop database if exists ${name} with (force)`))
  const url = new URL(server)
  url.pathname = name
  return url.href
}

/** The DATABASE_URL of an empty database of this test's own, of the kind that the suite runs on. */
export const scratchDatabase = async (t: Test): Promise<string> =>
  postgresServer === undefined ? ':memory:' : scratchPostgres(t, postgresServer)
