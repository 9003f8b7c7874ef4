import { afterwards, bearer, type Item, json, jsonHeader, keepTokens, noAuth } from './items.ts'

interface Step {
  name: string
  method?: 'GET' | 'POST'
  path: string
  /** The variable with the token to send; without one none is sent. */
  token?: string
  body?: object
  status: number
  /** What has to be so, as expressions of the `body` that are equal to a value or match it. */
  expects?: string[]
  /** More of the script, after the checks. */
  then?: string[]
}

const equals = (expression: string, value: unknown) =>
  `pm.expect(${expression}).to.eql(${JSON.stringify(value)})`

const credentials = (username: string) => ({ username, password: 'password123' })
const denied = 'Access denied. Admin privileges required.'

const limited = (count: number): Step => ({
  name: `Rate-limited, call ${count}`,
  path: 'rate-limited',
  status: 200,
  expects: [equals('body.message', 'This endpoint is rate-limited to 3 requests per minute.')]
})

const steps: Step[] = [
  {
    name: 'Log in as admin',
    method: 'POST',
    path: 'login',
    body: credentials('admin'),
    status: 200,
    then: keepTokens
  },
  {
    name: 'Protected, with the token',
    path: 'protected',
    token: 'access_token',
    status: 200,
    expects: [equals('body', { message: 'Welcome admin!', role: 'admin', authenticated: true })]
  },
  {
    name: 'Protected, without a token',
    path: 'protected',
    status: 401,
    expects: [equals('body.msg', 'Missing Authorization Header')]
  },
  {
    name: 'Log in with a wrong password',
    method: 'POST',
    path: 'login',
    body: { username: 'admin', password: 'wrong' },
    status: 401,
    expects: [equals('body.error', 'Invalid credentials')]
  },
  {
    name: 'Admin panel, as admin',
    path: 'admin',
    token: 'access_token',
    status: 200,
    expects: [equals('body.admin_features', ['User Management', 'System Configuration', 'Analytics'])]
  },
  {
    name: 'Users, as admin',
    path: 'users',
    token: 'access_token',
    status: 200,
    expects: ["pm.expect(body.users.map((user) => user.username)).to.include.members(['admin', 'user'])"]
  },
  {
    name: 'Log in as user',
    method: 'POST',
    path: 'login',
    body: credentials('user'),
    status: 200,
    then: ["pm.environment.set('user_token', body.access_token)"]
  },
  {
    name: 'Admin panel, as user',
    path: 'admin',
    token: 'user_token',
    status: 403,
    expects: [equals('body.error', denied)]
  },
  { name: 'Users, as user', path: 'users', token: 'user_token', status: 403, expects: [equals('body.error', denied)] },
  limited(1),
  limited(2),
  limited(3),
  {
    name: 'Rate-limited, call 4',
    path: 'rate-limited',
    status: 429,
    expects: [
      equals('body.error', 'Too Many Requests'),
      'pm.expect(body.message).to.match(/^Rate limit exceeded. Try again in \\d+ seconds.$/)'
    ]
  },
  {
    name: 'Data, limited by the role',
    path: 'api/data',
    token: 'user_token',
    status: 200,
    expects: [
      equals('body.rate_limit_info', 'Your role (user) determines your rate limit.'),
      "pm.expect(pm.response.headers.get('RateLimit-Limit')).to.equal('10')"
    ]
  },
  {
    name: 'Cached data',
    path: 'cached-data',
    status: 200,
    expects: [equals('body.data', 'This response is cached for 60 seconds')],
    then: ["pm.environment.set('generated_at', body.generated_at)"]
  },
  {
    name: 'Cached data, the very same',
    path: 'cached-data',
    status: 200,
    expects: ["pm.expect(body.generated_at).to.equal(pm.environment.get('generated_at'))"]
  },
  {
    name: 'Refresh the tokens',
    method: 'POST',
    path: 'refresh',
    token: 'refresh_token',
    status: 200,
    expects: ["pm.expect(body.refresh_token).not.to.equal(pm.environment.get('refresh_token'))"],
    then: keepTokens
  },
  {
    name: 'Protected, with the new token',
    path: 'protected',
    token: 'access_token',
    status: 200,
    expects: [equals('body.message', 'Welcome admin!')]
  }
]

const itemOf = ({ name, method = 'GET', path, token, body, status, expects = [], then = [] }: Step): Item => ({
  name,
  request: {
    method,
    auth: token === undefined ? noAuth : bearer(token),
    header: body ? [jsonHeader] : [],
    url: { raw: `{{baseUrl}}/${path}`, host: ['{{baseUrl}}'], path: path.split('/') },
    ...(body && { body: json(body) })
  },
  event: afterwards([
    'const body = pm.response.json()',
    `pm.test('answers ${status}', () => pm.response.to.have.status(${status}))`,
    ...expects.map((line, index) => `pm.test('says what the guide says (${index + 1})', () => ${line})`),
    ...then
  ])
})

/** The steps of the guide in their order, each with what it has to answer. */
export const guide: Item = {
  name: 'The guide, step by step',
  description: 'Run the folder as a whole, on a server in development, with a minute between two runs.',
  item: steps.map(itemOf)
}
