import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { mailFaults } from './mail-faults.ts'
import { isPublicUrl } from './public-url.ts'
import { isReadableUrl } from './server-url.ts'
import { ConfigError } from './config-error.ts'
import { type Config, Environment, milliseconds } from './environment.ts'
import { secretFaults } from './secrets.ts'
import { spellNetwork } from '../network/networks.ts'
import { unixSocket } from '../network/trust.ts'
import { usernameForm } from '../../schemas/users.ts'

export type { Config } from './environment.ts'

type Env = Record<string, string | undefined>

const describe = (name: string, schema: TSchema, value: unknown) =>
  `${name}${schema['secret'] === true ? '' : `=${JSON.stringify(value)}`} is not accepted: it takes ${String(schema['accepts'])}`

/** A network of trusted proxies, or `unix`. */
const isProxy = (entry: string) => {
  if (entry === unixSocket) return true
  // Once spelled, as `::ffff:0:0/96` is 0.0.0.0/0.
  const network = spellNetwork(entry)
  return network !== undefined && !network.endsWith('/0')
}

/** A key of 32 bytes in base64, as chance makes them: no text of somebody's, no byte repeated. */
const isDataKey = (text: string) =>
  /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && new Set(Buffer.from(text, 'base64')).size >= 16

/** Lifetimes of which the first cannot be longer than the second: it would not be lived. */
const ascending = [
  ['REFRESH_GRACE', 'REFRESH_TOKEN_TTL'],
  ['ACCESS_TOKEN_TTL', 'REFRESH_TOKEN_TTL'],
  ['REFRESH_TOKEN_TTL', 'SESSION_TTL']
] as const

/** What is wrong beyond the form of single values; each entry names its variable. */
const weaknesses = (config: Config, env: Env): string[] => {
  const found: string[] = []
  const refuse = (when: boolean, message: string) => {
    if (when) found.push(message)
  }
  const properties = Environment.properties

  for (const name of ['DATABASE_URL', 'REDIS_URL', 'MAIL_URL'] as const) {
    refuse(
      !isReadableUrl(config[name] ?? ''),
      `${name} is not accepted: in a name or a password / ? # % stand as %2F %3F %23 %25`
    )
  }
  refuse(
    !config.TRUST_PROXY.every(isProxy),
    describe('TRUST_PROXY', properties.TRUST_PROXY, env['TRUST_PROXY'])
  )
  for (const name of ['PUBLIC_URL', 'RECOVERY_URL'] as const) {
    const url = config[name]
    refuse(url !== undefined && !isPublicUrl(url), describe(name, properties[name], url))
  }
  refuse(
    !usernameForm.test(config.ADMIN_USERNAME.normalize('NFKC')),
    describe('ADMIN_USERNAME', properties.ADMIN_USERNAME, config.ADMIN_USERNAME)
  )
  for (const [shorter, longer] of ascending) {
    refuse(
      config[shorter] > config[longer],
      `${shorter} is not accepted: it is longer than ${longer}, ${config[longer] / 1_000} seconds`
    )
  }
  refuse(
    [config.DATA_KEY ?? [], config.DATA_PREVIOUS_KEYS].flat().some((text) => !isDataKey(text)),
    'DATA_KEY and DATA_PREVIOUS_KEYS take random keys of 32 bytes in base64 (npm run keys -- data makes one)'
  )
  return [...found, ...secretFaults(config), ...mailFaults(config)]
}

/** Whether a duration is within the bounds that its variable has; other values have theirs in their schema. */
const isWithin = ({ shortest, longest }: TSchema, text: string) =>
  typeof shortest !== 'number' ||
  typeof longest !== 'number' ||
  (milliseconds(text) >= shortest && milliseconds(text) <= longest)

/** The texts of the variables that are set, by the configuration that was made of them. */
const texts = new WeakMap<Config, Readonly<Record<string, string>>>()

/** What a configuration was made of: the variables that are set, as they are written. */
export const environmentOf = (config: Config) => texts.get(config) ?? {}

/** Whether a configuration has this value from the environment; otherwise it is the default. */
export const isSet = (config: Config, name: keyof Config) => name in environmentOf(config)

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
  const written: Record<string, string> = {}
  const problems: string[] = []
  for (const [name, schema] of Object.entries(properties)) {
    const text = env[name]
    if (!text) continue
    const value = read(schema, text)
    // A refused value leaves its default, so that what depends on several variables can be judged all the same.
    if (Value.Check(schema, value) && isWithin(schema, text)) {
      given[name] = value
      written[name] = text
    } else problems.push(describe(name, schema, text))
  }
  const config = Value.Decode(Environment, Value.Default(Environment, given))
  problems.push(...weaknesses(config, env))
  if (problems.length > 0) throw new ConfigError(problems)
  texts.set(config, written)
  return Object.freeze(config)
}
