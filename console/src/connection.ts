import { Store } from './store.ts'

/** Whether the service has answered the last request that was sent. */
export const isReachable = new Store(true)

export const reached = () => isReachable.value || isReachable.set(true)

export const unreached = () => isReachable.value && isReachable.set(false)
