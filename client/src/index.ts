import { type Client, createClient, createConfig } from './generated/client/index.js'
import { listUsers, login, logout, refreshTokens, verifyLogin } from './generated/sdk.gen.js'
import { sendPatiently } from './patience.js'
import type { ListUsersData, TokenPair, User, Verification } from './generated/types.gen.js'
import { isProblem, ProblemError, wantsProof } from './problems.js'

export * from './generated/index.js'
export type { Client } from './generated/client/index.js'
export { ProblemError } from './problems.js'
export { shareBetweenTabs } from './tabs.js'

export interface GatehouseOptions {
  /** Where the API is, such as `https://api.example.com`. */
  baseUrl: string
  /** A key to act with, instead of a session. */
  key?: string
  /** The tokens of a session to go on with. */
  tokens?: TokenPair
  /**
   * Who keeps the refresh token: whoever uses this, by `tokens` and `onTokens`, or the browser, in a cookie that no
   * script reads. That is for pages of the API's own origin: `resume` goes on with it after a reload.
   */
  refresh?: 'body' | 'cookie'
  /** Runs an exchange of the refresh token while no other holder of the session runs one: see shareBetweenTabs. */
  alone?: (work: () => Promise<void>) => Promise<void>
  /** Told whenever the tokens change, to keep them; undefined when the session has ended. */
  onTokens?: (tokens: TokenPair | undefined) => void
  /**
   * Has the person prove again who they are, by `reauthenticate`, when a call needs that: the call is sent again when it
   * answers true. However many calls need it at once, it is asked once.
   */
  onReauthenticationNeeded?: () => Promise<boolean>
  /** What sends the requests, when it is not the global fetch. */
  fetch?: (request: Request) => Promise<Response>
}

/**
 * A connection that stays signed in: hand its `client` to any operation. Failed calls throw a ProblemError; what got no
 * answer, or a 503, is tried again where that does nothing twice.
 */
export class Gatehouse {
  readonly client: Client
  #tokens: TokenPair | undefined
  #refreshing: Promise<void> | undefined
  #proving: Promise<boolean> | undefined
  readonly #options: GatehouseOptions
  /** For signing in and refreshing, which must not refresh on a 401 themselves. */
  readonly #bare: Client

  constructor(options: GatehouseOptions) {
    this.#options = options
    this.#tokens = options.tokens
    this.#bare = this.#connect((request) => this.#send(request))
    this.client = this.#connect((request) => this.#sendSignedIn(request))
  }

  /** The tokens of the session, undefined when signed out. */
  get tokens(): TokenPair | undefined {
    return this.#tokens
  }

  /**
   * Opens a session; a password that somebody else has chosen needs another one beside it. Of an account with a second
   * factor it throws MFA_REQUIRED: hand the `challenge` of that problem to `verify`.
   * @throws ProblemError with the code INVALID_CREDENTIALS, MFA_REQUIRED, PASSWORD_CHANGE_NEEDED and others
   */
  async login(username: string, password: string, newPassword?: string): Promise<void> {
    const { refresh = 'body' } = this.#options
    await this.#alone(async () => {
      const { data } = await login({
        client: this.#bare,
        body: { username, password, ...(newPassword !== undefined && { new_password: newPassword }) },
        query: { refresh },
        throwOnError: true
      })
      this.#keep(data)
    })
  }

  /**
   * Opens a session by the second factor, with a proof by one of the `methods` of the problem MFA_REQUIRED.
   * @throws ProblemError with the code WRONG_CODE, CHALLENGE_INVALID and others
   */
  async verify(challenge: string, proof: Omit<Verification, 'challenge'>): Promise<void> {
    const { refresh = 'body' } = this.#options
    await this.#alone(async () => {
      const body = { challenge, ...proof }
      const { data } = await verifyLogin({ client: this.#bare, body, query: { refresh }, throwOnError: true })
      this.#keep(data)
    })
  }

  /** Goes on with the session whose refresh token is in the cookie; answers whether there is one. */
  async resume(): Promise<boolean> {
    await this.#refresh(this.#tokens)
    return this.#tokens !== undefined
  }

  /** Goes on with tokens that another holder of the session has got, or learns that it has ended. */
  adopt(tokens: TokenPair | undefined): void {
    this.#tokens = tokens
  }

  /** Ends the session, here and on the server, also when the access token has expired. */
  async logout(): Promise<void> {
    const { refresh_token } = this.#tokens ?? {}
    await logout({
      client: this.#bare,
      ...(refresh_token !== undefined && { body: { refresh_token } }),
      throwOnError: true
    })
    this.#keep(undefined)
  }

  /** Every account that the query takes, page by page as they are asked for. */
  async *users(query: Omit<NonNullable<ListUsersData['query']>, 'cursor'> = {}): AsyncGenerator<User, void> {
    let cursor: string | null | undefined
    do {
      const { data } = await listUsers({
        client: this.client,
        query: { ...query, ...(cursor && { cursor }) },
        throwOnError: true
      })
      yield* data.users
      cursor = data.next_cursor
    } while (cursor)
  }

  #connect(fetch: (request: Request) => Promise<Response>): Client {
    const client = createClient(
      createConfig({
        baseUrl: this.#options.baseUrl,
        auth: () => this.#options.key ?? this.#tokens?.access_token,
        fetch: (input, init) => fetch(new Request(input, init)),
        throwOnError: true
      })
    )
    client.interceptors.error.use((error, response) =>
      isProblem(error) && response ? new ProblemError(error, response) : error
    )
    return client
  }

  #keep(tokens: TokenPair | undefined) {
    this.#tokens = tokens
    this.#options.onTokens?.(tokens)
  }

  /** Sends a request, again where that is safe: see sendPatiently. */
  #send(request: Request): Promise<Response> {
    const { baseUrl, fetch: send = fetch } = this.#options
    const basePath = new URL(baseUrl, request.url).pathname.replace(/\/$/, '')
    return sendPatiently(request, (again) => send(again), basePath)
  }

  /** Sends a request; once more when its token no longer counts and it has another one, or when it took a new proof. */
  async #sendSignedIn(request: Request): Promise<Response> {
    const again = request.clone()
    const response = await this.#send(request)
    const sent = request.headers.get('authorization')
    if (response.status !== 401 || sent === null || !this.#tokens) return response
    if (await wantsProof(response)) {
      if (!(await this.#prove())) return response
    }
    // Another call may have refreshed meanwhile.
    else if (sent === `Bearer ${this.#tokens.access_token}`) await this.#refresh(this.#tokens)
    if (!this.#tokens) return response
    again.headers.set('authorization', `Bearer ${this.#tokens.access_token}`)
    const key = request.headers.get('idempotency-key')
    if (key !== null) again.headers.set('idempotency-key', key)
    return this.#send(again)
  }

  #prove(): Promise<boolean> {
    const ask = this.#options.onReauthenticationNeeded ?? (() => Promise.resolve(false))
    this.#proving ??= ask().finally(() => (this.#proving = undefined))
    return this.#proving
  }

  /** However many calls find the token expired, one exchange serves them all. A refused one ends the session. */
  #refresh(spent: TokenPair | undefined): Promise<void> {
    this.#refreshing ??= this.#alone(() => this.#exchange(spent)).finally(
      () => (this.#refreshing = undefined)
    )
    return this.#refreshing
  }

  async #exchange(spent: TokenPair | undefined): Promise<void> {
    // Another holder of the session was faster.
    if (this.#tokens !== spent) return
    try {
      const body = spent?.refresh_token === undefined ? {} : { refresh_token: spent.refresh_token }
      const { data } = await refreshTokens({ client: this.#bare, body, throwOnError: true })
      this.#keep(data)
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error
      this.#keep(undefined)
    }
  }

  #alone(work: () => Promise<void>): Promise<void> {
    return this.#options.alone?.(work) ?? work()
  }
}
