import type { TSchema } from '@sinclair/typebox'
import { Environment } from './environment.ts'

/** A variable of the configuration, as people are shown it. */
export interface Variable {
  name: string
  /** What it is set to, or its default; null for a secret, and where there is neither. */
  value: string | null
  default_value: string | null
  source: 'environment' | 'default'
  /** Whether its value is never shown. */
  secret: boolean
  description: string
}

/** Who signs in where an address leads is nobody's business but that one's. */
const withoutCredentials = (text: string) => text.replaceAll(/:\/\/[^/@\s]+@/g, '://…@')

/** Each variable with its value and its default, and which of them is in force. */
export const effectiveVariables = (env: Readonly<Record<string, string | undefined>>): Variable[] =>
  Object.entries<TSchema>(Environment.properties).map(([name, schema]) => {
    // An empty variable counts as unset.
    const given = env[name] || undefined
    const initial = schema['default'] as string | number | undefined
    const default_value = initial === undefined || initial === '' ? null : String(initial)
    const secret = schema['secret'] === true
    return {
      name,
      value: given === undefined ? default_value : secret ? null : withoutCredentials(given),
      default_value,
      source: given === undefined ? 'default' : 'environment',
      secret,
      description: schema.description ?? ''
    }
  })
