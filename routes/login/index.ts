import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { usernameKey } from '../../plugins/accounts/usernames.ts'
import { write } from '../../plugins/db/transaction.ts'
import { startSession } from '../../plugins/auth/sessions.ts'
import { challenge } from '../../plugins/rbac.ts'
import { TooBusyToHash } from '../../plugins/passwords/index.ts'
import { defineProblem } from '../../schemas/problems.ts'
import { Credentials, TokenPair } from '../../schemas/tokens.ts'
import { ref } from '../../schemas/types.ts'
import { findForSignIn, mayStillSignIn } from './queries.ts'

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
  const { auth, db, passwords } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      limit: { perMinute: 10, by: 'address' },
      problems: [MissingCredentials, InvalidCredentials, TooBusyToHash]
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
        errors.some(({ keyword, instancePath }) => keyword === 'required' || instancePath === '')
      return absent && errors.every(({ keyword }) => keyword !== 'additionalProperties')
        ? new MissingCredentials()
        : Object.assign(new Error('validation'), { validation: errors, validationContext: part })
    },
    handler: async ({ body, ip, headers }) => {
      const user = await findForSignIn(db, usernameKey(body.username))
      const right = await passwords.verify(body.password, user?.password_hash)
      if (!user || !right || user.status !== 'active') throw invalid()

      const session = await write(db, async (tx) => {
        // The password may have been changed, or the account disabled, while it was being compared.
        if (!(await mayStillSignIn(tx, user))) throw invalid()
        return startSession(
          tx,
          { userId: user.id, userAgent: headers['user-agent'], address: ip },
          auth.lifetimes
        )
      })
      return {
        access_token: auth.signAccessToken({ ...user, sessionId: session.sessionId }),
        refresh_token: session.refreshToken,
        token_type: 'Bearer' as const,
        expires_in: auth.accessTokenSeconds
      }
    }
  })
}
export default login
