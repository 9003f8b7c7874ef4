import { test } from 'tap'
import { build } from '../helper.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')

/** What a list sorts by, as the values of a cursor of its own, and values that its columns cannot hold. */
const lists = {
  '/users?': { good: '[1]', bad: ['[1.5]', '[-1]', '[0]', '[2147483648]', '[1e300]', '["1"]'] },
  '/users?sort=username&': { good: '["a"]', bad: ['[1]', '["a\\u0000"]', '["\\ud800"]'] },
  '/users?q=a&': { good: '[1]', bad: ['[0]', '["1"]'] },
  '/users?sort=username&role=user&': { good: '["a"]', bad: ['[1]', '["a\\u0000"]'] },
  '/audit?': {
    good: '["2026-01-31T09:30:00.000Z",9007199254740991]',
    bad: [
      '["2026-01-31T09:30:00.000Z",9007199254740992]',
      '["2026-01-31T09:30:00.000Z",1e300]',
      '["2026-01-31T09:30:00.000Z",0.5]',
      '["2026-01-31T09:30:00.000Z","1"]',
      '["2026-02-30T09:30:00.000Z",1]',
      '[1]'
    ]
  },
  '/audit?actor=ada&action=user.update&': {
    good: '["2026-01-31T09:30:00.000Z",1]',
    bad: ['["2026-01-31T09:30:00.000Z",-1]', '[1]']
  },
  '/roles?': { good: '["a"]', bad: ['[7]', '["\\u0000"]'] },
  '/permissions?': { good: '["a"]', bad: ['[7]'] },
  '/me/sessions?': {
    good: '["2026-01-31T09:30:00.000Z","x"]',
    bad: [
      '["x","x"]',
      '["2026-02-30T09:30:00.000Z","x"]',
      '["0000-01-01T00:00:00.000Z","x"]',
      '["2026-01-31T24:00:00.000Z","x"]',
      '["2026-01-31T09:30:00Z","x"]',
      '["2026-01-31T09:30:00.000Z","\\udfff"]',
      '["2026-01-31T09:30:00.000Z"]'
    ]
  },
  '/users/1/sessions?': { good: '["2026-01-31T09:30:00.000Z","x"]', bad: ['["x","x"]', '[1,2]'] }
}

/** What no list gives out. */
const nonsense = [
  '',
  '{',
  'null',
  '{}',
  '[]',
  '""',
  '[1,2,3]',
  '[[1]]',
  '[{}]',
  '[true]',
  '[1e999]',
  '["x","y"]'
]

for (const [list, { good, bad }] of Object.entries(lists)) {
  test(`GET ${list} takes a cursor of its own order and refuses every other`, async (t) => {
    const { app, as } = await build(t)
    const headers = await as('admin')
    const ask = (cursor: string) =>
      app.inject({ url: `${list}cursor=${encodeURIComponent(cursor)}`, headers })
    t.equal((await ask(encode(good))).statusCode, 200)
    const refused = [...bad, ...nonsense].map(encode)
    for (const cursor of ['WyJ4IiwieSJd', '!', '%', 'Wz', 'W'.repeat(300), ...refused]) {
      if (cursor === '') continue
      const answer = await ask(cursor)
      t.equal(answer.statusCode, 400, Buffer.from(cursor, 'base64url').toString())
    }
    t.match((await ask('WyJ4IiwieSJd')).json(), { code: 'CURSOR_REFUSED' })
  })
}
