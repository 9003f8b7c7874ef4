import type { Db, Tx } from '../database/database.ts'
import { mostSessions } from '../sessions/sessions.ts'
import { readOrigin } from '../network/address.ts'

/** How long a network is known after the last sign-in from it, in milliseconds. */
export const knownFor = 30 * 86_400_000

/** How many networks of one account are known: those of the latest sign-ins. */
export const mostKnown = 20

/** Whether an account has a live session that began in this network. */
async function hasSessionFrom(db: Db, userId: number, network: string, now: number) {
  const sessions = await db
    .selectFrom('sessions')
    .select('address')
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date(now).toISOString())
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(mostSessions)
    .execute()
  return sessions.some(({ address }) => readOrigin(address).network === network)
}

/** Whether an account has signed in from this network of late: it is its owner who asks, most likely. */
export async function isKnownNetwork(db: Db, userId: number, network: string, now: number): Promise<boolean> {
  const known = await db
    .selectFrom('known_networks')
    .select('network')
    .where('user_id', '=', userId)
    .where('network', '=', network)
    .where('last_seen_at', '>', new Date(now - knownFor).toISOString())
    .executeTakeFirst()
  return known !== undefined || hasSessionFrom(db, userId, network, now)
}

/** Remembers that an account has signed in from a network. */
export async function rememberNetwork(tx: Tx, userId: number, network: string, now: number) {
  const last_seen_at = new Date(now).toISOString()
  await tx
    .insertInto('known_networks')
    .values({ user_id: userId, network, last_seen_at })
    .onConflict((conflict) => conflict.columns(['user_id', 'network']).doUpdateSet({ last_seen_at }))
    .execute()
  const latest = tx
    .selectFrom('known_networks')
    .select('network')
    .where('user_id', '=', userId)
    .orderBy('last_seen_at', 'desc')
    .orderBy('network')
    .limit(mostKnown)
  const others = tx.deleteFrom('known_networks').where('user_id', '=', userId)
  await others.where('network', 'not in', latest).execute()
}
