import { setTimeout } from 'node:timers/promises'

/** The clock that runs on where a test has stopped the others (clock.ts). */
const clock = performance.now.bind(performance)

/**
 * Asks again and again until it is so. @throws after ten seconds, by which none of what the tests wait for may pass
 * by itself: no answer that is kept has expired, no window of a limit has ended
 */
export async function until(holds: () => boolean | Promise<boolean>) {
  const deadline = clock() + 10_000
  while (!(await holds())) {
    if (clock() > deadline) throw new Error(`It is not so: ${String(holds)}`)
    await setTimeout(10)
  }
}

/** Lets the event loop turn so often that whatever waits for no timer and for nobody else is done. */
export async function turnOver() {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}
