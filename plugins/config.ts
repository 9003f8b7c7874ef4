import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import fp from 'fastify-plugin'
import { isIP } from 'node:net'
import { type Config, Environment, units } from '../schemas/environment.ts'
import { Username } from '../schemas/users.ts'

export { type Config, Environment } from '../schemas/environment.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

/** The passwords that the guide prints, or that everybody tries first. */
export const defaultPasswords = ['password123', 'password', 'admin', 'admin123', 'changeme', 'secret']

const wellKnownSecret =
  /supersecret|change-?_?me|256-bit-secret|your-?_?(jwt|secret|super)|at-least-256-bits|my-?_?secret|secret-?_?key|example|password|default|0123456789|^(.{1,8})\2+$/i

/** A boot that was refused for its configuration; it prints as its message alone. */
class ConfigError extends Error {
  constructor(problems: string[]) {
    super(`The configuration is refused:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.stack = this.message
  }
}

type Env = Record<string, string | undefined>

const describe = (name: string, schema: TSchema, value: unknown) =>
  `${name}${schema['secret'] === true ? '' : `=${JSON.stringify(value)}`} is not accepted: it takes ${String(schema['accepts'])}`

const isCidr = (entry: string) => {
  const [address = '', prefix = ''] = entry.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return Number(prefix) >= 1 && Number(prefix) <= bits
}

// TypeBox compiles patterns without the u flag that this one needs.
const username = new RegExp(Username.pattern ?? '', 'u')

/** What is wrong beyond the form of single values; each entry names its variable. */
const weaknesses = (config: Config, env: Env): string[] => {
  const found: string[] = []
  const refuse = (when: boolean, message: string) => {
    if (when) found.push(message)
  }
  const properties = Environment.properties

  refuse(
    !config.TRUST_PROXY.every(isCidr),
    describe('TRUST_PROXY', properties.TRUST_PROXY, env['TRUST_PROXY'])
  )
  refuse(
    !username.test(config.ADMIN_USERNAME.normalize('NFKC')),
    describe('ADMIN_USERNAME', properties.ADMIN_USERNAME, config.ADMIN_USERNAME)
  )
  refuse(
    config.ACCESS_TOKEN_TTL > 24 * units.h || config.ACCESS_TOKEN_TTL < units.s,
    describe('ACCESS_TOKEN_TTL', properties.ACCESS_TOKEN_TTL, env['ACCESS_TOKEN_TTL'])
  )
  const passwordBytes = Buffer.byteLength(config.ADMIN_PASSWORD ?? 'unset, so unchecked')
  refuse(passwordBytes < 8 || passwordBytes > 72, 'ADMIN_PASSWORD is not accepted: it takes 8 to 72 bytes')
  const key = config.JWT_SECRET
  refuse(
    key !== undefined && Buffer.byteLength(key) < 32,
    'JWT_SECRET is not accepted: it takes at least 32 bytes (openssl rand -base64 48 makes one)'
  )
  if (config.NODE_ENV !== 'production') return found

  const needsSecret = config.JWT_ALGORITHM === 'HS256'
  refuse(
    needsSecret && key === undefined,
    'JWT_SECRET must be set in production (openssl rand -base64 48 makes one)'
  )
  refuse(
    key !== undefined && (wellKnownSecret.test(key) || new Set(key).size < 10),
    'JWT_SECRET is a well-known or predictable value; set one of your own (openssl rand -base64 48 makes one)'
  )
  refuse(
    defaultPasswords.includes(config.ADMIN_PASSWORD?.toLowerCase() ?? ''),
    'ADMIN_PASSWORD is a default password; set one of your own'
  )
  refuse(config.BCRYPT_COST < 10, 'BCRYPT_COST must be at least 10 in production')
  return found
}

const numeral = /^-?\d{1,15}$/

/** What a variable's text means; TypeBox's own conversion would take 0x10 and 3000.7 for integers. */
const read = (schema: TSchema, text: string) =>
  schema['type'] === 'integer' && numeral.test(text) ? Number(text) : text

/**
 * Reads the environment once. An unset or empty variable takes its default.
 * Throws an error that lists every variable that is wrong, with its value (unless secret) and what is accepted.
 */
export function loadConfig(env: Env): Config {
  const properties: Record<string, TSchema> = Environment.properties
  const given: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, schema] of Object.entries(properties)) {
    const text = env[name]
    if (!text) continue
    const value = read(schema, text)
    // A refused value leaves its default, so that what depends on several variables can be judged all the same.
    if (Value.Check(schema, value)) given[name] = value
    else problems.push(describe(name, schema, text))
  }
  const config = Value.Decode(Environment, Value.Default(Environment, given))
  problems.push(...weaknesses(config, env))
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

/** Makes the configuration `fastify.config`; a test hands its own in. */
export default fp<{ config?: Config }>(
  async (fastify, options) => {
    fastify.decorate('config', options.config ?? loadConfig(process.env))
  },
  { name: 'config' }
)
