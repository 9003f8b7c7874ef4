import { type StaticDecode, Type } from '@sinclair/typebox'
import { StringEnum } from './types.ts'

/** How many milliseconds a unit of a duration has. */
export const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A span of time such as `10s`, `15m`, `1h` or `30d`; decodes to milliseconds. */
const Duration = (text: string, description: string, accepts = 'a duration such as 30s, 15m, 1h or 30d') =>
  Type.Transform(
    Type.String({
      pattern: '^[1-9]\\d{0,8}(ms|s|m|h|d)$',
      default: text,
      accepts,
      description
    })
  )
    .Decode((value) => parseInt(value, 10) * units[value.replace(/\d+/, '') as keyof typeof units])
    .Encode((value) => `${value}ms`)

/** Comma-separated entries; decodes to an array, empty when the variable is unset. */
const List = (options: { entry: string; accepts: string; description: string; secret?: true }) =>
  Type.Transform(
    Type.String({ pattern: `^$|^${options.entry}(\\s*,\\s*${options.entry})*$`, default: '', ...options })
  )
    .Decode((value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean)
    )
    .Encode((values) => values.join(','))

const integer = (initial: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({
    default: initial,
    minimum,
    maximum,
    accepts: `an integer from ${minimum} to ${maximum}`,
    description
  })

const secret = (description: string, accepts: string) =>
  Type.Optional(Type.String({ secret: true, minLength: 1, accepts, description }))

/** Every variable that the service reads. The README lists the same; a test holds the two together. */
export const Environment = Type.Object({
  NODE_ENV: StringEnum(['development', 'production', 'test'], {
    default: 'development',
    accepts: 'development, production or test',
    description: '`production` refuses weak secrets and default passwords'
  }),
  HOST: Type.String({
    default: '127.0.0.1',
    pattern: '^[A-Za-z0-9.:_-]+$',
    accepts: 'a host name or an address',
    description: 'Address to listen on'
  }),
  PORT: integer(3000, 0, 65_535, 'Port to listen on'),
  WORKERS: integer(2, 1, 64, 'Processes that `npm run start:cluster` serves with'),
  LOG_LEVEL: StringEnum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    accepts: 'fatal, error, warn, info, debug, trace or silent',
    description: 'Least level that is logged'
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      accepts: 'an integer from 0 to 65535',
      description: 'Port of GET /metrics for Prometheus, on the same HOST. Unset: nothing is measured'
    })
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      accepts: 'the http:// or https:// URL of an OpenTelemetry collector',
      description: 'Collector of OpenTelemetry traces; the other OTEL_ variables count too. Unset: no traces'
    })
  ),
  DATABASE_URL: Type.String({
    default: 'file:./data/gatehouse.db',
    pattern: '^(file:.+|:memory:|postgres(ql)?://.+)$',
    secret: true,
    accepts: 'file:PATH, :memory: or postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    description: 'Where the accounts are'
  }),
  DATABASE_POOL_SIZE: integer(10, 1, 1_000, 'Most connections of this process to PostgreSQL'),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://.+$',
      secret: true,
      accepts: 'redis://HOST:PORT/NUMBER or rediss://USER:PASSWORD@HOST:PORT/NUMBER',
      description: 'Redis, which several instances share limits, cache and messages by'
    })
  ),
  REDIS_PREFIX: Type.String({
    default: 'gatehouse:',
    pattern: '^[A-Za-z0-9:_-]{1,50}$',
    accepts: '1 to 50 letters, digits or : _ -',
    description: 'What every key and channel in Redis begins with: the same for the instances of one service'
  }),
  JWT_SECRET: secret(
    'Signs the access tokens. In development one is made and kept beside the database',
    'at least 32 bytes that are not a well-known sample'
  ),
  JWT_PREVIOUS_SECRETS: List({
    entry: '[^,\\s]{32,}',
    accepts: 'a comma-separated list of secrets of at least 32 bytes',
    description: 'Secrets that no longer sign, and still verify: for the time of a rotation',
    secret: true
  }),
  JWT_ALGORITHM: StringEnum(['HS256', 'EdDSA', 'ES256', 'RS256'], {
    default: 'HS256',
    accepts: 'HS256, EdDSA, ES256 or RS256',
    description: 'Signs the access tokens: HS256 with JWT_SECRET, the others with the keys of JWT_KEYS'
  }),
  JWT_KEYS: Type.String({
    default: './data/keys',
    pattern: '^[^\\r\\n]+$',
    accepts: 'a folder',
    description: 'Folder of PEM keys (`npm run keys`): all verify, the newest of JWT_ALGORITHM signs'
  }),
  ACCESS_TOKEN_TTL: Duration(
    '1h',
    'How long an access token lives, 24h at most',
    'a duration from 1s to 24h'
  ),
  REFRESH_TOKEN_TTL: Duration('14d', 'How long a session lives without being used (idle lifetime)'),
  SESSION_TTL: Duration('90d', 'How long a session lives in all (absolute lifetime)'),
  REFRESH_GRACE: Duration(
    '10s',
    'How long a spent refresh token still gets its successor, for tabs that refresh at once'
  ),
  BCRYPT_COST: integer(10, 4, 15, 'Work factor of password hashes; at least 10 in production'),
  ADMIN_USERNAME: Type.String({
    default: 'admin',
    minLength: 3,
    maxLength: 50,
    accepts: 'a username: 3 to 50 letters, digits or . _ @ + -, the first a letter or a digit',
    description: 'Name of the first administrator'
  }),
  ADMIN_PASSWORD: secret(
    "First administrator's password. Unset: `password123` in development, a random one printed once in production",
    '8 to 72 bytes, in production not a default password'
  ),
  REGISTRATION: Type.Optional(
    StringEnum(['open', 'closed'], {
      accepts: 'open or closed',
      description: 'Whether anybody may make an account at POST /register. Unset: open, in production closed'
    })
  ),
  AUDIT_RETENTION_DAYS: integer(365, 1, 36_500, 'How long audit entries are kept, in days'),
  RATE_LIMIT_DEFAULT: integer(
    300,
    1,
    1_000_000_000,
    'Requests a minute per account, or per address when signed out, on routes without a limit of their own'
  ),
  TRUST_PROXY: List({
    entry: '[0-9A-Fa-f.:]+/[0-9]{1,3}',
    accepts: 'a comma-separated list of CIDRs such as 10.0.0.0/8 (a network, never everything)',
    description: 'Proxies whose X-Forwarded-* headers are believed'
  }),
  CORS_ORIGIN: List({
    entry: '(\\*|https?://[A-Za-z0-9.:\\[\\]-]+)',
    accepts: 'a comma-separated list of origins such as https://app.example.com, or *',
    description: 'Origins whose pages may call the API'
  }),
  BODY_LIMIT: integer(65_536, 1_024, 10_485_760, 'Largest request body, in bytes'),
  MAX_EVENT_LOOP_DELAY: integer(
    1_000,
    0,
    60_000,
    'Mean delay of the event loop, in milliseconds, above which requests are answered with 503; 0 is never'
  )
})

/** The environment, validated and decoded: durations are milliseconds, lists are arrays. */
export type Config = Readonly<StaticDecode<typeof Environment>>
