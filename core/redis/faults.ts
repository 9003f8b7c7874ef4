import { ReplyError } from 'ioredis'

/** Why Redis is not used, in one word. */
export const redisFaults = [
  'unreachable',
  'loading',
  'full',
  'read_only',
  'elsewhere',
  'not_permitted',
  'refused'
] as const
export type RedisFault = (typeof redisFaults)[number]

/** By what Redis says first. */
const kinds: readonly (readonly [RegExp, RedisFault])[] = [
  [/^(LOADING|BUSY) /, 'loading'],
  [/^OOM /, 'full'],
  [/^(READONLY|MASTERDOWN|NOREPLICAS) /, 'read_only'],
  // A cluster, of which another node has our keys, or none.
  [/^(MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN) /, 'elsewhere'],
  [/^(NOPERM|NOAUTH|WRONGPASS|DENIED) |^ERR (invalid password|max number of clients)/, 'not_permitted']
]

/** Whether Redis has refused a command, and not for what stands under one key: it would refuse the next one too. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof ReplyError && error instanceof Error && !error.message.startsWith('WRONGTYPE')

/** What an error of a connection or a command says of Redis. */
export function faultOf(error: Error): RedisFault {
  const known = kinds.find(([pattern]) => pattern.test(error.message))
  if (known) return known[1]
  return error instanceof ReplyError ? 'refused' : 'unreachable'
}
