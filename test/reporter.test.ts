import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import Report from '../tools/reporter.js'

const tap = `TAP version 14
1..3
# Subtest: test/first.test.ts
    # Subtest: a name
        ok 1 - is kept
        not ok 2 - is told
          ---
          diff: |
            -Ada
            +Bob
          at:
            lineNumber: 4
          ...
        1..2
    not ok 1 - a name # time=9ms
    ok 2 - another # SKIP no server here
    ok 3 - one more # SKIP no server here
    1..3
not ok 1 - test/first.test.ts # time=1234ms

# Subtest: test/second.test.ts
    # Subtest: all is well
        ok 1 - first
        ok 2 - second
        1..2
    ok 1 - all is well
    1..1
not ok 2 - test/second.test.ts # time=50ms
  ---
  exitCode: 7
  ...

ok 3 - test/third.test.ts # time=100ms
# time=2000ms
`

test('a run tells each file, and each failure in it once more at its end', async (t) => {
  const told = `not ok: test/first.test.ts > a name > is told
    diff:
        -Ada
        +Bob
    at: { lineNumber: 4 }
`
  const crashed = `not ok: test/second.test.ts
    exitCode: 7
`
  t.equal(
    await text(Readable.from(tap.split(/(?<=\n)/)).pipe(new Report())),
    `${told}not ok test/first.test.ts (1.2 s)
${crashed}not ok test/second.test.ts (0.1 s)
ok test/third.test.ts (0.1 s)

skipped 2: no server here
${told}${crashed}3 files in 2.0 s: 4 passed, 2 failed, 2 skipped
`
  )
})

test('at the end a long failure is told in short', async (t) => {
  const lines = Array.from({ length: 1_000 }, (_, line) => `      line ${line}\n`)
  const tap = [
    'TAP version 14\n',
    'not ok 1 - test/first.test.ts\n',
    '  ---\n',
    '  diff: |\n',
    ...lines,
    '  ...\n'
  ]
  const [first = '', second = ''] = (await text(Readable.from([...tap, '1..1\n']).pipe(new Report())))
    .split('not ok: ')
    .slice(1)
  t.match(first, /line 999\n/)
  t.match(second, /line 17\n {4}…\n1 files/)
})

test('a run that was given up says why', async (t) => {
  t.match(
    await text(
      Readable.from(['TAP version 14\nok 1 - test/first.test.ts\nBail out! no room\n']).pipe(new Report())
    ),
    /not ok: Bail out! > no room\n1 files .* 1 failed/
  )
})
