import { setTimeout } from 'node:timers'

/** Waits for a promise, but no longer than to the deadline; answers whether it came in time, and throws as it does. */
export const inTime = (promise: Promise<unknown>, deadline: number) =>
  new Promise<boolean>((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, deadline - performance.now()))
    const settled = () => clearTimeout(timer)
    promise.then(() => resolve(true), reject).finally(settled)
  })
