import fc from 'fast-check'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { simpleParser } from 'mailparser'
import { test } from 'tap'
import { sqlitePath } from '../../core/database/open.ts'
import { write } from '../../core/database/transaction.ts'
import { deliverNext, pauses } from '../../core/mail/deliver.ts'
import { queueMail } from '../../core/mail/outbox.ts'
import { render } from '../../core/mail/render.ts'
import { openTransport } from '../../core/mail/transport.ts'
import { requestRecovery } from '../../core/recovery/request.ts'
import { postgresServer } from '../database.ts'
import { build } from '../helper.ts'
import { until } from '../until.ts'
import { type Arrived, mailServer, refusal, tokenIn } from './server.ts'
import { withMail } from './service.ts'

test('a mail that is not taken is tried again, ever later, and given up; one that is refused for good at once', async (t) => {
  const answers: (Error | undefined)[] = []
  const { app, db, as, deliver } = await withMail(t, {}, () => answers.shift())
  const send = (email: string) =>
    write(db, (tx) => queueMail(tx, { kind: 'test', email, userId: null, locale: 'en' }))
  const mails = async (state: string) =>
    (await app.inject({ url: `/mail?state=${state}`, headers: await as('admin') })).json<{
      mails: { id: string; attempts: number; error: string | null; email: string }[]
    }>().mails
  /** As if the time until the next try had passed. */
  const passTime = () =>
    db
      .updateTable('mail_outbox')
      .set({ next_at: new Date().toISOString() })
      .where('next_at', 'is not', null)
      .execute()

  const id = await send('ada@example.com')
  for (let attempt = 1; attempt <= pauses.length; attempt++) {
    answers.push(refusal(451))
    t.same(await deliver(), [])
    const [mail] = await mails('waiting')
    t.match(mail, { id, attempts: attempt, error: /451/ })
    const { next_at } = await db.selectFrom('mail_outbox').select('next_at').executeTakeFirstOrThrow()
    const pause = Date.parse(next_at ?? '') - Date.now()
    t.ok(pause > 0 && pause <= (pauses[attempt - 1] ?? 0), `try ${attempt}`)
    await passTime()
  }
  answers.push(refusal(451))
  await deliver()
  t.match(await mails('failed'), [{ id, attempts: pauses.length + 1 }])
  t.same(await mails('waiting'), [])

  const refused = await send('nobody@example.com')
  answers.push(refusal(550))
  await deliver()
  t.match((await mails('failed')).map((mail) => mail.id).sort(), [id, refused].sort())
  const sent = await send('ada@example.com')
  t.equal((await deliver()).length, 1)
  t.match(await mails('sent'), [{ id: sent, attempts: 1, error: null }])
})

test('a mail that came though the server died has the Message-ID of the one that comes again, and both links are good', async (t) => {
  const answers: (Error | undefined)[] = []
  const seen: Arrived[] = []
  const { db, post, deliver, verify } = await withMail(t, {}, (mail) => {
    seen.push(mail)
    return answers.shift()
  })
  await verify('user', 'ada@example.com')
  for (const which of [0, 1]) {
    await db.deleteFrom('sign_in_attempts').execute()
    await post('/recover', { username: 'user' })
    seen.length = 0
    answers.push(refusal(451))
    await deliver()
    await db
      .updateTable('mail_outbox')
      .set({ next_at: new Date().toISOString() })
      .where('next_at', 'is not', null)
      .execute()
    await deliver()
    t.equal(seen.length, 2)
    t.equal(seen[0]?.mail.messageId, seen[1]?.mail.messageId)
    t.match(seen[0]?.mail.messageId, /^<[0-9a-f-]{36}@id\.example\.com>$/)
    const mail = seen[which]
    if (!mail) throw new Error('no mail')
    const payload = { token: tokenIn(mail), new_password: `a walk in the rain ${which}` }
    t.equal((await post('/recover/complete', payload)).statusCode, 204)
    await deliver()
  }
  t.notMatch(JSON.stringify(await db.selectFrom('mail_outbox').selectAll().execute()), /token=/)
})

test('whatever a name holds, a mail goes to its one recipient, and says nothing but itself', async (t) => {
  const { arrived, db, app } = await withMail(t)
  const transport = openTransport(app.config)
  if (!transport) throw new Error('no transport')
  t.teardown(() => transport.close())
  const hostile = fc.array(
    fc.oneof(
      fc.string({ maxLength: 8, unit: 'grapheme' }),
      fc.constantFrom(
        '\r\n',
        '\n',
        'Bcc: eve@example.com',
        '"',
        '<b>',
        "'>",
        '&',
        '\u202e',
        '\r\n\r\n',
        '@',
        '<script>'
      )
    ),
    { maxLength: 6 }
  )
  const property = fc.property(hostile, (parts) => {
    const username = parts.join('')
    const facts = {
      email: 'ada@example.com',
      url: '',
      address: username,
      agent: username,
      createdAt: new Date().toISOString()
    }
    for (const kind of ['verification', 'device'] as const)
      for (const locale of ['en', 'de'] as const) {
        const plain = render({ ...facts, kind, locale, username: 'x', address: '', agent: '' })
        const { subject, text, html } = render({ ...facts, kind, locale, username })
        if (subject !== plain.subject) throw new Error(subject)
        if (text.split('\n').length !== plain.text.split('\n').length) throw new Error(text)
        if (html.replace(/[^<]/g, '').length !== plain.html.replace(/[^<]/g, '').length) throw new Error(html)
      }
  })
  fc.assert(property, { numRuns: 500 })

  for (const username of ['a"b\r\nBcc: eve@example.com\r\n\r\n<b>', 'x\u2028@y,eve@example.com']) {
    await db
      .updateTable('users')
      .set({ username, email: "o'hara+<x>@example.com" })
      .where('id', '=', 2)
      .execute()
    await write(db, (tx) =>
      queueMail(tx, { kind: 'password', email: "o'hara+x@example.org", userId: 2, locale: 'en' })
    )
    while (await deliverNext(db, app.config, transport));
    const mail = arrived.at(-1)
    t.same(mail?.recipients, ["o'hara+x@example.org"])
    t.equal(mail?.mail.subject, 'Your password was changed')
    t.equal(mail?.mail.bcc, undefined)
    t.notMatch(mail?.mail.html || '', /<b>/)
  }
})

test('known or not, reachable or not, limited or not: asking for a new password is the same work', async (t) => {
  const { app, db, verify, deliver, post } = await withMail(t)
  await verify('user', 'ada@example.com')
  const statements: string[] = []
  const recorder = {
    transformQuery: ({ node, queryId }: { node: never; queryId: never }) => {
      statements.push(app.db.getExecutor().compileQuery(node, queryId).sql)
      return node
    },
    transformResult: ({ result }: { result: never }) => Promise.resolve(result)
  }
  const request = { id: 'a', ip: '203.0.113.7', user: null }
  const workOf = async (name: string) => {
    statements.length = 0
    await db
      .withPlugin(recorder as never)
      .transaction()
      .execute((tx) => requestRecovery(tx, request as never, name))
    return [...statements]
  }
  const known = await workOf('ada@example.com')
  t.ok(known.length >= 7)
  const names = [
    'user',
    'admin',
    'nobody-has-this',
    'nobody@example.com',
    'no address@@',
    'user',
    'user',
    'ADA@example.com'
  ]
  for (const name of names) t.same(await workOf(name), known, name)

  // Three an hour, whichever way the account is named; nobody is told.
  await db.deleteFrom('mail_outbox').execute()
  await db.deleteFrom('sign_in_attempts').execute()
  for (let index = 0; index < 6; index++) {
    const username = index % 2 ? 'user' : 'ada@example.com'
    const answer = await post('/recover', { username })
    t.same([answer.statusCode, answer.body], [202, ''])
  }
  const unknown = await post('/recover', { username: 'nobody-has-this' })
  t.same([unknown.statusCode, unknown.body], [202, ''])
  await deliver()
  const rows = await db.selectFrom('mail_outbox').select('id').where('sent_at', 'is not', null).execute()
  t.equal(rows.length, 1, 'the last of three; those before were withdrawn before they were sent')
  t.same(
    await db.selectFrom('mail_outbox').select('id').where('email', 'is', null).execute(),
    [],
    'nobody is kept'
  )
})

test('of two instances one sends at a time, and every mail once', async (t) => {
  let under = 0
  let most = 0
  const { arrived, env } = await mailServer(t, async () => {
    most = Math.max(most, ++under)
    await new Promise(setImmediate)
    under--
    return undefined
  })
  const first = await build(t, env)
  const second = await build(t, { ...env, DATABASE_URL: first.app.config.DATABASE_URL })
  for (const { app } of [first, second]) await app.listen({ port: 0, host: '127.0.0.1' })
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      write((index % 2 ? first : second).db, (tx) =>
        queueMail(tx, { kind: 'test', email: `a${index}@example.com`, userId: null, locale: 'en' })
      )
    )
  )
  await until(() => arrived.length >= 20)
  await until(
    async () =>
      (await first.db.selectFrom('mail_outbox').select('id').where('next_at', 'is not', null).execute())
        .length === 0
  )
  t.equal(arrived.length, 20)
  t.equal(new Set(arrived.flatMap(({ recipients }) => recipients)).size, 20)
  t.equal(most, 1)
})

test('in development mails become files for their owner alone; in production what needs mail says that there is none', async (t) => {
  const { app, db, as } = await build(t)
  const admin = await as('admin')
  const payload = { email: 'ada@example.com', locale: 'de' }
  t.equal((await app.inject({ method: 'POST', url: '/mail/test', headers: admin, payload })).statusCode, 202)
  if (postgresServer === undefined) {
    const transport = openTransport(app.config)
    const delivery = transport && (await deliverNext(db, app.config, transport))
    const folder = join(dirname(sqlitePath(app.config.DATABASE_URL)), 'mail')
    t.same(readdirSync(folder), [`${delivery?.id ?? ''}.eml`])
    const file = delivery?.file ?? ''
    t.equal((await simpleParser(readFileSync(file))).subject, 'Ein Test')
    if (process.platform !== 'win32') t.equal(statSync(file).mode & 0o777, 0o600)
  }

  const production = await build(t, {
    NODE_ENV: 'production',
    BCRYPT_COST: '10',
    ADMIN_PASSWORD: 'a password of the operator',
    JWT_SECRET: 'Qm9yZWQgbm93PyBUcnkgdGhpcyBvbmUsIGl0IGlzIGxvbmch'
  })
  const headers = await production.as('admin')
  for (const [method, url, body] of [
    ['POST', '/recover', { username: 'admin' }],
    ['POST', '/mail/test', payload],
    ['POST', '/invitations', { email: 'a@example.com', role: 'user' }],
    ['POST', '/users/1/recovery', undefined],
    ['PUT', '/me/email', { email: 'a@example.com', current_password: 'a password of the operator' }]
  ] as const) {
    const answer = await production.app.inject({ method, url, headers, ...(body && { payload: body }) })
    t.match(answer.json(), { status: 503, code: 'MAIL_NOT_CONFIGURED' }, url)
  }
  t.same(await production.db.selectFrom('mail_outbox').select('id').execute(), [])
})
