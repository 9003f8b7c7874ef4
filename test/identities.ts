import type { KeyIdentity, SessionIdentity } from '../core/sessions/identities.ts'

const account = {
  id: 7,
  username: 'ada',
  role: 'editor',
  permissions: new Set<never>(),
  requestsPerMinute: 30
}

/** Somebody who has signed in, for what asks no database. */
export const person: SessionIdentity = {
  ...account,
  via: 'session',
  sessionId: 'of-ada',
  authTime: 0,
  amr: ['pwd'],
  mustEnrol: false
}

/** A key of the same account. */
export const machine: KeyIdentity = {
  ...account,
  via: 'key',
  keyId: '4fKq0ZbT7xLm',
  keyRequestsPerMinute: null,
  networks: [],
  allows: undefined
}
