import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import { defineProblem } from '../problems/define.ts'
import { comparisons } from './comparison.ts'
import { costOf } from './scheme.ts'

export const TooBusyToHash = defineProblem('TOO_MANY_SIGN_INS', 503, 'Too many sign-ins at once', {
  detail: 'More passwords are waiting to be checked than this server takes. Try again.',
  about: 'Checking a password is slow on purpose. Too many are waiting; `Retry-After` says when to try again.'
})

/** Passwords waiting per worker before new ones are refused: about three seconds of work at cost 10. */
const queueLength = 32

const threads = availableParallelism()
/** How long a thread waits for the next password before it ends, in milliseconds. */
const keptIdle = 60_000
/** One for the process, as there is one set of cores; threads without work do not keep the process alive. */
let pool: Piscina | undefined

/** Runs a function of worker.ts in a thread. @throws TooBusyToHash when too many wait already */
async function run<T>(name: 'hash' | 'verify', task: object): Promise<T> {
  pool ??= new Piscina({
    // As this file is: the source or what was compiled of it.
    filename: new URL(`worker${extname(import.meta.url)}`, import.meta.url).href,
    // A thread needs nothing of what the process loads before all else (--import), and starts sooner without.
    execArgv: [],
    maxThreads: threads,
    minThreads: 1,
    // Starting a thread takes longer than most passwords that it is started for.
    idleTimeout: keptIdle,
    // Whoever does not sign in goes first.
    niceIncrement: 10,
    maxQueue: threads * queueLength
  })
  if (pool.queueSize >= threads * queueLength) {
    throw new TooBusyToHash().with({ headers: { 'retry-after': '2' } })
  }
  return (await pool.run(task, { name })) as T
}

/** Hashes and compares passwords in worker threads: on the event loop twenty sign-ins would hold up everybody for seconds. */
export interface Passwords {
  /** The hash of a password, at the configured cost (scheme.ts). */
  hash(password: string): Promise<string>
  /**
   * Whether the password has this hash. Without a hash, as for an unknown account, the answer is no; every no takes the
   * same work.
   */
  verify(password: string, hash: string | undefined): Promise<boolean>
  /** Whether a hash is of the configured cost. */
  isCurrent(hash: string): boolean
  /** How many passwords wait for a thread. */
  waiting(): number
}

/** Makes the functions for hashes of this cost. They throw TooBusyToHash when too many passwords wait. */
export function passwordHashing(cost: number): Passwords {
  const compare = comparisons(cost)
  return {
    hash: (password) => run<string>('hash', { password, cost }),
    verify: (password, hash) => run<boolean>('verify', compare(password, hash)),
    isCurrent: (hash) => costOf(hash) === cost,
    waiting: () => pool?.queueSize ?? 0
  }
}
