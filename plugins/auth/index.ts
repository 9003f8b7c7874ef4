import jwt from '@fastify/jwt'
import fp from 'fastify-plugin'
import { hkdfSync } from 'node:crypto'
import type { AccessClaims } from '../../schemas/tokens.ts'
import { foreignChanges } from '../db/version.ts'
import { bearerToken, isRepeated } from './bearer.ts'
import { findIdentity, type Identity } from './identities.ts'
import { IdentityCache } from './identity-cache.ts'
import { type KeyRing, loadKeys } from './keys.ts'
import type { Lifetimes } from './sessions.ts'
import { audience, issuer, signAccessToken, type Subject, verifyAccessToken } from './tokens.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: Omit<AccessClaims, 'iat' | 'exp' | 'iss' | 'aud'>
    /** Who is asking; null is anybody. */
    user: Identity | null
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    auth: {
      /** The keys of access tokens. */
      keys: KeyRing
      lifetimes: Lifetimes
      /** Derives the successor of a refresh token. */
      successorKey: Buffer
      /** Lifetime of an access token, in seconds. */
      accessTokenSeconds: number
      signAccessToken(subject: Subject): string
      /** Makes a committed change of sessions, accounts or roles count from the next request on. */
      forget(matches: (identity: Identity) => boolean): void
      /** The onRequest hook that sets `request.user`. */
      identify: (request: FastifyRequest, reply: unknown, done: (error?: Error) => void) => void
    }
  }
  interface FastifyRequest {
    /** Why credentials that were sent do not count; undefined when they do, or when none were sent. */
    credentialsFault: 'invalid' | 'repeated' | undefined
  }
}

/** Who is asking: sets `request.user`, and never refuses anybody. */
export default fp(
  async (fastify) => {
    const { config, db } = fastify
    const keys = loadKeys(config)
    const { algorithm, signWith, verifyWith } = keys.signing()
    const accessTokenSeconds = Math.floor(config.ACCESS_TOKEN_TTL / 1_000)
    await fastify.register(jwt, {
      secret: { private: signWith, public: verifyWith },
      sign: { algorithm, iss: issuer, aud: audience, expiresIn: accessTokenSeconds },
      verify: {
        algorithms: [algorithm],
        allowedIss: issuer,
        allowedAud: audience,
        requiredClaims: ['sub', 'sid', 'iat', 'exp', 'jti']
      }
    })

    const identities = new IdentityCache({
      verify: (token) => {
        const claims = verifyAccessToken(fastify.jwt, keys, token)
        return claims && { sessionId: claims.sid, userId: Number(claims.sub), endsAt: claims.exp * 1_000 }
      },
      find: (subject) => findIdentity(db, subject),
      foreignChanges: () => foreignChanges(db)
    })

    const { redis } = fastify
    redis?.hear(({ forget }) => {
      if (forget) identities.forget(() => true)
    })

    fastify.decorateRequest('credentialsFault', undefined)
    fastify.decorate('auth', {
      keys,
      lifetimes: {
        idle: config.REFRESH_TOKEN_TTL,
        absolute: config.SESSION_TTL,
        grace: config.REFRESH_GRACE
      },
      successorKey: Buffer.from(hkdfSync('sha256', keys.oldest.signWith, '', 'refresh token successor', 32)),
      accessTokenSeconds,
      signAccessToken: (subject) => signAccessToken(fastify.jwt, keys, subject),
      forget: (matches) => {
        identities.forget(matches)
        redis?.tell({ forget: true })
      },
      identify: (request, _reply, done) => {
        const header = request.headers.authorization
        if (header === undefined) {
          done()
          return
        }
        const known = identities.peek(header)
        if (known) {
          request.user = known
          done()
          return
        }
        const token = bearerToken(header)
        if (token === undefined) {
          request.credentialsFault = isRepeated(header) ? 'repeated' : 'invalid'
          done()
          return
        }
        identities.resolve(token).then((identity) => {
          if (identity) request.user = identity
          else request.credentialsFault = 'invalid'
          done()
        }, done)
      }
    })
    // First of the hooks that a route gets: limits count by it, rbac judges by it.
    fastify.addHook('onRoute', (route) => {
      route.onRequest = [fastify.auth.identify, route.onRequest ?? []].flat()
    })
  },
  { name: 'auth', dependencies: ['config', 'db', 'redis'] }
)
