import { Type } from '@sinclair/typebox'
import { listQuery, pageMembers } from './page.ts'
import { Address, byDatabase, Id, Nullable, ref, SessionId, StringEnum, Timestamp } from './types.ts'
import { Username } from './users.ts'

/** As stored: one sign-in. */
export const SessionRow = Type.Object({
  id: SessionId,
  user_id: Id,
  created_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
  user_agent: Nullable(Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', examples: ['curl/8.5.0'] })),
  address: Address,
  /** The X-Forwarded-For of the sign-in, believed or not. */
  forwarded_for: Nullable(Type.String({ maxLength: 256 })),
  /** The hash of what all refresh tokens of the session begin with. */
  family: Type.String(),
  /** The hashes of the live refresh token and of the one that it was exchanged for. */
  token_hash: Type.String(),
  parent_hash: Nullable(Type.String()),
  /** Makes the live token of the one that it was exchanged for; without that it makes nothing. */
  salt: Nullable(Type.String()),
  /** Counts the exchanges. */
  generation: byDatabase(Type.Integer()),
  /** When a token of the last exchange was first used; null is not yet. */
  used_at: Nullable(Timestamp),
  /** The salt of the exchange before, and when a token of that was first used. */
  prior_salt: Nullable(Type.String()),
  prior_used_at: Nullable(Timestamp),
  /** When the person last proved who they are, and by what: names of RFC 8176 with a space between. */
  auth_time: byDatabase(Timestamp),
  amr: byDatabase(Type.String()),
  /** How it came about. */
  kind: byDatabase(StringEnum(['sign_in']))
})

/** What of it only a refresh needs, or the judgement of a request. */
const internal = [
  'auth_time',
  'amr',
  'kind',
  'family',
  'token_hash',
  'parent_hash',
  'salt',
  'generation',
  'used_at',
  'prior_salt',
  'prior_used_at'
] as const

/** As shown. */
export const Session = Type.Object(
  {
    ...Type.Omit(SessionRow, ['user_id', 'forwarded_for', ...internal]).properties,
    current: Type.Boolean({ description: 'Whether it is the session that asks.', examples: [true] })
  },
  { $id: 'Session', additionalProperties: false }
)

/** A page of sessions, as shown. */
export const SessionPage = Type.Object(
  { sessions: Type.Array(ref(Session), { maxItems: 200 }), ...pageMembers },
  { $id: 'SessionPage', additionalProperties: false }
)

/** As shown among everybody's: with whose it is. */
export const AccountSession = Type.Object(
  { ...Session.properties, user_id: Id, username: Username },
  { $id: 'AccountSession', additionalProperties: false }
)

/** A page of everybody's sessions, as shown. */
export const AccountSessionPage = Type.Object(
  { sessions: Type.Array(ref(AccountSession), { maxItems: 200 }), ...pageMembers },
  { $id: 'AccountSessionPage', additionalProperties: false }
)

/** As stored: how often signing in as an account, from one network or from many together, has failed of late. */
export const SignInAttemptsRow = Type.Object({
  /** An account, or the hash of a name that no account has. */
  subject: Type.String(),
  source: Type.String(),
  failures: Type.Integer(),
  /** Attempts that are being judged, and until when these count. */
  held: Type.Integer(),
  held_until: Timestamp,
  next_at: Timestamp,
  expires_at: Timestamp
})

/** As stored: a network that an account has signed in from. */
export const KnownNetworkRow = Type.Object({ user_id: Id, network: Type.String(), last_seen_at: Timestamp })

/** The query of a list of sessions. */
export const SessionFilter = listQuery({
  address: Type.Optional(
    Type.String({
      maxLength: 45,
      pattern: '^(unknown|[0-9A-Fa-f:.]+)$',
      description: 'Sessions from this address alone, however it is spelled.',
      examples: ['203.0.113.7']
    })
  )
})

/** The query of the list of everybody's sessions. */
export const AccountSessionFilter = listQuery({
  user_id: Type.Optional({ ...Id, description: "One account's sessions alone." })
})

/** The path parameters of one session of an account. */
export const UserSessionParams = Type.Object(
  {
    id: { ...Id, description: 'The id of the account.' },
    session: { ...SessionId, description: 'The id of the session, as lists of sessions show it.' }
  },
  { additionalProperties: false }
)
