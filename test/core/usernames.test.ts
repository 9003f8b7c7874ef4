import { test } from 'tap'
import { Username, usernameForm } from '../../schemas/users.ts'

const pattern = Username.pattern ?? ''
const readings = { none: new RegExp(pattern), u: new RegExp(pattern, 'u'), v: new RegExp(pattern, 'v') }

test('the pattern of usernames means the same with and without flags, and takes every username', async (t) => {
  const odd: string[] = []
  const looser: number[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    // Half of a pair is in no text that gets here.
    if (code >= 0xd800 && code <= 0xdfff) continue
    const character = String.fromCodePoint(code)
    for (const name of [character, `a${character}`]) {
      const taken = readings.none.test(name)
      const isUsername = usernameForm.test(name)
      if (taken !== readings.u.test(name) || taken !== readings.v.test(name))
        odd.push(`U+${code.toString(16)}`)
      if (isUsername && !taken) odd.push(`U+${code.toString(16)} is refused`)
      if (taken && !isUsername && code < 0x100) odd.push(`U+${code.toString(16)} is taken`)
    }
    if (code <= 0xffff && readings.none.test(`a${character}`) && !usernameForm.test(`a${character}`))
      looser.push(code)
  }
  t.same(odd, [])
  const assigned = looser.filter((code) => !/\p{Cn}/u.test(String.fromCodePoint(code)))
  t.ok(assigned.length < 2_000, `it takes ${assigned.length} characters of U+0000 to U+FFFF too many`)
})

test('names of any script pass the validators of clients, and what is none does not', async (t) => {
  for (const [flag, form] of Object.entries(readings)) {
    for (const name of [
      'ada',
      'Ada.Lovelace+1@x-y_z',
      'Ädäm',
      'ада',
      '山田太郎',
      '𠮷野家',
      'नमस्ते',
      '１２３',
      '9lives'
    ])
      t.ok(form.test(name), `${name} (${flag})`)
    for (const name of [
      '',
      '.ada',
      '-ada',
      'a da',
      'ada/eve',
      'ada\n',
      'ada\0',
      'ada\u202e',
      'ada\u200b',
      'a,b',
      'a:b',
      'ada＠x'
    ])
      t.notOk(form.test(name), `${JSON.stringify(name)} (${flag})`)
  }
})
