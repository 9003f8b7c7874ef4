import bcrypt from 'bcryptjs'
import { execFile as execute } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { comparisons } from '../../core/passwords/comparison.ts'
import { passwordHashing } from '../../core/passwords/hashing.ts'
import { hashPassword } from '../../core/passwords/scheme.ts'
import { verify } from '../../core/passwords/worker.ts'
import { build } from '../helper.ts'

const execFile = promisify(execute)

test('the threads that a burst of passwords has started are there for the next one', async (t) => {
  let started = 0
  const count = () => started++
  process.on('worker', count)
  t.teardown(() => process.off('worker', count))
  const passwords = passwordHashing(4)
  const burst = () =>
    Promise.all(Array.from({ length: 32 }, (_, index) => passwords.hash(`password ${index}`)))
  await burst()
  const first = started
  // The timer of a thread without patience was set before this one, for one millisecond.
  await setTimeout(5)
  await burst()
  t.equal(started, first)
})

test('a thread loads nothing of what its process has loaded before all else', async (t) => {
  const preload = '--import=data:text/javascript,console.log("loaded")'
  const module = new URL('../../core/passwords/hashing.ts', import.meta.url).href
  const program = `
    const { passwordHashing } = await import(${JSON.stringify(module)})
    console.log(await passwordHashing(4).hash('password'))
    process.exit()`
  const { stdout } = await execFile(process.execPath, [preload, '--input-type=module', '-e', program])
  t.match(stdout, /^loaded\n\$2b\$04\$.{53}\n$/)
})

test('a password may have 256 characters, and every one of them counts', async (t) => {
  const { app, db } = await build(t, { RATE_LIMIT_SIGN_IN: '1000' })
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload })
  const lengths = [72, 73, 256]
  for (const [index, length] of lengths.entries()) {
    // Of two, three and four bytes: bcrypt counts those.
    const letter = ['x', '\u20ac', '\u{1f511}'][index] ?? ''
    const username = `long${length}`
    const password = letter.repeat(length)
    t.equal((await post('/register', { username, password })).statusCode, 201, username)
    t.equal((await post('/login', { username, password })).statusCode, 200)
    for (const other of [letter.repeat(length - 1), `${letter.repeat(length - 1)}y`, `${password}y`])
      t.equal((await post('/login', { username, password: other })).statusCode, 401)
    await db.deleteFrom('sign_in_attempts').execute()
  }
  const rows = await db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '>', 2)
    .orderBy('id')
    .execute()
  const schemes = rows.map(({ password_hash }) => password_hash.split('$')[1])
  t.same(schemes, ['2b', 'bcrypt-sha256', 'bcrypt-sha256'], 'the stored hash names its scheme')
})

test('a long password is hashed as passlib does, and anew when the cost is another', async (t) => {
  const theirs = '$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2'
  const [twelve, four] = [passwordHashing(12), passwordHashing(4)]
  t.equal(await twelve.verify('password', theirs), true)
  t.equal(await twelve.verify('passwore', theirs), false)
  t.equal(twelve.isCurrent(theirs), true)
  t.equal(four.isCurrent(theirs), false)
  const long = 'a walk in the rain '.repeat(10)
  t.equal(four.isCurrent(await four.hash(long)), true)
  t.not(await four.hash(long), await four.hash(long), 'the salt is another each time')

  // What bcrypt alone would take for the same.
  const short = await four.hash(long.slice(0, 72))
  t.equal(await four.verify(long, short), false)
})

const password = 'a walk in the rain'
const [old, present, dear] = [4, 6, 7].map((cost) => bcrypt.hashSync(password, cost))

const oldOfLong = hashPassword(password.repeat(10), 4)

/** Counts the rounds of bcrypt in this thread, which are its work: 2 to the power of the cost. */
function countRounds(t: Test) {
  const count = { rounds: 0 }
  const compare = bcrypt.compareSync.bind(bcrypt)
  const hash = bcrypt.hashSync.bind(bcrypt)
  t.capture(bcrypt, 'compareSync', (given: string, known: string) => {
    count.rounds += 2 ** bcrypt.getRounds(known)
    return compare(given, known)
  })
  t.capture(bcrypt, 'hashSync', (given: string, cost: number) => {
    count.rounds += 2 ** cost
    return hash(given, cost)
  })
  return count
}

test('a failure takes the same work for an old hash, a new one, a name that nobody has, and what is no hash', (t) => {
  const count = countRounds(t)
  const compare = comparisons(6)
  const failing = (known: string | undefined) => {
    count.rounds = 0
    t.equal(verify(compare('another walk', known)), false)
    return count.rounds
  }
  for (const known of [old, oldOfLong, present, undefined, 'no hash', '$2b$06$'])
    t.equal(failing(known), 2 ** 6, String(known))
  t.equal(failing(dear), 2 ** 7)
  for (const known of [old, present, undefined, dear])
    t.equal(failing(known), 2 ** 7, 'all like the dearest that there is')

  count.rounds = 0
  t.equal(verify(compare(password, old)), true)
  t.equal(count.rounds, 2 ** 4, 'a success takes no more than its hash')
  t.end()
})

test('an account that is disabled is compared like a name that nobody has, also with its password', async (t) => {
  const { app, db } = await build(t)
  await db.updateTable('users').set({ status: 'disabled' }).where('username', '=', 'user').execute()
  const compared: unknown[] = []
  t.capture(app.passwords, 'verify', (_password: string, known: string | undefined) => {
    compared.push(known)
    return Promise.resolve(false)
  })
  for (const username of ['user', 'nobody-has-this', 'admin'])
    await app.inject({ method: 'POST', url: '/login', payload: { username, password: 'password123' } })
  t.match(compared, [undefined, undefined, /^\$2b\$/])
})
