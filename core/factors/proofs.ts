import type { FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { Reauthentication } from '../../schemas/factors.ts'
import { findPasswordHash, WrongPassword } from '../accounts/password.ts'
import { mayStillSignIn } from '../accounts/sign-in.ts'
import { recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Db, Tx } from '../database/database.ts'
import { describeAgent } from '../mail/agent.ts'
import { queueNotice } from '../mail/outbox.ts'
import { originOf } from '../network/origin.ts'
import { judgeAssertion, WrongPasskey } from '../passkeys/assertion.ts'
import type { Challenges } from '../passkeys/challenges.ts'
import type { Passwords } from '../passwords/hashing.ts'
import type { Seal } from '../vault/vault.ts'
import { findByCode, spendStep, WrongCode } from './factors.ts'
import { spendCode } from './recovery-codes.ts'

/** What proofs are judged with. */
export interface Judges {
  db: Db
  config: Config
  passwords: Passwords
  /** What passkeys sign. */
  challenges: Challenges
  /** The seal of what authenticator apps make their codes from. */
  seal: Seal
}

interface Account {
  id: number
  username: string
}

/**
 * Settles a proof in the transaction of what it is for, which has locked the account: spends what is good once, and
 * answers what it stands for (names of RFC 8176), or undefined when it is wrong or was spent.
 */
type Settle = (tx: Tx, request: FastifyRequest, account: Account) => Promise<readonly string[] | undefined>

/** A way to prove who one is. */
interface Way<Proof> {
  /** Does for an account what takes time, before the transaction. */
  judge: (judges: Judges, userId: number, proof: Proof) => Promise<Settle>
  /** What the audit log counts when a proof is wrong. */
  refused: `${string}.refuse`
  /** What is answered then. */
  refusal: () => Error
}

type Proofs = Required<Static<typeof Reauthentication>>

/** Every way, by the member of a request that brings its proof. */
const ways: { [Name in keyof Proofs]: Way<Proofs[Name]> } = {
  password: {
    judge: async ({ db, passwords }, userId, password) => {
      const password_hash = await findPasswordHash(db, userId)
      const isRight = await passwords.verify(password, password_hash)
      return async (tx) => {
        if (!isRight || password_hash === undefined) return undefined
        return (await mayStillSignIn(tx, { id: userId, password_hash })) ? ['pwd'] : undefined
      }
    },
    refused: 'password.refuse',
    refusal: () => new WrongPassword()
  },
  code: {
    judge: async ({ db, seal }, userId, code) => {
      const found = await findByCode(db, seal, userId, code)
      return async (tx) => (found && (await spendStep(tx, found)) ? ['otp'] : undefined)
    },
    refused: 'code.refuse',
    refusal: () => new WrongCode()
  },
  recovery_code: {
    judge: ({ config }, userId, code) =>
      Promise.resolve(async (tx, request, account) => {
        if (!(await spendCode(tx, userId, code))) return undefined
        const { address } = originOf(request)
        const agent = describeAgent(request.headers['user-agent'])
        await queueNotice(tx, config, userId, 'recovery_code', { address, agent })
        const target = `user:${userId}`
        await recordAudit(tx, request, { action: 'recovery_code.use', target, actor: account })
        return ['otp']
      }),
    refused: 'code.refuse',
    refusal: () => new WrongCode()
  },
  passkey: {
    judge: async (judges, userId, assertion) =>
      (await judgeAssertion(judges, assertion, `proof ${userId}`)).settle,
    refused: 'passkey.refuse',
    refusal: () => new WrongPasskey()
  }
}

const begin = <Name extends keyof Proofs>(name: Name, proof: Proofs[Name]) => {
  const { judge, ...way } = ways[name]
  return { ...way, name, judge: (judges: Judges, userId: number) => judge(judges, userId, proof) }
}

/** The one proof that a request brings, ready to be judged; its schema makes sure that there is one. */
export function proofIn(proofs: Partial<Proofs>) {
  for (const name of Object.keys(ways) as (keyof Proofs)[]) {
    const proof = proofs[name]
    if (proof !== undefined) return begin(name, proof)
  }
  throw new Error('A request without a proof has passed its schema')
}
