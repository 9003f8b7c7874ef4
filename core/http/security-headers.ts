/** What suits answers that are data: nothing in them is to be framed, sniffed, run or embedded. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin'
}

/** One year, as browsers expect of a site that means it (RFC 6797); of other hosts this service knows nothing by itself. */
export const hstsFor = {
  host: 'max-age=31536000',
  subdomains: 'max-age=31536000; includeSubDomains',
  off: undefined
}
