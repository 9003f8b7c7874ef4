/** A token as RFC 6750, section 2.1 writes it (b64token). */
const form = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/**
 * The token of an Authorization header, `undefined` when it holds none.
 * Two headers arrive joined by a comma, which no token contains.
 */
export const bearerToken = (header: string): string | undefined => form.exec(header)?.[1]

/** The one Authorization header by which a token is remembered: other writings of it say the same. */
export const headerOf = (token: string) => `Bearer ${token}`

/** Whether several credentials were sent at once (RFC 6750, section 3.1: invalid_request). */
export const isRepeated = (header: string): boolean => header.includes(',')
