import { Type } from '@sinclair/typebox'
import { Id, Nullable, SessionId, Timestamp } from './types.ts'

/** As stored: one sign-in. */
export const SessionRow = Type.Object({
  id: SessionId,
  user_id: Id,
  created_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
  user_agent: Nullable(Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', examples: ['curl/8.5.0'] })),
  address: Type.String({ maxLength: 45, pattern: '^[0-9A-Fa-f:.%a-z]*$', examples: ['203.0.113.7'] })
})

/** As stored: one link of a session's chain of refresh tokens; only the token's hash is kept. */
export const RefreshTokenRow = Type.Object({
  token_hash: Type.String(),
  session_id: SessionId,
  created_at: Timestamp,
  spent_at: Nullable(Timestamp)
})
