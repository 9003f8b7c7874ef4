import type autocannon from 'autocannon'
import bcrypt from 'bcryptjs'
import { setTimeout } from 'node:timers/promises'
import { load, pace } from './load.ts'
import { cores, leaveCore, service, start, stayOffServerCore } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { password } from './seed.ts'
import { printTable, quantile, show, showSpread, spreadOf } from './statistics.ts'
import { as } from './throughput.ts'

/** Hashes a second that one core compares, with nothing around it. */
function bareRate(seconds: number): number {
  const hash = bcrypt.hashSync(password, 10)
  const began = performance.now()
  let done = 0
  while (performance.now() - began < seconds * 1_000) {
    bcrypt.compareSync(password, hash)
    done++
  }
  return (done / (performance.now() - began)) * 1_000
}

let signIns = 0

/** Sign-ins, each of another account from another address: neither limit is what is measured. */
const signingIn = (): autocannon.Request[] => [
  {
    method: 'POST',
    path: '/login',
    setupRequest: (request) => {
      const number = ++signIns
      return {
        ...request,
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
        },
        body: JSON.stringify({ username: `user-${1 + (number % 90_000)}`, password })
      }
    }
  }
]

/** Sign-ins a second beside the bare bcryptjs rate, and how long others wait meanwhile. */
export async function measureLogins({ seeded, effort: { rounds, seconds } }: Stage) {
  const env = { ...seeded.env, TRUST_PROXY: '127.0.0.1/32' }
  // Passwords are checked on all cores: the server gets them all.
  const server = await start('service-logins', service, env, { spread: true })
  const whileIdle: number[] = []
  const whileBusy: number[] = []
  const bare: number[] = []
  const own: number[] = []
  const watch = () => pace(server, '/protected', as(seeded.admin), { perSecond: 500, seconds })
  const signIn = async () => {
    const measured = await load(server, { seconds: seconds + 1, connections: 20, perConnection: signingIn })
    // The load ends in the middle of twenty sign-ins, which the server finishes still.
    await setTimeout(3_000)
    return measured
  }
  await Promise.all([watch(), signIn()])
  for (let round = 0; round < rounds; round++) {
    bare.push(bareRate(seconds) * cores)
    leaveCore()
    whileIdle.push(quantile(await watch(), 0.99))
    own.push((await signIn()).rate)
    const busy = signIn()
    whileBusy.push(quantile(await watch(), 0.99))
    await busy
    stayOffServerCore()
  }
  await server.stop()
  const outcome = {
    loginsPerSecond: spreadOf(own),
    bareComparisonsPerSecond: spreadOf(bare),
    ratio: spreadOf(own.map((rate, round) => rate / (bare[round] ?? NaN))),
    idleP99: spreadOf(whileIdle),
    busyP99: spreadOf(whileBusy),
    p99Ratio: spreadOf(whileBusy.map((busy, round) => busy / (whileIdle[round] ?? NaN)))
  }
  printTable(
    ['scenario', 'goal', 'ratio', 'own', 'beside'],
    [
      [
        'logins/s ÷ cores × bare bcryptjs/s',
        '≥ 0.90',
        showSpread(outcome.ratio),
        showSpread(outcome.loginsPerSecond),
        showSpread(outcome.bareComparisonsPerSecond)
      ],
      [
        'p99 of GET /protected while 20 sign in ÷ idle',
        '≤ 2.00',
        showSpread(outcome.p99Ratio),
        `${showSpread(outcome.busyP99)} ms`,
        `${show(outcome.idleP99.median)} ms`
      ]
    ]
  )
  return outcome
}
