import type { Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { NewPasskey } from '../../schemas/passkeys.ts'
import { asSession, holdCaller, requireUser } from '../access/caller.ts'
import { asTokenInvalid, lockUser } from '../accounts/users.ts'
import { recordAudit } from '../audit/record.ts'
import type { Tx } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { gainFactor, loseFactor } from '../factors/consequences.ts'
import { methodsOf } from '../factors/methods.ts'
import { describeAgent } from '../mail/agent.ts'
import { queueNotice } from '../mail/outbox.ts'
import { originOf } from '../network/origin.ts'
import { isHash } from '../passwords/scheme.ts'
import { defineProblem } from '../problems/define.ts'
import type { Around } from './around.ts'
import { spendChallenge } from './challenges.ts'
import { deletePasskey, hasPasskey, insertPasskey } from './passkeys.ts'
import { requireSite, type Site } from './site.ts'
import { challengeIn, methodsProven, verifyRegistration } from './verify.ts'

export const PasskeyUnusable = defineProblem('PASSKEY_UNUSABLE', 400, 'The passkey cannot be registered', {
  detail: 'This passkey cannot be registered here.',
  about:
    'It answers no challenge of yours, was made on a page that is not of this service, or its authenticator has not verified who holds it.'
})

export const LastWayIn = defineProblem('LAST_WAY_IN', 409, 'The last way in', {
  detail: 'Nothing else lets you sign in. Add another passkey or choose a password first.',
  about: 'The account has no password that counts, and this is its last passkey.'
})

/** Where a request comes from, as mails say it. */
const placeOf = (request: FastifyRequest) => ({
  address: originOf(request).address,
  agent: describeAgent(request.headers['user-agent'])
})

/** What a passkey is called whose owner does not say: the program that made it, in words that are ours. */
const nameFrom = (request: FastifyRequest) => {
  const agent = describeAgent(request.headers['user-agent'])
  return agent === '?' ? 'Passkey' : agent
}

async function verify(
  { challenges }: Around,
  site: Site,
  request: FastifyRequest,
  { passkey }: Static<typeof NewPasskey>
) {
  const challenge = challengeIn(passkey.response.clientDataJSON)
  if (challenge === undefined || !challenges.isOurs(challenge, `registration ${requireUser(request).id}`))
    throw new PasskeyUnusable()
  const verified = await verifyRegistration(site, challenge, passkey).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    request.log.info({ reason }, 'a passkey is not registered')
    throw new PasskeyUnusable()
  })
  return { challenge, verified }
}

/**
 * Gives the caller's account a passkey that their browser has made, and tells the owner. Answers it, with the first factor
 * recovery codes too.
 * @throws PasskeysNotConfigured, PasskeyChallengeExpired, PasskeyUnusable, PasskeyTaken, TooManyPasskeys, TokenInvalid
 */
export async function registerPasskey(
  around: Around,
  request: FastifyRequest,
  body: Static<typeof NewPasskey>
) {
  const { id } = requireUser(request)
  const { challenge, verified } = await verify(around, requireSite(around.config), request, body)
  return write(around.db, async (tx) => {
    await lockUser(tx, id).catch(asTokenInvalid)
    const caller = asSession(await holdCaller(tx, request))
    await spendChallenge(tx, challenge)
    const isFirst = (await methodsOf(tx, id)).length === 0
    const passkey = await insertPasskey(tx, id, verified, body.name ?? nameFrom(request))
    const changes = { name: passkey.name }
    await recordAudit(tx, request, { action: 'passkey.create', target: `passkey:${passkey.id}`, changes })
    await queueNotice(tx, around.config, id, 'passkey_added', placeOf(request))
    const proven = methodsProven(verified)
    const codes = await gainFactor(tx, caller, { isFirst, proven })
    return { passkey, ...(codes && { recovery_codes: codes }) }
  })
}

/** Whether an account has a password that somebody can know. */
async function hasPassword(tx: Tx, userId: number) {
  const query = tx.selectFrom('users').select('password_hash').where('id', '=', userId)
  return isHash((await query.executeTakeFirst())?.password_hash ?? '')
}

/**
 * Takes a passkey from the caller's account, and tells the owner.
 * @throws PasskeyNotFound, LastWayIn, TokenInvalid
 */
export async function removePasskey(
  { db, config }: Omit<Around, 'challenges'>,
  request: FastifyRequest,
  id: string
) {
  const { id: userId } = requireUser(request)
  await write(db, async (tx) => {
    await lockUser(tx, userId).catch(asTokenInvalid)
    await holdCaller(tx, request)
    const before = await deletePasskey(tx, userId, id)
    if (!(await hasPasskey(tx, userId)) && !(await hasPassword(tx, userId))) throw new LastWayIn()
    await loseFactor(tx, userId)
    await recordAudit(tx, request, {
      action: 'passkey.delete',
      target: `passkey:${id}`,
      changes: { name: null },
      before
    })
    await queueNotice(tx, config, userId, 'passkey_removed', placeOf(request))
  })
}
