import { load } from './load.ts'
import { service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { printTable, show } from './statistics.ts'
import { rotating } from './throughput.ts'

const requests = 1_000_000

/** Resident memory of the service over a million requests of ten thousand accounts. */
export async function measureMemory({ seeded: { env, sessions } }: Stage) {
  const server = await start('service-memory', service, env)
  const tokens = sessions.map(({ access }) => access)
  const resident = [server.resident()]
  for (let tenth = 0; tenth < 10; tenth++) {
    await load(server, {
      amount: requests / 10,
      connections: 20,
      perConnection: rotating('/protected', tokens, 20)
    })
    resident.push(server.resident())
  }
  await server.stop()
  printTable(
    ['requests', 'resident MiB'],
    resident.map((size, tenth) => [((tenth * requests) / 10).toLocaleString('en'), show(size)])
  )
  return { resident }
}
