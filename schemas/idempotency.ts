import { Type } from '@sinclair/typebox'
import { Timestamp } from './types.ts'

/** As stored: what a request with an Idempotency-Key was answered. Nothing of it can be read without that key. */
export const IdempotencyRow = Type.Object({
  key_hash: Type.String(),
  /** Tells whether a request is the same one. */
  fingerprint: Type.String(),
  answer: Type.String(),
  expires_at: Timestamp
})
