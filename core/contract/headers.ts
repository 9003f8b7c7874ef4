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
  'RateLimit-Reset': seconds('Seconds until the budget is full again.', 60),
  'RateLimit-Policy': {
    type: 'string',
    maxLength: 500,
    pattern: '^"[^"]+";q=\\d+;w=60(, "[^"]+";q=\\d+;w=60)*$',
    description:
      'The budgets that the call was counted against: calls (`q`) in so many seconds (`w`), as draft-ietf-httpapi-ratelimit-headers-11 has it, which is no RFC yet.'
  },
  RateLimit: {
    type: 'string',
    maxLength: 500,
    pattern: '^"[^"]+";r=\\d+;t=\\d+(, "[^"]+";r=\\d+;t=\\d+)*$',
    description:
      'Calls that are left of each (`r`), and seconds until it is full again (`t`). The same draft.'
  }
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

/** What names a request, so that it is done once however often it is sent. */
export const idempotencyKeyHeader = {
  'Idempotency-Key': {
    type: 'string',
    maxLength: 520,
    pattern: '^[ -~]+$',
    description:
      'Names this request, such as a UUID in quotes: sent again within a day with the same key it is not done again, but answered as it was. After draft-ietf-httpapi-idempotency-key-header-07, which is no RFC yet.',
    examples: ['"8e03978e-40d5-43dd-bc93-6894a57f9324"']
  }
}

export const idempotencyReplayedHeader = {
  'Idempotency-Replayed': {
    type: 'string',
    maxLength: 5,
    pattern: '^(true|false)$',
    description:
      'Whether the request with this Idempotency-Key was done before, and this is the answer of then.'
  }
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
  Location: {
    type: 'string',
    maxLength: 500,
    pattern: '^(https?://[^\\s]+)?/',
    description: 'Where it is: a path of this server, below its public address if it has one.'
  }
}
