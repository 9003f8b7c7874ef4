import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import bcrypt from 'bcryptjs'
import { demoLogins } from '../../plugins/accounts/index.ts'
import { usernameKey } from '../../plugins/accounts/usernames.ts'
import { recordAudit } from '../../plugins/audit/record.ts'
import { startSession } from '../../plugins/auth/sessions.ts'
import { forgiveAttempt, reserveAttempt, SignInThrottled } from '../../plugins/auth/sign-in-throttle.ts'
import { write } from '../../plugins/db/transaction.ts'
import { TooBusyToHash } from '../../plugins/passwords/index.ts'
import { challenge } from '../../plugins/rbac.ts'
import { defineProblem } from '../../schemas/problems.ts'
import { Credentials, TokenPair } from '../../schemas/tokens.ts'
import { ref } from '../../schemas/types.ts'
import { findForSignIn, mayStillSignIn, replaceHash } from './queries.ts'

const MissingCredentials = defineProblem('MISSING_CREDENTIALS', 400, 'Missing username or password', {
  detail: 'The body has to be {"username": …, "password": …}.',
  about: 'A sign-in needs both a username and a password.',
  guide: { error: 'Missing username or password' }
})

const InvalidCredentials = defineProblem('INVALID_CREDENTIALS', 401, 'Invalid credentials', {
  detail: 'The username or the password is wrong.',
  about: 'No active account has this username and this password. Which of them is wrong is not told.',
  guide: { error: 'Invalid credentials' }
})

const invalid = () => new InvalidCredentials().with({ headers: challenge() })

const login: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, config, db, passwords } = fastify

  /** A hash of the present cost for a password that was right under an older one; not worth waiting in a queue for. */
  const upgraded = async (password: string, hash: string) =>
    bcrypt.getRounds(hash) === config.BCRYPT_COST
      ? undefined
      : passwords.hash(password).catch(() => undefined)

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      limit: { perMinute: 10, by: 'address' },
      problems: [MissingCredentials, InvalidCredentials, SignInThrottled, TooBusyToHash],
      bodyExamples: demoLogins(config)
    },
    schema: {
      operationId: 'login',
      summary: 'Sign in',
      description: 'Opens a session and answers its first pair of tokens.',
      tags: ['Authentication'],
      body: ref(Credentials),
      response: { 200: ref(TokenPair, 'The tokens of the new session.') }
    },
    schemaErrorFormatter: (errors, part) => {
      const absent =
        part === 'body' &&
        errors.some(
          ({ keyword, instancePath }) => keyword === 'required' || (keyword === 'type' && instancePath === '')
        )
      return absent
        ? new MissingCredentials()
        : Object.assign(new Error('validation'), { validation: errors, validationContext: part })
    },
    handler: async (request) => {
      const { body, ip, headers } = request
      const key = usernameKey(body.username)
      await write(db, (tx) => reserveAttempt(tx, key, ip))

      const user = await findForSignIn(db, key)
      const right = await passwords.verify(body.password, user?.password_hash)
      const newHash = user && right ? await upgraded(body.password, user.password_hash) : undefined

      // What follows is one transaction for good and bad alike, so that neither takes longer.
      const session = await write(db, async (tx) => {
        // The password may have been changed, or the account disabled, while it was being compared.
        if (!user || !right || !(await mayStillSignIn(tx, user))) {
          await recordAudit(tx, request, {
            action: 'session.refuse',
            target: user ? `user:${user.id}` : null
          })
          return undefined
        }
        if (newHash !== undefined) await replaceHash(tx, user.id, newHash)
        await forgiveAttempt(tx, key, ip)
        const signIn = {
          userId: user.id,
          userAgent: headers['user-agent'],
          address: ip,
          forwardedFor: [headers['x-forwarded-for']].flat().join(', ') || undefined
        }
        const started = await startSession(tx, signIn, auth.lifetimes)
        await recordAudit(tx, request, {
          action: 'session.start',
          target: `session:${started.sessionId}`,
          actor: user
        })
        return { user, ...started }
      })
      if (!session) throw invalid()
      return {
        access_token: auth.signAccessToken({ ...session.user, sessionId: session.sessionId }),
        refresh_token: session.refreshToken,
        token_type: 'Bearer' as const,
        expires_in: auth.accessTokenSeconds
      }
    }
  })
}
export default login
