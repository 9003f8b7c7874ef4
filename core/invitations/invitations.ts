import type { FastifyRequest } from 'fastify'
import { effectivePermissions } from '../roles/permissions.ts'
import {
  BeyondOwnPermissions,
  requireOwnRole,
  requireRoleToGive,
  RoleUnknown
} from '../accounts/governance.ts'
import { EmailTaken, insertUser } from '../accounts/users.ts'
import { recordAudit } from '../audit/record.ts'
import { holdCaller } from '../access/caller.ts'
import type { Db, Tx } from '../database/database.ts'
import { isUniqueViolation } from '../database/failures.ts'
import { readAddress } from '../mail/address.ts'
import { queueMail } from '../mail/outbox.ts'
import { issueToken, LinkInvalid, spendToken, type TokenRow } from '../one-time/tokens.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { defineProblem } from '../problems/define.ts'

export const InvitedAlready = defineProblem('INVITED_ALREADY', 409, 'Invited already', {
  detail: 'There is an open invitation for this address. Withdraw it to make another one.',
  about: 'An address has one open invitation at most: GET /invitations lists them.'
})

export const InvitationNotFound = defineProblem('INVITATION_NOT_FOUND', 404, 'No such invitation', {
  detail: 'No open invitation has this id.',
  about: 'The invitation was accepted or withdrawn, or has expired.'
})

const columns = ['id', 'email', 'role', 'invited_by', 'created_at', 'expires_at'] as const

const open = (db: Db) =>
  db
    .selectFrom('one_time_tokens')
    .select(columns)
    .where('purpose', '=', 'invitation')
    .where('expires_at', '>', new Date().toISOString())

type Row = Awaited<ReturnType<ReturnType<typeof open>['executeTakeFirstOrThrow']>>

/** An invitation as it is shown: it always has a role. */
const shown = ({ role, ...row }: Row) => ({ ...row, role: role ?? '' })

/** A page of the open invitations, newest first. @throws CursorRefused */
export async function listInvitations(db: Db, page: PageQuery) {
  const { rows, next_cursor } = await pageOf(open(db), page, { created_at: 'instant', id: 'text' }, 'desc')
  return { invitations: rows.map(shown), next_cursor }
}

/** An open invitation. @throws InvitationNotFound */
export const getInvitation = async (db: Db, id: string) =>
  shown(
    await open(db)
      .where('id', '=', id)
      .executeTakeFirstOrThrow(() => new InvitationNotFound())
  )

interface NewInvitation {
  email: string
  role: string
  locale?: 'en' | 'de'
}

/**
 * Invites whoever owns an address to make an account of a role that the caller could give away.
 * @throws EmailRefused, EmailTaken, InvitedAlready, RoleUnknown, BeyondOwnPermissions, ReauthenticationNeeded
 */
export async function invite(tx: Tx, request: FastifyRequest, { email, role, locale = 'en' }: NewInvitation) {
  const address = readAddress(email)
  const caller = await holdCaller(tx, request)
  await requireRoleToGive(tx, caller, role)
  const taken = tx.selectFrom('users').select('id').where('email_key', '=', address.email_key)
  if (await taken.where('email_verified_at', 'is not', null).executeTakeFirst()) throw new EmailTaken()
  // One that has expired is in nobody's way until it is cleaned up.
  await tx
    .deleteFrom('one_time_tokens')
    .where('purpose', '=', 'invitation')
    .where('email_key', '=', address.email_key)
    .where('expires_at', '<=', new Date().toISOString())
    .execute()
  const issue = { ...address, purpose: 'invitation' as const, userId: null, role, invitedBy: caller.id }
  const token = await issueToken(tx, issue).catch((error: unknown) => {
    throw isUniqueViolation(error) ? new InvitedAlready() : error
  })
  await queueMail(tx, { kind: 'invitation', email: token.email, userId: null, tokenId: token.id, locale })
  const changes = { email: token.email, role }
  await recordAudit(tx, request, { action: 'invitation.create', target: `invitation:${token.id}`, changes })
  const { id, invited_by, created_at, expires_at } = token
  return { id, email: token.email, role, invited_by, created_at, expires_at }
}

/** Withdraws an invitation. @throws InvitationNotFound, BeyondOwnPermissions */
export async function withdrawInvitation(tx: Tx, request: FastifyRequest, id: string) {
  const caller = await holdCaller(tx, request)
  const { role } = await getInvitation(tx, id)
  await requireOwnRole(tx, caller, role)
  await tx.deleteFrom('one_time_tokens').where('id', '=', id).execute()
  await recordAudit(tx, request, { action: 'invitation.delete', target: `invitation:${id}` })
}

/** Whether whoever has invited may still give the role away: an invitation does not outlive the rights behind it. */
async function isStillBacked(tx: Tx, { invited_by, role }: TokenRow) {
  const inviter = await tx
    .selectFrom('users')
    .innerJoin('roles', 'roles.name', 'users.role')
    .select('roles.permissions')
    .where('users.id', '=', invited_by ?? 0)
    .where('users.status', '=', 'active')
    .forShare()
    .executeTakeFirst()
  if (!inviter) return false
  const permissions = new Set(effectivePermissions(inviter.permissions))
  if (!permissions.has('users:write')) return false
  try {
    await requireOwnRole(tx, { permissions }, role ?? '')
    return true
  } catch (error) {
    if (error instanceof BeyondOwnPermissions || error instanceof RoleUnknown) return false
    throw error
  }
}

/** The language that an invitation was written in. */
async function localeOf(tx: Tx, tokenId: string) {
  const mail = await tx
    .selectFrom('mail_outbox')
    .select('locale')
    .where('token_id', '=', tokenId)
    .executeTakeFirst()
  return mail?.locale ?? 'en'
}

/**
 * Makes the account of an invitation, by a token that findToken has found; its address is verified by that.
 * @throws LinkInvalid, UsernameRefused, UsernameTaken, EmailTaken
 */
export async function acceptInvitation(
  tx: Tx,
  request: FastifyRequest,
  token: TokenRow,
  { username, password_hash }: { username: string; password_hash: string }
) {
  if (!(await isStillBacked(tx, token))) throw new LinkInvalid()
  const locale = await localeOf(tx, token.id)
  await spendToken(tx, token)
  const { email, email_key, role } = token
  const verified = { email, email_key, locale }
  const user = await insertUser(tx, username, password_hash, role ?? '', { verified })
  await recordAudit(tx, request, {
    action: 'invitation.accept',
    target: `user:${user.id}`,
    actor: user,
    changes: { email, role: user.role }
  })
  return user
}
