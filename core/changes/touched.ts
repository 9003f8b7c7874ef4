import type { Db, Tx } from '../database/database.ts'

/** A row that a transaction has changed: its table, and what others remember it by; `*` is every row. */
export interface Touched {
  table: string
  key: string | number
}

/** Hears of changes; `all` when nobody knows which. */
export type ChangeListener = (touched: readonly Touched[] | 'all') => void

const pending = new WeakMap<Tx, Touched[]>()
const listeners = new WeakMap<Db, Set<ChangeListener>>()

/** Notes in a transaction what it changes: when it has committed, and before anybody is answered, others hear of it. */
export const touch = (tx: Tx, table: string, key: string | number) => {
  pending.get(tx)?.push({ table, key })
}

/** Collects what a transaction touches from now on. */
export function collectTouched(tx: Tx): readonly Touched[] {
  const touched: Touched[] = []
  pending.set(tx, touched)
  return touched
}

/** Hears of every change that is made through a database here. */
export function onTouched(db: Db, listener: ChangeListener) {
  const known = listeners.get(db) ?? new Set()
  listeners.set(db, known.add(listener))
}

/** Tells what was changed, or may have been. */
export function announceTouched(db: Db, touched: readonly Touched[]) {
  if (touched.length === 0) return
  for (const listener of listeners.get(db) ?? []) listener(touched)
}
