import { type Static, Type } from '@sinclair/typebox'
import { pageMembers } from './page.ts'
import { Nullable, ref, StringEnum, Timestamp } from './types.ts'

/** An address or a CIDR network. */
const Network = Type.String({
  minLength: 2,
  maxLength: 50,
  pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$',
  examples: ['203.0.113.0/24']
})

const BannerText = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^[^\\u0000-\\u001f]*$',
  examples: ['Maintenance on Sunday at 22:00 UTC']
})

/** What everybody who opens the console is told. */
export const Banner = Nullable(
  Type.Object(
    { text: BannerText, level: StringEnum(['info', 'warning', 'danger'], { examples: ['info'] }) },
    {
      $id: 'Banner',
      additionalProperties: false,
      description: 'What everybody is told who opens the console; null is nothing.'
    }
  )
)

export const BlockedNetworks = Type.Array(Network, {
  $id: 'BlockedNetworks',
  maxItems: 500,
  uniqueItems: true,
  description: 'Addresses and networks that are answered with 403 and nothing else. Loopback never is.'
})

export const DefaultRateLimit = Type.Integer({
  $id: 'DefaultRateLimit',
  minimum: 10,
  maximum: 1_000_000_000,
  format: 'int32',
  description:
    'Requests a minute per account, or per address when signed out, on routes without a limit of their own.',
  examples: [300]
})

export const ReadOnlyMode = Type.Boolean({
  $id: 'ReadOnlyMode',
  description:
    'Whether everything that writes is answered with 503, but for signing in and out and the settings.',
  examples: [false]
})

export const RegistrationMode = StringEnum(['open', 'closed'], {
  $id: 'RegistrationMode',
  description: 'Whether anybody may make an account at POST /register.',
  examples: ['closed']
})

/** What each setting can be. A line here is a setting; core/settings says where else its value may come from. */
export const settingValues = {
  banner: Banner,
  blocked_networks: BlockedNetworks,
  rate_limit_default: DefaultRateLimit,
  read_only: ReadOnlyMode,
  registration: RegistrationMode
}

export type SettingName = keyof typeof settingValues

/** A value for each setting. */
export type SettingValues = { [Name in SettingName]: Static<(typeof settingValues)[Name]> }

export const settingNames = Object.keys(settingValues) as SettingName[]

/** As stored: `value` is JSON, null is the default again; `version` counts the changes. */
export const SettingRow = Type.Object({
  name: Type.String(),
  value: Nullable(Type.String()),
  version: Type.Integer(),
  updated_at: Timestamp
})

const sources = ['environment', 'setting', 'default'] as const

export type SettingSource = (typeof sources)[number]

/** The column, and what of it is shown. */
const changedAt = Nullable(
  Type.String({ ...Timestamp, description: 'When it was last changed here; null is never.' })
)

const Source = StringEnum(sources, {
  description: 'Where the value in force comes from.',
  examples: ['default']
})

const shown = <Name extends SettingName>(name: Name, $id: string) =>
  Type.Object(
    {
      name: StringEnum([name], { examples: [name] }),
      value: ref(settingValues[name]),
      default_value: ref(settingValues[name]),
      source: Source,
      fixed: Type.Boolean({
        description: 'Whether a variable of the environment says it, so that it cannot be changed here.',
        examples: [false]
      }),
      updated_at: changedAt
    },
    { $id, additionalProperties: false }
  )

export const BannerSetting = shown('banner', 'BannerSetting')
export const BlockedNetworksSetting = shown('blocked_networks', 'BlockedNetworksSetting')
export const RateLimitSetting = shown('rate_limit_default', 'RateLimitSetting')
export const ReadOnlySetting = shown('read_only', 'ReadOnlySetting')
export const RegistrationSetting = shown('registration', 'RegistrationSetting')

/** A setting with the value in force, as shown. */
export const Setting = Type.Unsafe<{
  name: SettingName
  value: SettingValues[SettingName]
  default_value: SettingValues[SettingName]
  source: SettingSource
  fixed: boolean
  updated_at: string | null
}>({
  $id: 'Setting',
  oneOf: [BannerSetting, BlockedNetworksSetting, RateLimitSetting, ReadOnlySetting, RegistrationSetting].map(
    (schema) => ref(schema)
  )
})

/** A page of settings, as shown. */
export const SettingPage = Type.Object(
  { settings: Type.Array(ref(Setting), { maxItems: 200 }), ...pageMembers },
  { $id: 'SettingPage', additionalProperties: false }
)

/** As accepted by PATCH /settings/{name}: what the setting can be, or null for its default. */
export const SettingChange = Type.Object(
  {
    value: Type.Unsafe<SettingValues[SettingName] | null>({
      anyOf: Object.values(settingValues).map((schema) => ref(schema)),
      description: 'What the setting of this name can be, or null for its default.'
    })
  },
  { $id: 'SettingChange', additionalProperties: false }
)

/** The path parameter of one setting. */
export const SettingParams = Type.Object(
  { name: StringEnum(settingNames, { description: 'The name of the setting.', examples: ['registration'] }) },
  { additionalProperties: false }
)
