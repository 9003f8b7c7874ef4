/** Response headers of the contract, as JSON Schemas with a description. */

const seconds = (description: string, maximum = 2_147_483_647) => ({
  type: 'integer',
  format: 'int32',
  minimum: 0,
  maximum,
  description
})

/** What every answer of a route has. */
export const commonHeaders = {
  'X-Request-Id': {
    type: 'string',
    maxLength: 64,
    pattern: '^[A-Za-z0-9._-]+$',
    description: 'Names this request in the log of the server: the one that was sent, or a new one.'
  },
  'Cache-Control': {
    type: 'string',
    maxLength: 100,
    pattern: '^[a-z0-9=, -]+$',
    description: 'Who may keep this answer, and for how long.'
  }
}

export const rateLimitHeaders = {
  'RateLimit-Limit': seconds('Calls that this budget allows in a minute.'),
  'RateLimit-Remaining': seconds('Calls that are left of it.'),
  'RateLimit-Reset': seconds('Seconds until the budget is full again.', 60)
}

export const retryAfterHeader = { 'Retry-After': seconds('Seconds to wait before trying again.') }

export const challengeHeader = {
  'WWW-Authenticate': {
    type: 'string',
    maxLength: 200,
    pattern: '^Bearer',
    description: 'The challenge, with the error code of RFC 6750 when a token was sent.'
  }
}

export const allowHeader = {
  Allow: {
    type: 'string',
    maxLength: 100,
    pattern: '^[A-Z, ]+$',
    description: 'The methods that the path takes.'
  }
}

/** Names the state of what is shown. */
export const entityTagHeader = {
  ETag: {
    type: 'string',
    maxLength: 100,
    pattern: '^(W/)?".*"$',
    description:
      'Names this state: send it as If-None-Match to read it only when it has changed, as If-Match to change it.'
  }
}

/** Headers of an answer that may be kept (RFC 9110, 9111). */
export const cacheHeaders = {
  ...entityTagHeader,
  Age: seconds('Seconds since this content was made.')
}

export const cacheStatusHeader = {
  'Cache-Status': {
    type: 'string',
    maxLength: 100,
    pattern: '^Gatehouse;',
    description: 'Whether the cache of the server answered (RFC 9211).'
  }
}

export const locationHeader = {
  Location: { type: 'string', maxLength: 200, pattern: '^/', description: 'Where it is.' }
}
