import fc from 'fast-check'
import { test } from 'tap'
import { addressKey, readAddress } from '../../core/mail/address.ts'

test('an address keeps its local part, and its domain stands in ASCII', async (t) => {
  t.same(readAddress('Ada.Lovelace+id@Example.COM'), {
    email: 'Ada.Lovelace+id@example.com',
    email_key: 'ada.lovelace+id@example.com'
  })
  t.equal(readAddress('ada@bücher.example').email, 'ada@xn--bcher-kva.example')
  t.equal(addressKey('ada@BÜCHER.example'), addressKey('ada@xn--bcher-kva.example'))
  t.equal(readAddress('josé@example.com').email, 'josé@example.com')
  // One letter in two forms is two mailboxes.
  t.not(addressKey('jos\u00e9@example.com'), addressKey('jose\u0301@example.com'))
  t.not(addressKey('\uff41da@example.com'), addressKey('ada@example.com'))
})

test('what is no address, or could become another one or two, is refused', async (t) => {
  const refused = [
    '',
    'ada',
    '@',
    'ada@',
    '@example.com',
    'ada@@example.com',
    'ada@a@example.com',
    'ada\uff20evil.example@example.com'.replace('@example.com', ''),
    'ada@example',
    'ada@localhost',
    'ada@127.0.0.1',
    'ada@[127.0.0.1]',
    'ada@example..com',
    'ada@-example.com',
    'ada@example.com.',
    'ada@exa mple.com',
    'a da@example.com',
    '.ada@example.com',
    'ada.@example.com',
    'a..da@example.com',
    '"ada"@example.com',
    'ada(x)@example.com',
    'ada@example.com, eve@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'ada\r\n@example.com',
    'ada\u0000@example.com',
    '<ada@example.com>',
    'Ada <ada@example.com>',
    'ada@evil.example\uff20example.com',
    'ada@example.com\u2028',
    'ada\u200b@example.com',
    'ada\u202e@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(126)}com`,
    'ada@example.123'
  ]
  for (const text of refused) t.equal(addressKey(text), undefined, encodeURIComponent(text))
})

test('whatever is taken has one @, no control, no space and no more than 254 bytes, and is taken again as it is', async (t) => {
  const part = fc.oneof(
    fc.string({ maxLength: 30, unit: 'grapheme' }),
    fc.stringMatching(/^[a-zéß0-9.+_-]{1,12}$/),
    fc.constantFrom('@', '\r\n', 'Bcc:', '"', '<', ',', 'bücher', '.com', 'example.com', 'ada', '%', '\u0000')
  )
  let taken = 0
  const property = fc.property(fc.array(part, { maxLength: 3 }), fc.boolean(), (parts, complete) => {
    const text = complete ? `${parts.join('')}@example.com` : parts.join('')
    let read
    try {
      read = readAddress(text)
    } catch {
      return
    }
    taken++
    const { email, email_key } = read
    const isSound =
      email.split('@').length === 2 &&
      !/[\s\p{Cc}\p{Cf}",<>()\\;:]/u.test(email) &&
      Buffer.byteLength(email) <= 254 &&
      readAddress(email).email === email &&
      addressKey(email_key) === email_key
    if (!isSound) throw new Error(JSON.stringify(email))
  })
  fc.assert(property, { numRuns: 3000, ...(process.env['CI'] && { seed: 1 }) })
  t.ok(taken > 100)
})
