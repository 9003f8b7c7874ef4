import { type StaticDecode, Type } from '@sinclair/typebox'
import { StringEnum } from '../../schemas/types.ts'

/** How many milliseconds a unit of a duration has. */
export const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const duration = /^(0|[1-9]\d{0,8})(ms|s|m|h|d)$/

/** The milliseconds of a duration such as `15m`; NaN for a text that is none. */
export function milliseconds(text: string): number {
  const [, count, unit] = duration.exec(text) ?? []
  return Number(count) * (units[unit as keyof typeof units] || NaN)
}

/** A span of time such as `10s`, `15m`, `1h` or `30d`, within bounds; decodes to milliseconds. */
const Duration = (text: string, description: string, shortest: string, longest: string) =>
  Type.Transform(
    Type.String({
      pattern: duration.source,
      shortest: milliseconds(shortest),
      longest: milliseconds(longest),
      default: text,
      accepts: `a duration such as 30s, 15m, 1h or 30d, from ${shortest} to ${longest}`,
      description
    })
  )
    .Decode(milliseconds)
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
    description: '`production` refuses weak secrets and default passwords, whatever HOST is'
  }),
  HOST: Type.String({
    default: '127.0.0.1',
    pattern: '^[A-Za-z0-9.:_-]+$',
    accepts: 'a host name or an address',
    description:
      'Address to listen on. Other than loopback: no default password, no open registration, as in production'
  }),
  PORT: integer(3000, 0, 65_535, 'Port to listen on'),
  KEEP_ALIVE_TIMEOUT: Duration(
    '72s',
    'How long an idle connection is kept: longer than the load balancer in front keeps it',
    '1s',
    '1h'
  ),
  SHUTDOWN_DELAY: Duration(
    '0s',
    'How long it goes on serving after SIGTERM, and says that it is not ready, before it stops',
    '0s',
    '5m'
  ),
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
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      accepts: 'the http:// or https:// URL that takes traces',
      description: 'The whole URL for traces, where it is not `/v1/traces` of OTEL_EXPORTER_OTLP_ENDPOINT'
    })
  ),
  OTEL_TRACES_EXPORTER: StringEnum(['otlp', 'none'], {
    default: 'otlp',
    accepts: 'otlp or none',
    description: '`none`: no traces, whatever else is set'
  }),
  // OpenTelemetry's specification has it in any case.
  OTEL_SDK_DISABLED: Type.String({
    default: 'false',
    pattern: '^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$',
    accepts: 'true or false',
    description: '`true`: no traces, whatever else is set'
  }),
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
  DATA_KEY: secret(
    'Encrypts what the database keeps and nobody may read there. In development one is made and kept beside it',
    '32 bytes in base64 (npm run keys -- data makes one)'
  ),
  DATA_PREVIOUS_KEYS: List({
    entry: '[A-Za-z0-9+/_-]{43}=?',
    accepts: 'a comma-separated list of keys of 32 bytes in base64',
    description: 'Keys that encrypt no more, and still open: until `npm run keys -- reseal` has been run',
    secret: true
  }),
  ACCESS_TOKEN_TTL: Duration('1h', 'How long an access token lives, 24h at most', '1s', '24h'),
  REFRESH_TOKEN_TTL: Duration(
    '14d',
    'How long a session lives without being used (idle lifetime)',
    '1s',
    '3650d'
  ),
  SESSION_TTL: Duration('90d', 'How long a session lives in all (absolute lifetime)', '1s', '3650d'),
  REFRESH_GRACE: Duration(
    '10s',
    'How long a spent refresh token is still answered once what it was exchanged for is in use',
    '1ms',
    '1h'
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
    "First administrator's password. Unset: `password123` in development on loopback, elsewhere one that is made and shown once",
    '8 to 256 characters, other than in development on loopback no common one'
  ),
  REGISTRATION: Type.Optional(
    StringEnum(['open', 'closed'], {
      accepts: 'open or closed',
      description:
        'Whether anybody may make an account at POST /register. Unset: open in development on loopback, elsewhere closed'
    })
  ),
  ANALYTICS: StringEnum(['on', 'off'], {
    default: 'on',
    accepts: 'on or off',
    description: 'Whether requests are counted for GET /analytics: sums every ten seconds, nobody by name'
  }),
  MAIL_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://[^\\s?#]+$',
      secret: true,
      accepts: 'smtp://USER:PASSWORD@HOST:PORT or smtps://…',
      description:
        'Mail server. Unset: mails become files in `mail` beside the database, in production there are none'
    })
  ),
  MAIL_FROM: Type.Optional(
    Type.String({
      pattern: '^([^<>"\\r\\n]{1,100} <[^<>@\\s]+@[^<>@\\s]+>|[^<>@\\s]+@[^<>@\\s]+)$',
      accepts: 'an address, or NAME <ADDRESS>',
      description: 'Sender of mails; needed with MAIL_URL'
    })
  ),
  MAIL_NOTICES: StringEnum(['on', 'off'], {
    default: 'on',
    accepts: 'on or off',
    description:
      'Whether people are told of a new password, a new device, the theft of a session, and of their passkeys'
  }),
  RECOVERY_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      accepts: 'the https:// URL of a page (http:// on this machine alone), without user, query and fragment',
      description: 'Page of your own that sets a new password, for links `RECOVERY_URL#token=…`'
    })
  ),
  AUDIT_RETENTION_DAYS: integer(365, 1, 36_500, 'How long audit entries are kept, in days'),
  RATE_LIMIT_DEFAULT: integer(
    300,
    1,
    1_000_000_000,
    'Requests a minute per account, or per address when signed out, on routes without a limit of their own'
  ),
  RATE_LIMIT_SIGN_IN: integer(
    10,
    1,
    1_000_000,
    'Sign-ins a minute from one address: more where many people share one'
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      accepts:
        'the https:// URL that people reach the service by (http:// on this machine alone), without user, query and fragment',
      description:
        'Where people reach the service, with the path that a proxy puts before it: what leads back to it begins so. Unset: paths, in mails `http://localhost:PORT`'
    })
  ),
  PASSKEY_ORIGINS: List({
    entry:
      '(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?|android:apk-key-hash:[A-Za-z0-9_-]{43})',
    accepts: 'a comma-separated list of origins such as https://app.example.com or android:apk-key-hash:…',
    description:
      'Pages and apps beside PUBLIC_URL that may use passkeys: of subdomains of its host, or apps that belong to it'
  }),
  TRUST_PROXY: List({
    entry: '([0-9A-Fa-f.:]+/[0-9]{1,3}|unix)',
    accepts:
      'a comma-separated list of CIDRs such as 10.0.0.0/8 (a network, never everything), or unix for peers on a Unix socket',
    description: 'Proxies whose X-Forwarded-* headers are believed: networks, or `unix` on a Unix socket'
  }),
  CORS_ORIGIN: List({
    entry: '(\\*|[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9.:\\[\\]_-]+)',
    accepts:
      'a comma-separated list of origins such as https://app.example.com or capacitor://localhost, or *',
    description: 'Origins whose pages, or apps, may call the API'
  }),
  HSTS: StringEnum(['host', 'subdomains', 'off'], {
    default: 'host',
    accepts: 'host, subdomains or off',
    description:
      'Whom browsers are told to reach by TLS alone, where a trusted proxy says that it is TLS: this host, its subdomains too, or nobody'
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
