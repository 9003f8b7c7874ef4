import jwt from '@fastify/jwt'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { AccessClaims } from '../schemas/tokens.ts'
import { foreignChanges } from '../core/database/version.ts'
import { bearerToken, isRepeated } from '../core/tokens/bearer.ts'
import { findIdentity, type Identity } from '../core/sessions/identities.ts'
import { FirstUses } from '../core/sessions/first-uses.ts'
import {
  IdentityCache,
  type SessionSubject,
  type Subject as TokenSubject
} from '../core/sessions/identity-cache.ts'
import { looksLikeKey, readKey } from '../core/keys/form.ts'
import { findKeyIdentity } from '../core/keys/identity.ts'
import { originOf } from '../core/network/origin.ts'
import type { Lifetimes } from '../core/sessions/sessions.ts'
import type { Known } from '../core/tokens/introspection.ts'
import { audience, issuer, signAccessToken, type Subject, verifyAccessToken } from '../core/tokens/tokens.ts'

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
      lifetimes: Lifetimes
      /** Lifetime of an access token, in seconds. */
      accessTokenSeconds: number
      signAccessToken(subject: Subject): string
      /** Whose an access token of ours is or was, and of which session, without asking whether it counts. */
      readAccessToken(header: string | undefined): Pick<SessionSubject, 'userId' | 'sessionId'> | undefined
      /** Whose a token or key is that counts now; asked without using it. */
      whoIs(token: string): Promise<Known | undefined>
      /** The onRequest hook that sets `request.user`. */
      identify: (request: FastifyRequest, reply: unknown, done: (error?: Error) => void) => void
    }
  }
  interface FastifyRequest {
    /** Why credentials that were sent do not count; undefined when they do, or when none were sent. */
    credentialsFault: 'invalid' | 'repeated' | 'network' | undefined
  }
}

/** Who is asking: sets `request.user`, and never refuses anybody. */
export default fp(
  async (fastify) => {
    const { apiKeys, config, db, keys } = fastify
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

    const readToken = (
      token: string,
      options?: { ignoreExpiration: boolean }
    ): SessionSubject | undefined => {
      const claims = verifyAccessToken(fastify.jwt, keys, token, options)
      if (!claims) return undefined
      const { sid: sessionId, gen: generation } = claims
      return { via: 'session', sessionId, userId: Number(claims.sub), generation, endsAt: claims.exp * 1_000 }
    }
    const readCredential = (token: string): TokenSubject | undefined => {
      if (!looksLikeKey(token)) return readToken(token)
      const key = readKey(token)
      return key && { via: 'key', keyId: key.id, hash: key.hash, endsAt: Infinity }
    }

    const firstUses = new FirstUses(db)
    fastify.addHook('onClose', () => firstUses.close())
    const identities = new IdentityCache({
      verify: readCredential,
      find: async (subject) => {
        if (subject.via === 'key') return findKeyIdentity(db, subject)
        const found = await findIdentity(db, subject)
        // A token of the last exchange has come: whoever has the one before is not answered much longer.
        if (found?.unused !== undefined && found.unused === subject.generation)
          firstUses.note(subject.sessionId, subject.generation)
        return found
      },
      foreignChanges: () => foreignChanges(db)
    })

    fastify.changes.hear((touched) => identities.forget(touched))

    /** Counts a key before it is looked up, so that made-up ones cost the database little. */
    const resolve = async (request: FastifyRequest, token: string) => {
      if (!looksLikeKey(token)) return identities.resolve(token)
      const { network } = originOf(request)
      if (!readKey(token) || !apiKeys.lookups.begin(network)) return undefined
      const identity = await identities.resolve(token)
      if (identity) apiKeys.lookups.found(network)
      return identity
    }
    const accept = (request: FastifyRequest, identity: Identity) => {
      if (identity.via === 'key') {
        if (identity.allows?.(originOf(request).address) === false) {
          request.credentialsFault = 'network'
          return
        }
        apiKeys.uses.note(identity.keyId)
      }
      request.user = identity
    }

    fastify.decorateRequest('credentialsFault', undefined)
    fastify.decorate('auth', {
      lifetimes: {
        idle: config.REFRESH_TOKEN_TTL,
        absolute: config.SESSION_TTL,
        grace: config.REFRESH_GRACE
      },
      accessTokenSeconds,
      signAccessToken: (subject) => signAccessToken(fastify.jwt, keys, subject),
      readAccessToken: (header = '') => readToken(bearerToken(header) ?? '', { ignoreExpiration: true }),
      whoIs: async (token) => {
        const subject = readCredential(token)
        if (!subject) return undefined
        const found = await (subject.via === 'key' ? findKeyIdentity(db, subject) : findIdentity(db, subject))
        return found && { identity: found.identity, endsAt: Math.min(subject.endsAt, found.endsAt) }
      },
      identify: function identify(request, _reply, done) {
        const header = request.headers.authorization
        if (header === undefined) {
          done()
          return
        }
        const known = identities.peek(header)
        if (known) {
          accept(request, known)
          done()
          return
        }
        const token = bearerToken(header)
        if (token === undefined) {
          request.credentialsFault = isRepeated(header) ? 'repeated' : 'invalid'
          done()
          return
        }
        resolve(request, token).then((identity) => {
          if (identity) accept(request, identity)
          else request.credentialsFault = 'invalid'
          done()
        }, done)
      }
    })
    // Limits count by it, and the guard judges by it.
    fastify.pipeline.before('identify', () => fastify.auth.identify)
  },
  { name: 'auth', dependencies: ['api-keys', 'changes', 'config', 'db', 'keys', 'pipeline'] }
)
