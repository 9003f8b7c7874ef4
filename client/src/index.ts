import { type Client, createClient, createConfig } from './generated/client/index.js'
import { listUsers, login, logout, refreshTokens } from './generated/sdk.gen.js'
import type { ListUsersData, Problem, TokenPair, User } from './generated/types.gen.js'

export * from './generated/index.js'

/** What a failed call throws: the server's problem (RFC 9457), with the answer that it came in. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  readonly response: Response

  constructor(problem: Problem, response: Response) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
    this.response = response
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'request_id' in value

export interface GatehouseOptions {
  /** Where the API is, such as `https://api.example.com`. */
  baseUrl: string
  /** The tokens of a session to go on with. */
  tokens?: TokenPair
  /** Told whenever the tokens change, to keep them; undefined when the session has ended. */
  onTokens?: (tokens: TokenPair | undefined) => void
  /** What sends the requests, when it is not the global fetch. */
  fetch?: (request: Request) => Promise<Response>
}

/** A connection that stays signed in: hand its `client` to any operation. Failed calls throw a ProblemError. */
export class Gatehouse {
  readonly client: Client
  #tokens: TokenPair | undefined
  #refreshing: Promise<void> | undefined
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

  /** Opens a session. @throws ProblemError with the code INVALID_CREDENTIALS and others */
  async login(username: string, password: string): Promise<void> {
    const { data } = await login({ client: this.#bare, body: { username, password }, throwOnError: true })
    this.#keep(data)
  }

  /** Ends the session, here and on the server. */
  async logout(): Promise<void> {
    await logout({ client: this.client, throwOnError: true })
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
        auth: () => this.#tokens?.access_token,
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

  #send(request: Request): Promise<Response> {
    return (this.#options.fetch ?? fetch)(request)
  }

  /** Sends a request; when its token no longer counts, refreshes once and sends it once more. */
  async #sendSignedIn(request: Request): Promise<Response> {
    const again = request.clone()
    const response = await this.#send(request)
    const sent = request.headers.get('authorization')
    if (response.status !== 401 || sent === null || !this.#tokens) return response
    // Another call may have refreshed meanwhile.
    if (sent === `Bearer ${this.#tokens.access_token}`) await this.#refresh(this.#tokens)
    if (!this.#tokens) return response
    again.headers.set('authorization', `Bearer ${this.#tokens.access_token}`)
    return this.#send(again)
  }

  /** However many calls find the token expired, one exchange serves them all. A refused one ends the session. */
  #refresh({ refresh_token }: TokenPair): Promise<void> {
    this.#refreshing ??= refreshTokens({ client: this.#bare, body: { refresh_token }, throwOnError: true })
      .then(
        ({ data }) => this.#keep(data),
        (error: unknown) => {
          if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error
          this.#keep(undefined)
        }
      )
      .finally(() => (this.#refreshing = undefined))
    return this.#refreshing
  }
}
