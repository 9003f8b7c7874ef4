/** `npm run doctor`: prints the configuration in force and checks what it needs. A failure is a named line, and exit code 1. */
import '../env.ts'
import type { TSchema } from '@sinclair/typebox'
import { Environment, loadConfig } from '../../plugins/config.ts'
import { checks } from './checks.ts'

/** Each variable with its value, or its default, and which of them it is; a secret is only said to be set. */
function* effective(env: NodeJS.ProcessEnv) {
  for (const [name, schema] of Object.entries<TSchema>(Environment.properties)) {
    const given = env[name]
    const initial = schema['default'] as string | number | undefined
    const hidden = schema['secret'] === true && Boolean(given)
    const value = hidden ? '(secret)' : given || (initial ?? '')
    yield `${name}=${value}  # ${given ? 'environment' : initial === undefined || initial === '' ? 'unset' : 'default'}`
  }
}

const messageOf = (error: unknown) => {
  const { message, code } = error as { message?: string; code?: string }
  return message || (code ?? String(error))
}

for (const line of effective(process.env)) console.log(line)
console.log()
try {
  const config = loadConfig(process.env)
  console.log('ok    configuration')
  for (const [name, check] of Object.entries(checks)) {
    try {
      console.log(`ok    ${name}: ${await check(config)}`)
    } catch (error) {
      console.log(`FAIL  ${name}: ${messageOf(error)}`)
      process.exitCode = 1
    }
  }
} catch (error) {
  console.log(`FAIL  configuration: ${messageOf(error)}`)
  process.exitCode = 1
}
