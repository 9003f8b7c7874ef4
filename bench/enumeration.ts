import Sqlite from 'better-sqlite3'
import { service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { printTable, quantile, show } from './statistics.ts'

/** How often each is asked for, of known and unknown names in turn. */
const times = 60

/** A mail server that nobody is: what is measured ends with the outbox. */
const mail = {
  MAIL_URL: 'smtp://127.0.0.1:9',
  MAIL_FROM: 'no-reply@example.com',
  PUBLIC_URL: 'https://id.example.com'
}

const questions: Record<string, (name: string) => object> = {
  '/login': (username) => ({ username, password: 'not the password' }),
  '/recover': (username) => ({ username })
}

/** Whether the time of an answer tells which accounts exist: a wrong password, and asking for a new one. */
export async function measureEnumeration({ seeded }: Stage) {
  const file = seeded.env['DATABASE_URL']?.replace(/^file:/, '')
  const sqlite = new Sqlite(file)
  sqlite.exec(`update users set email = username || '@example.com', email_key = username_key || '@example.com',
    email_verified_at = created_at where id between 2 and ${times + 1}`)
  sqlite.close()
  const server = await start('service-enumeration', service, {
    ...seeded.env,
    ...mail,
    TRUST_PROXY: '127.0.0.1/32'
  })
  let callers = 0
  const ask = async (path: string, name: string) => {
    const began = performance.now()
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `10.1.${callers++ >> 6}.${callers & 63}`
      },
      body: JSON.stringify(questions[path]?.(name))
    })
    await answer.arrayBuffer()
    return performance.now() - began
  }
  const rows: string[][] = []
  const ratios: Record<string, number> = {}
  for (const path of Object.keys(questions)) {
    const [known, unknown]: [number[], number[]] = [[], []]
    for (let round = 0; round < times; round++) {
      known.push(await ask(path, `user-${round + 1}`))
      unknown.push(await ask(path, `nobody-${round + 1}`))
    }
    const [ofKnown, ofUnknown] = [quantile(known, 0.5), quantile(unknown, 0.5)]
    ratios[path] = ofKnown / ofUnknown
    rows.push([`POST ${path}`, show(ofKnown), show(ofUnknown), show(ofKnown / ofUnknown)])
  }
  await server.stop()
  printTable(['', 'a known name, ms', 'an unknown one, ms', 'ratio (0.8–1.25)'], rows)
  return ratios
}
