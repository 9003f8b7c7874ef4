import type { FastifyRequest } from 'fastify'
import { recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Tx } from '../database/database.ts'
import { headerText } from '../http/header-text.ts'
import { originOf } from '../network/origin.ts'
import { noteDevice } from '../throttle/known-devices.ts'
import { type Lifetimes, startSession } from './sessions.ts'

/** What a new session is opened with. */
export interface Opening {
  config: Config
  lifetimes: Lifetimes
}

/**
 * Opens the session of an account that the transaction has locked, and records it with those that end for it. `amr` says
 * by what the account was proven (RFC 8176).
 */
export async function openSession<Account extends { id: number; username: string }>(
  tx: Tx,
  request: FastifyRequest,
  user: Account,
  amr: readonly string[],
  { config, lifetimes }: Opening
) {
  const { address, network } = originOf(request)
  const { 'user-agent': agent, 'x-forwarded-for': forwarded } = request.headers
  await noteDevice(tx, config, { userId: user.id, address, network, agent })
  const signIn = {
    userId: user.id,
    userAgent: headerText(agent ?? '', 256) || undefined,
    address,
    forwardedFor: forwarded?.toString() || undefined,
    amr
  }
  const { ended, ...session } = await startSession(tx, signIn, lifetimes)
  await recordAudit(tx, request, {
    action: 'session.start',
    target: `session:${session.sessionId}`,
    actor: user
  })
  const changes = { scope: 'oldest' }
  for (const id of ended)
    await recordAudit(tx, request, { action: 'session.end', target: `session:${id}`, actor: user, changes })
  return { user, ...session }
}
