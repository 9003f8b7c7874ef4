import { defineProblem } from './define.ts'

export const BadRequest = defineProblem('BAD_REQUEST', 400, 'Bad request', {
  detail: 'The request could not be read.',
  about:
    'The request line, a header or the body is not what HTTP or JSON allows, or a text is none: not in UTF-8, with half of a surrogate pair, or with U+0000, which only a password may have. `errors` says where, if it is known.'
})

export const HostRefused = defineProblem('HOST_REFUSED', 400, 'Not one host', {
  detail: 'A request has one Host header, which names a host.',
  about: 'The Host header is missing, there are several, or it is none (RFC 9112, section 3.2).'
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
  detail: 'Bodies are application/json in UTF-8, uncompressed.',
  about:
    'A request body has to be sent as `Content-Type: application/json`, in UTF-8 and without a content encoding.'
})

export const ExpectationFailed = defineProblem('EXPECTATION_FAILED', 417, 'Expectation failed', {
  detail: 'This server expects nothing but 100-continue.',
  about: 'The `Expect` header asks for something else than 100-continue (RFC 9110, section 10.1.1).'
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

export const Overloaded = defineProblem('OVERLOADED', 503, 'Overloaded', {
  detail: 'The server has more to do than it can. Try again.',
  about: 'The server lags behind or runs out of memory, and takes no more until it has caught up.'
})

/** What an error without a code of its own becomes, by its status. */
export const kindByStatus = new Map(
  [
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    ExpectationFailed,
    HeadersTooLarge,
    InternalError,
    ServiceUnavailable
  ].map((problem) => [problem.kind.status, problem])
)
