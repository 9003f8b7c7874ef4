import { mock } from 'node:test'
import type { Test } from 'tap'

/**
 * The clocks of this process, until the test ends: the one on the wall, which people set, and the one that only runs.
 * Both stand still unless they are moved.
 */
export function fakeClocks(t: Test) {
  const { timers } = mock
  // Whole milliseconds, of which sums and differences are exact.
  const running = Math.ceil(performance.now())
  let passed = 0
  timers.enable({ apis: ['Date'], now: Date.now() })
  performance.now = () => running + passed
  t.teardown(() => {
    timers.reset()
    Reflect.deleteProperty(performance, 'now')
  })
  return {
    /** Lets so many milliseconds pass. */
    pass(milliseconds: number) {
      passed += milliseconds
      timers.tick(milliseconds)
    },
    /** Sets the clock on the wall forward, or back. */
    set(milliseconds: number) {
      timers.setTime(Date.now() + milliseconds)
    }
  }
}
