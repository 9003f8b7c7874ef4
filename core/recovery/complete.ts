import type { FastifyRequest } from 'fastify'
import { lockWithAddress } from '../accounts/email.ts'
import { afterNewPassword } from '../accounts/set-password.ts'
import { updateUser } from '../accounts/users.ts'
import { recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Tx } from '../database/database.ts'
import { LinkInvalid, spendToken, type TokenRow } from '../one-time/tokens.ts'
import { forgetAttempts } from '../throttle/attempts.ts'

/**
 * Sets the new password of an account by a token that findToken has found. It signs nobody in: whatever else a sign-in
 * asks for, it asks for then. @throws LinkInvalid
 */
export async function completeRecovery(
  tx: Tx,
  request: FastifyRequest,
  config: Config,
  token: TokenRow,
  password_hash: string
) {
  const account = await lockWithAddress(tx, token.user_id ?? 0)
  if (account?.status !== 'active') throw new LinkInvalid()
  // The address may have become another's since the mail was sent. A link from the machine was sent to none.
  if (token.email_key !== '' && account.email_key !== token.email_key) throw new LinkInvalid()
  await spendToken(tx, token)
  await updateUser(tx, account.id, { password_hash, must_change_password: 0 })
  await afterNewPassword(tx, config, account.id)
  await forgetAttempts(tx, account.id)
  await recordAudit(tx, request, {
    action: 'password.recover',
    target: `user:${account.id}`,
    actor: account
  })
}
