import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

type Document = NonNullable<FastifyDynamicSwaggerOptions['openapi']>

const description = `Sign-in with rotating refresh tokens, roles with permissions, rate limits, caching.

**A first tour.** Every step works with *Try it out* on this page:

1. \`POST /login\` with a username and a password answers a pair of tokens.
2. Put the access token into **Authorize**; this page keeps it over a reload.
3. \`GET /protected\` greets you; without a token it answers 401.
4. \`GET /admin\` and \`GET /users\` are for administrators; anybody else gets a 403.
5. \`GET /rate-limited\` answers three times a minute, then 429. \`GET /api/data\` is limited by your role.
6. \`POST /refresh\` exchanges the refresh token for a new pair; \`POST /logout\` ends the session.
7. \`GET /cached-data\` answers the very same for 60 seconds.

Every error is an RFC 9457 problem; program against its \`code\`.`

/** The version of the service and its contract: that of package.json; a test holds the two together. */
export const version = '0.2.0'

/** What the document says beside the routes. Tags are in the order in which a reader meets them. */
export const document: Document = {
  info: {
    title: 'Gatehouse',
    version,
    description,
    license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    contact: { name: 'The API team', email: 'api@example.com', url: 'https://example.com' }
  },
  tags: [
    { name: 'Accounts', description: 'The accounts of everybody. For administrators.' },
    { name: 'Analytics', description: 'How the service is used: sums over time, and nobody by name.' },
    { name: 'Audit', description: 'Who changed what, and when.' },
    { name: 'Authentication', description: 'Signing in, staying signed in, signing out.' },
    { name: 'Demonstrations', description: 'Routes that show permissions, limits and caching at work.' },
    { name: 'Keys', description: 'What programs act with: keys of your own, and of other accounts.' },
    { name: 'Me', description: 'Your own account and sessions.' },
    { name: 'Operation', description: 'Whether the service is well, and what its problems mean.' },
    {
      name: 'Recovery',
      description: 'What the links of mails lead to: a new password, an address, an account.'
    },
    { name: 'Roles', description: 'What the accounts of a role may do, and how often.' },
    {
      name: 'System',
      description: 'The state of the service, and the settings that are changed while it runs.'
    }
  ],
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description:
          'A key (`gh_…`, POST /me/keys), or the `access_token` of POST /login, a JWT handled as RFC8725 advises: one pinned algorithm, issuer and audience checked, and the session behind it looked up.'
      }
    }
  },
  security: [{ bearer: [] }]
}

/** The server that the document is of: where others reach it, or else where the document comes from. */
export const serversAt = (publicUrl: string) => [
  {
    url: publicUrl || '/',
    description: 'The server that this document comes from, in production or development',
    // For whom the server is, which the OWASP rules want told.
    ...{ 'x-internal': 'false' }
  }
]
