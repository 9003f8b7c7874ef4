import { Value } from '@sinclair/typebox/value'
import {
  type SettingName,
  type SettingSource,
  settingValues,
  type SettingValues
} from '../../schemas/settings.ts'
import { isRegistrationOpen } from '../config/exposure.ts'
import { type Config, isSet } from '../config/load.ts'
import { spellNetworks } from '../network/networks.ts'
import { ValidationFailed } from '../problems/kinds.ts'

/** A setting as the database has it. */
export interface StoredSetting {
  name: string
  value: string | null
  version: number
  updated_at: string
}

/** The variable that wins over a setting, of those that have one. */
const variables = {
  rate_limit_default: 'RATE_LIMIT_DEFAULT',
  registration: 'REGISTRATION'
} as const satisfies Partial<Record<SettingName, keyof Config>>

/** What each setting is without a row: what the environment says, or else the default. */
const initialValues = (config: Config): SettingValues => ({
  banner: null,
  blocked_networks: [],
  rate_limit_default: config.RATE_LIMIT_DEFAULT,
  read_only: false,
  registration: isRegistrationOpen(config) ? 'open' : 'closed'
})

/** The variable of the environment that fixes a setting, if one is set. */
export function fixedBy(config: Config, name: SettingName): string | undefined {
  const variable = Object.entries(variables).find(([setting]) => setting === name)?.[1]
  return variable !== undefined && isSet(config, variable) ? variable : undefined
}

const isOf = <Name extends SettingName>(name: Name, value: unknown): value is SettingValues[Name] =>
  Value.Check(settingValues[name], value)

/** What a row says; undefined when it says nothing, or what this version does not take. */
function storedValue<Name extends SettingName>(name: Name, row: StoredSetting | undefined) {
  if (!row || row.value === null) return undefined
  const value: unknown = JSON.parse(row.value)
  return isOf(name, value) ? value : undefined
}

/** A setting with the value in force, and where that comes from. */
export function settingOf<Name extends SettingName>(
  config: Config,
  name: Name,
  row: StoredSetting | undefined
) {
  const initial = initialValues(config)[name]
  const fixed = fixedBy(config, name) !== undefined
  const stored = fixed ? undefined : storedValue(name, row)
  const source: SettingSource = fixed ? 'environment' : stored === undefined ? 'default' : 'setting'
  return {
    name,
    value: stored ?? initial,
    default_value: initial,
    source: source,
    fixed,
    updated_at: row?.updated_at ?? null
  }
}

/** The settings in force. */
export function settingsOf(config: Config, rows: readonly StoredSetting[]): SettingValues {
  const valueOf = <Name extends SettingName>(name: Name) =>
    settingOf(
      config,
      name,
      rows.find((row) => row.name === name)
    ).value
  return {
    banner: valueOf('banner'),
    blocked_networks: valueOf('blocked_networks'),
    rate_limit_default: valueOf('rate_limit_default'),
    read_only: valueOf('read_only'),
    registration: valueOf('registration')
  }
}

const refuse = (message: string) =>
  new ValidationFailed().with({ members: { errors: [{ path: '/body/value', message }] } })

/** A value as a setting of this name keeps it. @throws ValidationFailed when it cannot be one */
export function readValue(name: SettingName, value: unknown): SettingValues[SettingName] {
  if (!isOf(name, value)) throw refuse(`is not what ${name} can be`)
  if (!Array.isArray(value)) return value
  return spellNetworks(value, (entry) => refuse(`${entry} is not a network`))
}
