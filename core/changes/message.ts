import type { Touched } from './touched.ts'

/** What one process tells the others: what was changed; `all` after messages may have been lost. */
export interface Message {
  touched: readonly Touched[] | 'all'
}

const isTouched = (value: unknown): value is Touched =>
  typeof value === 'object' &&
  value !== null &&
  'table' in value &&
  typeof value.table === 'string' &&
  'key' in value &&
  (typeof value.key === 'string' || typeof value.key === 'number')

/** Whether this is a message of ours. */
export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' &&
  value !== null &&
  'touched' in value &&
  (value.touched === 'all' || (Array.isArray(value.touched) && value.touched.every(isTouched)))
