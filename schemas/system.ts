import { Type } from '@sinclair/typebox'
import { Nullable, ref, StringEnum, Timestamp } from './types.ts'

const text = (maxLength: number, options: object = {}) =>
  Type.String({ maxLength, pattern: '^[^\\u0000]*$', ...options })

const count = (description: string, options: object = {}) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, format: 'int64', description, ...options })

/** A variable of the configuration. */
export const Variable = Type.Object(
  {
    name: Type.String({ maxLength: 100, pattern: '^[A-Z][A-Z0-9_]*$', examples: ['LOG_LEVEL'] }),
    value: Nullable(
      text(8_192, {
        description: 'What is in force; null for a secret, and where nothing is set.',
        examples: ['info']
      })
    ),
    default_value: Nullable(text(8_192, { examples: ['info'] })),
    source: StringEnum(['environment', 'default'], { examples: ['default'] }),
    secret: Type.Boolean({ description: 'Whether its value is never shown.', examples: [false] }),
    description: text(1_000, { examples: ['Least level that is logged'] })
  },
  { $id: 'Variable', additionalProperties: false }
)

/** A key of access tokens; never the key itself. */
export const SystemKey = Type.Object(
  {
    kid: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._-]+$', examples: ['2026-01-31T09-30-00Z'] }),
    algorithm: StringEnum(['HS256', 'EdDSA', 'ES256', 'RS256'], { examples: ['EdDSA'] }),
    signs: Type.Boolean({ description: 'Whether it signs now; all of them verify.', examples: [true] }),
    from: Nullable(
      Type.String({ ...Timestamp, description: 'From when it signs; null for one that does not say.' })
    )
  },
  { $id: 'SystemKey', additionalProperties: false }
)

/** The database, as the process that answers sees it. */
export const SystemDatabase = Type.Object(
  {
    kind: StringEnum(['sqlite', 'postgresql'], { examples: ['sqlite'] }),
    version: text(100, { examples: ['3.51.0'] }),
    bytes: count('The size of the database.', { examples: [1_048_576] }),
    wal_bytes: Nullable(
      count('The size of the write-ahead log of a SQLite file; null for PostgreSQL.', { examples: [4_120] })
    ),
    migrations: Type.Array(text(200), {
      maxItems: 1_000,
      description: 'The migrations that are applied.',
      examples: [['2026-11-23-identity']]
    }),
    pending: Type.Array(text(200), { maxItems: 1_000, description: 'Those that are not.', examples: [[]] })
  },
  { $id: 'SystemDatabase', additionalProperties: false }
)

const version = text(50, { description: 'Of the service.', examples: ['0.2.0'] })
const host = text(255, { description: 'The machine that it runs on.', examples: ['api-1'] })

/** A process that serves on the database: as stored, and as shown. */
export const Instance = Type.Object(
  {
    id: Type.String({
      format: 'uuid',
      maxLength: 36,
      description: 'Drawn when it starts.',
      examples: ['4e0b8c61-2f7d-4b1a-9c35-8d6e7f901234']
    }),
    host,
    process_id: Type.Integer({ minimum: 0, maximum: 2_147_483_647, format: 'int32', examples: [4242] }),
    version,
    started_at: Timestamp,
    seen_at: Type.String({
      ...Timestamp,
      description: 'When it last gave a sign; it does four times a minute.'
    })
  },
  { $id: 'Instance', additionalProperties: false }
)

/** The state of the service, as the process that answers knows it. */
export const System = Type.Object(
  {
    version,
    node_version: text(50, { examples: ['v24.21.0'] }),
    process_id: count('Of the process that answers: the rest of this object is about it alone.', {
      examples: [4242]
    }),
    host,
    started_at: Timestamp,
    uptime_seconds: count('How long it has run.', { examples: [86_400] }),
    memory_bytes: count('What it holds resident.', { examples: [104_857_600] }),
    workers: count('How many processes serve on its port: more than one with `npm run start:cluster`.', {
      examples: [1]
    }),
    instances: Type.Array(ref(Instance), {
      maxItems: 1_000,
      description:
        'All processes that serve on this database, the oldest first: each until it stops, or has given no sign for a minute.'
    }),
    redis: StringEnum(['off', 'up', 'away'], {
      description: 'Whether there is a Redis, and it can be used.',
      examples: ['off']
    }),
    database: ref(SystemDatabase),
    keys: Type.Array(ref(SystemKey), { maxItems: 1_000 }),
    configuration: Type.Array(ref(Variable), { maxItems: 1_000 })
  },
  { $id: 'System', additionalProperties: false }
)

/** What one check found. */
export const SystemCheck = Type.Object(
  {
    name: text(100, { examples: ['disk'] }),
    ok: Type.Boolean({ examples: [true] }),
    text: text(10_000, {
      description: 'What is so, or what is wrong and what to do then.',
      examples: ['2048 MiB free']
    })
  },
  { $id: 'SystemCheck', additionalProperties: false }
)

/** What `npm run doctor` finds. */
export const SystemChecks = Type.Object(
  {
    at: Type.String({ ...Timestamp, description: 'When it was looked.' }),
    checks: Type.Array(ref(SystemCheck), { maxItems: 100 })
  },
  { $id: 'SystemChecks', additionalProperties: false }
)
