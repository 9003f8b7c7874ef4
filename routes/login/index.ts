import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { demoLogins } from '../../core/accounts/defaults.ts'
import { NotSameOrigin } from '../../core/sessions/refresh-cookie.ts'
import { signIn } from '../../core/sessions/sign-in.ts'
import { tokenAnswer } from '../../core/sessions/token-answer.ts'
import { SignInThrottled } from '../../core/throttle/attempts.ts'
import { TooBusyToHash } from '../../core/passwords/hashing.ts'
import { challenge } from '../../core/access/caller.ts'
import { defineProblem } from '../../core/problems/define.ts'
import { Credentials, RefreshPlace, TokenPair } from '../../schemas/tokens.ts'
import { MfaRequired, mfaRequired } from '../../core/sessions/second-step.ts'
import { ref } from '../../schemas/types.ts'
import { PasswordChangeNeeded } from '../../core/accounts/sign-in.ts'
import { PasswordRefused } from '../../core/passwords/policy.ts'

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
  const { answer, policy } = tokenAnswer(auth, config)

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      ...policy,
      problems: [
        MissingCredentials,
        InvalidCredentials,
        MfaRequired,
        NotSameOrigin,
        PasswordChangeNeeded,
        PasswordRefused,
        SignInThrottled,
        TooBusyToHash
      ],
      bodyExamples: demoLogins(config)
    },
    schema: {
      operationId: 'login',
      summary: 'Sign in',
      description:
        'Opens a session and answers its first pair of tokens. With `refresh=cookie` a page of this origin gets the refresh token in a cookie instead (`HttpOnly; SameSite=Strict; Path=/refresh`).',
      tags: ['Authentication'],
      querystring: RefreshPlace,
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
    handler: (request, reply) =>
      answer(request, reply, request.query, async () => {
        const around = { db, config, passwords, lifetimes: auth.lifetimes }
        const session = await signIn(around, request, request.body)
        if (!session) throw invalid()
        if ('challenge' in session) throw mfaRequired(session.challenge, session.methods)
        return session
      })
  })
}
export default login
