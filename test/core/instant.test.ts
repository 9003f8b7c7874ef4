import { test } from 'tap'
import { isInstant, readInstant, requireInstant } from '../../core/time/instant.ts'
import { instants, noInstants } from '../instants.ts'

test('an instant is what RFC 3339 says, of a day that there is and a year that every database has', async (t) => {
  for (const [text, instant] of Object.entries(instants)) t.equal(readInstant(text), instant, text)
  for (const text of noInstants) {
    t.equal(readInstant(text), undefined, text)
    t.notOk(isInstant(text), text)
    t.throws(() => requireInstant(text), RangeError, text)
  }
})

test('what the service writes it reads as the same', async (t) => {
  // Days through all months of leap years and others, at odd times.
  for (let time = Date.UTC(1896, 0); time < Date.UTC(2105, 0); time += 86_400_000 * 9 + 12_345_678) {
    const text = new Date(time).toISOString()
    if (readInstant(text) !== text) t.fail(text)
  }
})
