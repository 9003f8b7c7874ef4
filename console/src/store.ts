import { useSyncExternalStore } from 'react'

/** A value outside of React that components follow. */
export class Store<T> {
  #listeners = new Set<() => void>()
  value: T

  constructor(value: T) {
    this.value = value
  }

  set(value: T) {
    this.value = value
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The present value of a store. */
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, () => store.value)
