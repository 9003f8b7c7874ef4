import { test } from 'tap'
import { readOrigin, spellingOf } from '../../core/network/address.ts'
import { inNetworks } from '../../core/network/networks.ts'
import { trustedBy } from '../../core/network/trust.ts'

test('an address has one spelling and one network, whatever stands there', async (t) => {
  const origins: Record<string, [address: string, network: string, ...texts: string[]]> = {
    'IPv4, with a port or as IPv6': [
      '203.0.113.9',
      '203.0.113.9',
      ...['203.0.113.9', ' 203.0.113.9 ', '203.0.113.9:5000', '[203.0.113.9]:5000', '::ffff:203.0.113.9'],
      ...['::FFFF:203.0.113.9', '::ffff:cb00:7109', '0:0:0:0:0:ffff:203.0.113.9', '[::ffff:203.0.113.9]:80'],
      ...['::203.0.113.9', '::ffff:203.0.113.9%eth0']
    ],
    'IPv6, in brackets, with a port, long or in capitals': [
      '2001:db8::1',
      '2001:db8::/64',
      ...['2001:db8::1', '[2001:db8::1]', '[2001:db8::1]:443', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1'],
      ...['2001:db8:0:0::0.0.0.1']
    ],
    'a zone is a matter of this machine alone': ['fe80::1', 'fe80::/64', 'fe80::1%eth0', '[fe80::1%eth0]:80'],
    'of IPv6 the first 64 bits': ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1:2:3:4:5:6'],
    'two runs of zeros': ['2001:db8::1:0:0:1', '2001:db8::/64', '2001:db8:0:0:1:0:0:1'],
    'the loopback is no IPv4 address': ['::1', '::/64', '::1', '[::1]:3000'],
    'what is no address is none': [
      'unknown',
      'unknown',
      ...[
        '',
        'unknown',
        '_hidden',
        '-',
        '<script>alert(1)</script>',
        '203.0.113',
        '203.0.113.256',
        '203.0.113.9:x'
      ],
      ...[
        '203.0.113.9:123456',
        '[203.0.113.9',
        '2001:db8::1]:443',
        '[]:80',
        ':80',
        'fe80::1::2',
        'localhost',
        '%'
      ]
    ]
  }
  for (const [what, [address, network, ...texts]] of Object.entries(origins)) {
    for (const text of texts) t.same(readOrigin(text), { address, network }, `${what}: ${text}`)
  }
  t.same(readOrigin(undefined), { address: 'unknown', network: 'unknown' }, 'a Unix socket')
  t.equal(spellingOf('::FFFF:203.0.113.9'), '203.0.113.9')
  t.equal(spellingOf('203.0.113'), '203.0.113', 'what is none stays as it is')
})

test('a proxy is trusted by its network, however its address is written', async (t) => {
  const trusts = trustedBy(['10.0.0.0/8', 'fd00::/8'])
  for (const hop of [
    '10.1.2.3',
    '10.1.2.3:1234',
    '::ffff:10.1.2.3',
    '[fd00::1]:443',
    'FD00::1',
    'fd00::1%eth0'
  ])
    t.ok(trusts(hop), hop)
  for (const hop of ['11.1.2.3', '11.1.2.3:10', '<script>', 'unknown', 'unix', '', undefined])
    t.notOk(trusts(hop), String(hop))
  t.ok(trustedBy(['::ffff:10.0.0.0/104'])('10.1.2.3'), 'a network too')
  t.ok(trustedBy(['unix'])(undefined), 'a Unix socket has to be named')
  t.notOk(trustedBy(['unix'])('unix'))
})

test('a network of IPv6 has no IPv4 address, and one of IPv4 none of IPv6', async (t) => {
  for (const networks of [['::/0'], ['::/1', '8000::/1'], ['::/64'], ['::/80']]) {
    t.notOk(inNetworks(networks)('203.0.113.9'), networks.join(' '))
    t.notOk(inNetworks(networks)('unknown'))
  }
  t.ok(inNetworks(['::/0'])('2001:db8::1'))
  t.ok(inNetworks(['2001:db8::/32', '203.0.113.0/24'])('203.0.113.9'), 'beside one another')
  for (const everything of ['0.0.0.0/0', '::ffff:0:0/96']) {
    t.ok(inNetworks([everything])('203.0.113.9'), everything)
    t.notOk(inNetworks([everything])('2001:db8::1'), everything)
  }
})
