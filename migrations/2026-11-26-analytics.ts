import { type Kysely, PostgresAdapter } from 'kysely'

const buckets = Array.from({ length: 12 }, (_, index) => `b${index + 1}`)

// Sums that every process adds to. They are read by what they are of, over a span of time; deleted by their age.
export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const instant = isPostgres ? 'timestamptz' : 'text'
  const long = isPostgres ? 'bigint' : 'integer'

  let traffic = db.schema
    .createTable('traffic')
    // minute, hour or day; `at` is when that begins.
    .addColumn('grain', 'text', (column) => column.notNull())
    .addColumn('route', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('count', long, (column) => column.notNull())
    // Milliseconds of all together, and how many took how long.
    .addColumn('ms', long, (column) => column.notNull())
  for (const bucket of buckets) traffic = traffic.addColumn(bucket, long, (column) => column.notNull())
  await traffic
    .addPrimaryKeyConstraint('traffic_key', ['grain', 'route', 'method', 'outcome', 'at'])
    .execute()

  await db.schema
    .createTable('events')
    .addColumn('grain', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('count', long, (column) => column.notNull())
    .addPrimaryKeyConstraint('events_key', ['grain', 'event', 'at'])
    .execute()

  await db.schema
    .createTable('gauges')
    .addColumn('grain', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('value', long, (column) => column.notNull())
    .addPrimaryKeyConstraint('gauges_key', ['grain', 'name', 'at'])
    .execute()
  for (const table of ['traffic', 'events', 'gauges'])
    await db.schema.createIndex(`${table}_at`).on(table).columns(['grain', 'at']).execute()

  await db.schema
    .createTable('callers')
    .addColumn('hour', instant, (column) => column.notNull())
    // account:7, or a network: address:203.0.113.0/24.
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('count', long, (column) => column.notNull())
    .addColumn('limited', long, (column) => column.notNull())
    .addPrimaryKeyConstraint('callers_key', ['hour', 'caller'])
    .execute()

  await db.schema
    .createTable('actives')
    .addColumn('day', instant, (column) => column.notNull())
    // No reference: that would make deleting an account slower, and days are soon counts alone.
    .addColumn('user_id', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('actives_key', ['day', 'user_id'])
    .execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const table of ['traffic', 'events', 'gauges', 'callers', 'actives'])
    await db.schema.dropTable(table).execute()
}
