import type { AccessClaims } from '../../schemas/tokens.ts'
import type { Identity } from './identities.ts'

/** A change on another instance is seen after this many milliseconds at the latest. */
const freshFor = 1_000

/** Only verified tokens of live sessions get in, so strangers cannot push anybody out. */
const mostTokens = 50_000

interface Entry {
  identity: Identity
  /** When the token ends, in milliseconds since the epoch. */
  expiresAt: number
  checkedAt: number
}

/**
 * Remembers who a verified token belongs to, for a second at most, and until a local change of the session,
 * the account or the role makes it forget. `find` asks the database for the rest.
 */
export class IdentityCache {
  readonly #entries = new Map<string, Entry>()
  readonly #verify: (token: string) => AccessClaims | undefined
  readonly #find: (sessionId: string, userId: number) => Promise<Identity | undefined>
  /** Counts what was forgotten: an answer read before a change must not be kept after it. */
  #changes = 0

  constructor(
    verify: (token: string) => AccessClaims | undefined,
    find: (sessionId: string, userId: number) => Promise<Identity | undefined>
  ) {
    this.#verify = verify
    this.#find = find
  }

  /** The identity behind a token when it is known and fresh, without any waiting. */
  peek(token: string): Identity | undefined {
    const entry = this.#entries.get(token)
    if (!entry) return undefined
    const now = Date.now()
    return now - entry.checkedAt < freshFor && now < entry.expiresAt ? entry.identity : undefined
  }

  /** The identity behind a token: verified, its session alive, its account active. Otherwise undefined. */
  async resolve(token: string): Promise<Identity | undefined> {
    const expiresAt = this.#entries.get(token)?.expiresAt
    const known =
      expiresAt !== undefined && Date.now() < expiresAt ? this.#entries.get(token)?.identity : undefined
    const claims = known ? undefined : this.#verify(token)
    this.#entries.delete(token)
    if (!known && !claims) return undefined

    const sessionId = known?.sessionId ?? claims?.sid ?? ''
    const userId = known?.id ?? Number(claims?.sub)
    for (;;) {
      const changes = this.#changes
      const checkedAt = Date.now()
      const identity = await this.#find(sessionId, userId)
      if (changes !== this.#changes) continue
      if (identity)
        this.#keep(token, { identity, expiresAt: expiresAt ?? (claims?.exp ?? 0) * 1_000, checkedAt })
      return identity
    }
  }

  #keep(token: string, entry: Entry) {
    if (this.#entries.size >= mostTokens) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(token, entry)
  }

  /** Forgets everybody for whom `matches` says so; call it after the change has committed, before answering. */
  forget(matches: (identity: Identity) => boolean) {
    this.#changes++
    for (const [token, { identity }] of this.#entries) if (matches(identity)) this.#entries.delete(token)
  }
}
