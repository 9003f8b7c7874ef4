import { defineProblem } from '../../schemas/problems.ts'

export const BadRequest = defineProblem('BAD_REQUEST', 400, 'Bad request', {
  detail: 'The request could not be read.',
  about: 'The request line, a header or the body is not what HTTP or JSON allows.'
})

export const ValidationFailed = defineProblem('VALIDATION_FAILED', 400, 'Not what the contract says', {
  detail: 'The request does not fit its schema; `errors` says where.',
  about:
    'A member is missing, unknown, of another type or out of bounds. `errors` has one entry a place. Nothing was changed.'
})

export const NotFound = defineProblem('NOT_FOUND', 404, 'Not found', {
  detail: 'Nothing is at this path.',
  about: 'No route has this path. Paths are case-sensitive and have no trailing slash.'
})

export const MethodNotAllowed = defineProblem('METHOD_NOT_ALLOWED', 405, 'Method not allowed', {
  detail: 'This path takes %s.',
  about: 'The path exists, but not for this method. The `Allow` header lists the methods that it takes.'
})

export const RequestTimeout = defineProblem('REQUEST_TIMEOUT', 408, 'Request timeout', {
  detail: 'The request did not arrive in time.',
  about: 'The client took too long to send its request.'
})

export const PayloadTooLarge = defineProblem('PAYLOAD_TOO_LARGE', 413, 'Payload too large', {
  detail: 'The body is larger than this server takes.',
  about: 'The request body is larger than BODY_LIMIT. It was not read.'
})

export const UriTooLong = defineProblem('URI_TOO_LONG', 414, 'URI too long', {
  detail: 'A part of the path is too long.',
  about: 'A path parameter is longer than this server takes.'
})

export const UnsupportedMediaType = defineProblem('UNSUPPORTED_MEDIA_TYPE', 415, 'Unsupported media type', {
  detail: 'Bodies are application/json, uncompressed.',
  about: 'A request body has to be sent as `Content-Type: application/json`, without a content encoding.'
})

export const HeadersTooLarge = defineProblem('HEADERS_TOO_LARGE', 431, 'Request headers too large', {
  detail: 'The request headers are larger than this server takes.',
  about: 'All headers together are larger than this server takes.'
})

export const InternalError = defineProblem('INTERNAL_ERROR', 500, 'Internal error', {
  detail: 'Something went wrong on our side. Its `request_id` finds it in the log.',
  about: 'The server failed. The answer says nothing of the inside; the log of the server says all.'
})

export const ServiceUnavailable = defineProblem('SERVICE_UNAVAILABLE', 503, 'Service unavailable', {
  detail: 'The service cannot answer now. Try again.',
  about: 'The service is starting, stopping or overloaded. `Retry-After` says when to try again.'
})

/** What an error of Fastify itself, or of a plugin, becomes: by its status code. */
export const kindByStatus = new Map(
  [
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    HeadersTooLarge,
    ServiceUnavailable
  ].map((problem) => [problem.kind.status, problem])
)
