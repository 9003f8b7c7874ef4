import bcrypt from 'bcryptjs'
import fp from 'fastify-plugin'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import { defineProblem } from '../../schemas/problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    passwords: {
      /** The bcrypt hash of a password, at the configured cost. */
      hash(password: string): Promise<string>
      /**
       * Whether the password has this hash. Without a hash, as for an unknown account, the answer is no
       * after the same work. More than 72 bytes never match: bcrypt would ignore the rest.
       */
      verify(password: string, hash: string | undefined): Promise<boolean>
      /** How many passwords wait for a thread. */
      waiting(): number
    }
  }
}

export const TooBusyToHash = defineProblem('TOO_MANY_SIGN_INS', 503, 'Too many sign-ins at once', {
  detail: 'More passwords are waiting to be checked than this server takes. Try again.',
  about: 'Checking a password is slow on purpose. Too many are waiting; `Retry-After` says when to try again.'
})

/** Passwords waiting per worker before new ones are refused: about three seconds of work at cost 10. */
const queueLength = 32

const extension = extname(import.meta.url)

/** The options of this process that load code, and what is loaded; a thread refuses those that are V8's. */
const loads = /^(--import|--require|--loader|-r)(=|$)/
const inherited = process.execArgv.filter(
  (argument, index, all) =>
    loads.test(argument) || (!argument.startsWith('-') && loads.test(all[index - 1] ?? ''))
)

/** Run from its TypeScript source by tsx on Node 20, a thread has to register the loader for itself. */
const loader = (tsx: string) =>
  `data:text/javascript,import { register } from ${JSON.stringify(tsx)}; register()`
const execArgv =
  extension === '.ts' && inherited.some((argument) => argument.includes('/tsx/'))
    ? [...inherited, '--import', loader(import.meta.resolve('tsx/esm/api'))]
    : inherited

const threads = availableParallelism()
/** One for the process, as there is one set of cores; threads without work do not keep the process alive. */
let pool: Piscina | undefined

/** Runs a function of worker.ts in a thread. @throws TooBusyToHash when too many wait already */
async function run<T>(name: 'hash' | 'verify', task: object): Promise<T> {
  pool ??= new Piscina({
    filename: new URL(`worker${extension}`, import.meta.url).href,
    execArgv,
    maxThreads: threads,
    minThreads: 1,
    // Whoever does not sign in goes first.
    niceIncrement: 10,
    maxQueue: threads * queueLength
  })
  if (pool.queueSize >= threads * queueLength) {
    throw new TooBusyToHash().with({ headers: { 'retry-after': '2' } })
  }
  return (await pool.run(task, { name })) as T
}

/** bcrypt in worker threads: on the event loop twenty sign-ins would hold up everybody for seconds. */
export default fp(
  async (fastify) => {
    const cost = fastify.config.BCRYPT_COST

    // Shaped like a hash of this cost, so that comparing with it takes as long and always says no.
    const nobody = bcrypt.genSaltSync(cost) + '.'.repeat(31)

    fastify.decorate('passwords', {
      hash: (password) => run<string>('hash', { password, cost }),
      verify: async (password, hash) => {
        const same = await run<boolean>('verify', { password, hash: hash ?? nobody })
        return same && hash !== undefined && !bcrypt.truncates(password)
      },
      waiting: () => pool?.queueSize ?? 0
    })
  },
  { name: 'passwords', dependencies: ['config'] }
)
