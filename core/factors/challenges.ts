import { createHash, randomBytes } from 'node:crypto'
import { challenge as challengeHeader } from '../access/caller.ts'
import type { Db, Tx } from '../database/database.ts'
import { defineProblem } from '../problems/define.ts'

/**
 * What a right password is worth where a second factor is asked for: it lets somebody try that factor, five times in five
 * minutes, and nothing else.
 */

export const ChallengeInvalid = defineProblem('CHALLENGE_INVALID', 401, 'Sign in again', {
  detail: 'The challenge is unknown, used up or expired. Begin with POST /login again.',
  about:
    'A challenge of POST /login is good for five tries in five minutes, until one is right, the password changes, or the sessions of the account are ended.'
})

const lifetime = 300_000
const mostTries = 5
/** So many sign-ins of an account may be under way at once; one more ends the oldest. */
const mostOpen = 10

/** Only hashes are stored: what is random needs no slow one, and neither does the hash of a password. */
const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

/** How long a challenge is good, in seconds. */
export const challengeSeconds = lifetime / 1_000

interface Begun {
  userId: number
  /** The hash of the password that was right. */
  passwordHash: string
  /** The hash of the one that takes its place. */
  chosenHash: string | undefined
}

/** Notes that a password was right, of an account that the transaction has locked. Answers the challenge. */
export async function issueChallenge(tx: Tx, { userId, passwordHash, chosenHash }: Begun): Promise<string> {
  const challenge = randomBytes(32).toString('base64url')
  const now = Date.now()
  await tx
    .insertInto('sign_in_challenges')
    .values({
      hash: digest(challenge),
      user_id: userId,
      password_digest: digest(passwordHash),
      chosen_hash: chosenHash ?? null,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifetime).toISOString()
    })
    .execute()
  const newest = tx
    .selectFrom('sign_in_challenges')
    .select('hash')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('hash')
    .limit(mostOpen)
  await tx
    .deleteFrom('sign_in_challenges')
    .where('user_id', '=', userId)
    .where('hash', 'not in', newest)
    .execute()
  return challenge
}

/** The refusal of a challenge. */
export const challengeInvalid = () => new ChallengeInvalid().with({ headers: challengeHeader() })

/** The id of the account that a challenge is of. @throws ChallengeInvalid */
export async function findChallenge(db: Db, challenge: string): Promise<number> {
  const row = await db
    .selectFrom('sign_in_challenges')
    .select('user_id')
    .where('hash', '=', digest(challenge))
    .where('expires_at', '>', new Date().toISOString())
    .executeTakeFirst()
  if (!row) throw challengeInvalid()
  return row.user_id
}

interface Account {
  id: number
  password_hash: string
}

/**
 * Takes one of the tries of a challenge, of an account that the transaction has locked; of many at once no more go
 * through than there are. Answers the hash of the password that the sign-in chooses, if it does.
 * @throws ChallengeInvalid when none is left, or another password counts by now
 */
export async function takeTry(tx: Tx, challenge: string, account: Account) {
  const row = await tx
    .updateTable('sign_in_challenges')
    .set(({ eb }) => ({ tries: eb('tries', '+', 1) }))
    .where('hash', '=', digest(challenge))
    .where('user_id', '=', account.id)
    .where('password_digest', '=', digest(account.password_hash))
    .where('tries', '<', mostTries)
    .where('expires_at', '>', new Date().toISOString())
    .returning('chosen_hash')
    .executeTakeFirst()
  if (!row) throw challengeInvalid()
  return row.chosen_hash ?? undefined
}

/** Ends a challenge that was met. */
export const endChallenge = (tx: Tx, challenge: string) =>
  tx.deleteFrom('sign_in_challenges').where('hash', '=', digest(challenge)).execute()

/** Ends every sign-in of an account that is under way. */
export const endChallenges = (tx: Tx, userId: number) =>
  tx.deleteFrom('sign_in_challenges').where('user_id', '=', userId).execute()
