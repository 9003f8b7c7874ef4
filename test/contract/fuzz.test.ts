import fc from 'fast-check'
import { test } from 'tap'
import { postgresServer } from '../database.ts'
import { build } from '../helper.ts'
import { inputsOf } from './inputs.ts'
import { Contract } from './reader.ts'

// In CI a failure is of what was changed; elsewhere each run looks at something new. Its name says how to repeat it.
const seed = Number(process.env['FUZZ_SEED'] ?? (process.env['CI'] ? 1 : Date.now() % 2 ** 31))
// PostgreSQL takes the first half of what SQLite took.
const runs = Number(process.env['FUZZ_RUNS'] ?? (postgresServer === undefined ? 200 : 100))

test(
  `whatever is sent, the answer is a declared one (FUZZ_SEED=${seed})`,
  { timeout: 600_000 },
  async (t) => {
    const { app, db, as } = await build(t)
    const contract = new Contract(app.openapi.v31())
    // Names may change on the way; an active administrator always remains.
    const administrator = () =>
      db
        .selectFrom('users')
        .select('username_key')
        .where('role', '=', 'admin')
        .where('status', '=', 'active')
        .executeTakeFirstOrThrow()
    let sent = 0
    const answered: Record<number, number> = {}

    for (const { path, method, operation } of contract.operations()) {
      const signedIn = await as((await administrator()).username_key)
      const callers = fc.oneof(
        { weight: 8, arbitrary: fc.constant(signedIn) },
        {
          weight: 1,
          arbitrary: fc.constantFrom({}, { authorization: 'Bearer x' }, { authorization: 'Basic eDp5' })
        }
      )
      const property = fc.asyncProperty(
        inputsOf(contract, path, operation),
        callers,
        async (input, caller) => {
          sent += 1
          const response = await app.inject({
            method: method.toUpperCase() as 'GET',
            ...input,
            headers: { ...input.headers, ...caller },
            // From everywhere: what is limited by address is not to be refused for that alone.
            remoteAddress: `10.${sent >> 16}.${(sent >> 8) & 255}.${sent & 255}`
          })
          const { statusCode: status, headers, body } = response
          answered[status] = (answered[status] ?? 0) + 1
          if (status >= 500) throw new Error(`${status} ${body}`)
          const differences = contract.differences(method.toUpperCase(), path, { status, headers, body })
          if (differences.length > 0) throw new Error(`${status} ${differences.join('; ')}\n${body}`)
        }
      )
      const result = await fc.check(property, { seed, numRuns: runs })
      t.notOk(
        result.failed,
        `${method.toUpperCase()} ${path} ${result.failed ? (fc.defaultReportMessage(result) ?? '') : ''}`
      )
    }
    t.comment(`${sent} requests, seed ${seed}, answered ${JSON.stringify(answered)}`)
    for (const status of [200, 204, 400, 401, 404, 415])
      t.ok(answered[status], `some are answered with ${status}`)
  }
)
