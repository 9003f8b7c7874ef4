import { Type } from '@sinclair/typebox'
import { listQuery, pageMembers } from './page.ts'
import { Id, Nullable, ref, SessionId, Timestamp } from './types.ts'

/** As stored: one sign-in. */
export const SessionRow = Type.Object({
  id: SessionId,
  user_id: Id,
  created_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
  user_agent: Nullable(Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', examples: ['curl/8.5.0'] })),
  address: Type.String({ maxLength: 45, pattern: '^[0-9A-Fa-f:.%a-z]*$', examples: ['203.0.113.7'] }),
  /** The X-Forwarded-For of the sign-in, believed or not. */
  forwarded_for: Nullable(Type.String({ maxLength: 256 }))
})

/** As stored: one link of a session's chain of refresh tokens; only the token's hash is kept. */
export const RefreshTokenRow = Type.Object({
  token_hash: Type.String(),
  session_id: SessionId,
  created_at: Timestamp,
  spent_at: Nullable(Timestamp)
})

/** As shown. */
export const Session = Type.Object(
  {
    ...Type.Omit(SessionRow, ['user_id', 'forwarded_for']).properties,
    current: Type.Boolean({ description: 'Whether it is the session that asks.', examples: [true] })
  },
  { $id: 'Session', additionalProperties: false }
)

/** A page of sessions, as shown. */
export const SessionPage = Type.Object(
  { sessions: Type.Array(ref(Session), { maxItems: 200 }), ...pageMembers },
  { $id: 'SessionPage', additionalProperties: false }
)

/** As stored: how often signing in as an account, from one address or from anywhere, has failed of late. */
export const SignInAttemptsRow = Type.Object({
  /** A hash: what is typed as a username may be a password. */
  key: Type.String(),
  failures: Type.Integer(),
  next_at: Timestamp,
  expires_at: Timestamp
})

/** The query of a list of sessions. */
export const SessionFilter = listQuery({
  address: Type.Optional(
    Type.String({
      maxLength: 45,
      pattern: '^[0-9A-Fa-f:.]+$',
      description: 'Sessions from this address alone.',
      examples: ['203.0.113.7']
    })
  )
})
