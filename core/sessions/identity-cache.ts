import type { Touched } from '../changes/touched.ts'
import { headerOf } from '../tokens/bearer.ts'
import type { Identity } from './identities.ts'

/** A change by another process is seen after this many milliseconds at the latest. */
const provenFor = 1_000

/** Only verified tokens of live sessions and keys get in, so strangers cannot push anybody out. */
const mostTokens = 50_000

/** What a key says; whether there is such a key, only the database knows. */
export interface KeySubject {
  via: 'key'
  keyId: string
  hash: string
  endsAt: number
}

/** What a verified token says. */
export type Subject = SessionSubject | KeySubject

/** What a verified access token says. */
export interface SessionSubject {
  via: 'session'
  sessionId: string
  userId: number
  /** Which exchange of the session it comes from, if any. */
  generation?: number | undefined
  /** When the token ends, in milliseconds since the epoch. */
  endsAt: number
}

/** What of an identity a changed row may have been: sessions are known by whose they are. */
const keyIn: Record<string, ((identity: Identity) => string | number | undefined) | undefined> = {
  users: ({ id }) => id,
  sessions: ({ id }) => id,
  roles: ({ role }) => role,
  api_keys: ({ keyId }) => keyId
}

function concerns({ table, key }: Touched, identity: Identity) {
  const own = keyIn[table]
  return own !== undefined && (key === '*' || own(identity) === key)
}

/**
 * The end of an Authorization header, which is of the signature or the secret, and another one for each token. To look
 * for the whole, V8 would hash each of its hundreds of characters, at every request.
 */
const endOf = (header: string) => header.slice(-43)

interface Entry {
  /** The whole header, which most requests have as it is: cutting the token out costs as much as finding it. */
  header: string
  subject: Subject
  identity: Identity
  /** When the token or the session ends, as it was when the database was read. */
  endsAt: number
  generation: number
}

interface Sources {
  /** Checks a token; undefined when it is not to be trusted. */
  verify(token: string): Subject | undefined
  /** Reads who is behind a session or a key, and when it ends in milliseconds since the epoch. */
  find(subject: Subject): Promise<{ identity: Identity; endsAt: number } | undefined>
  /** A value that changes whenever another process has changed the database. */
  foreignChanges(): Promise<unknown>
}

/**
 * Remembers who a verified token belongs to, until a local change of the session, the account or the role makes
 * it forget. Once a second it asks whether another process has changed anything; if so, all is read anew.
 */
export class IdentityCache {
  /** By the end of the header. */
  readonly #entries = new Map<string, Entry>()
  readonly #sources: Sources
  /** Counts what was forgotten: an answer read before a change must not be kept after it. */
  #changes = 0
  /** Counts the changes of other processes: what was read before the last of them does not count. */
  #generation = 0
  #seen: unknown
  #provenAt = -Infinity
  #proof: Promise<void> | undefined

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** The identity behind an Authorization header when it is known and fresh, without any waiting. */
  peek(header: string): Identity | undefined {
    const entry = this.#entryOf(header)
    if (!entry || entry.generation !== this.#generation) return undefined
    return this.#isProven() && Date.now() < entry.endsAt ? entry.identity : undefined
  }

  /** The identity behind a token: verified, its session alive, its account active. Otherwise undefined. */
  async resolve(token: string): Promise<Identity | undefined> {
    if (!this.#isProven()) await this.#prove()
    const header = headerOf(token)
    const fresh = this.peek(header)
    if (fresh) return fresh

    const kept = this.#entryOf(header)?.subject
    const subject = kept && Date.now() < kept.endsAt ? kept : this.#sources.verify(token)
    this.#entries.delete(endOf(header))
    if (!subject) return undefined
    const changes = this.#changes
    const generation = this.#generation
    const found = await this.#sources.find(subject)
    if (!found) return undefined
    const { identity } = found
    // What changed meanwhile, this request may be too early for; the next one is not.
    if (changes === this.#changes)
      this.#keep({ header, subject, identity, endsAt: Math.min(subject.endsAt, found.endsAt), generation })
    return identity
  }

  /** By a clock that nobody sets back. */
  #isProven() {
    return performance.now() - this.#provenAt < provenFor
  }

  /** Asks once for everybody who waits. What is proven was so when the question was put. */
  #prove(): Promise<void> {
    const at = performance.now()
    this.#proof ??= this.#sources
      .foreignChanges()
      .then((seen) => {
        if (seen !== this.#seen) this.#generation++
        this.#seen = seen
        this.#provenAt = at
      })
      .finally(() => (this.#proof = undefined))
    return this.#proof
  }

  #entryOf(header: string): Entry | undefined {
    const entry = this.#entries.get(endOf(header))
    return entry?.header === header ? entry : undefined
  }

  #keep(entry: Entry) {
    if (this.#entries.size >= mostTokens) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(endOf(entry.header), entry)
  }

  /** Forgets everybody whom a change concerns, or all. */
  forget(touched: readonly Touched[] | 'all') {
    this.#changes++
    for (const [end, { identity }] of this.#entries) {
      if (touched === 'all' || touched.some((row) => concerns(row, identity))) this.#entries.delete(end)
    }
  }
}
