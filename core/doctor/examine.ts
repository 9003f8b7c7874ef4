import type { Config } from '../config/load.ts'
import { checks } from './checks.ts'

/** What a check found. */
export interface Finding {
  name: string
  ok: boolean
  /** What is so, or what is wrong and what to do then. */
  text: string
}

/** An error in words. */
export const messageOf = (error: unknown) => {
  const { message, code } = error as { message?: string; code?: string }
  return message || (code ?? String(error))
}

/** Checks all that the service needs, one after another. `npm run doctor` prints it, GET /system/checks answers it. */
export async function* examine(config: Config): AsyncGenerator<Finding> {
  yield { name: 'configuration', ok: true, text: 'every value is accepted' }
  for (const [name, check] of Object.entries(checks)) {
    yield await check(config).then(
      (text) => ({ name, ok: true, text }),
      (error: unknown) => ({ name, ok: false, text: messageOf(error) })
    )
  }
}
