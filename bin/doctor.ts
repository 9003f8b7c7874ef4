/** `npm run doctor`: prints the configuration in force and checks what it needs. A failure is a named line, and exit code 1. */
import { effectiveVariables } from '../core/config/effective.ts'
import { processEnvironment } from '../core/config/env-file.ts'
import { loadConfig } from '../core/config/load.ts'
import { examine, messageOf } from '../core/doctor/examine.ts'

for (const { name, value, source, secret } of effectiveVariables(process.env)) {
  const shown = secret && source === 'environment' ? '(secret)' : (value ?? '')
  console.log(`${name}=${shown}  # ${source === 'default' && value === null ? 'unset' : source}`)
}
console.log()
try {
  for await (const { name, ok, text } of examine(loadConfig(processEnvironment()))) {
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name}: ${text}`)
    if (!ok) process.exitCode = 1
  }
} catch (error) {
  console.log(`FAIL  configuration: ${messageOf(error)}`)
  process.exitCode = 1
}
