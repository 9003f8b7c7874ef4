import type { FastifyRequest } from 'fastify'
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { originOf } from '../network/origin.ts'
import { defineProblem } from '../problems/define.ts'

export const IdempotencyKeyMalformed = defineProblem(
  'IDEMPOTENCY_KEY_MALFORMED',
  400,
  'Malformed Idempotency-Key',
  {
    detail: 'Send one Idempotency-Key: a string of 1 to 255 characters, such as a UUID in quotes.',
    about:
      'The Idempotency-Key header is no string of 1 to 255 printable ASCII characters, or came twice. Nothing was changed.'
  }
)

/** A request's Idempotency-Key: where its answer is kept, and what opens it. */
export interface IdempotencyKey {
  hash: string
  /** Of the request itself: another one with the same key is another request. */
  fingerprint: string
  cipherKey: Buffer
}

/** As draft-ietf-httpapi-idempotency-key-header-07, section 2.1, has it: a structured string (RFC 9651, section 3.3.3). */
const quoted = /^"((?:[ !#-[\]-~]|\\["\\]){1,255})"$/
/** What most clients send. */
const bare = /^[A-Za-z0-9!#$%&'*+.^_`|~:/=-]{1,255}$/

/** The key in a header, quoted or not. @throws IdempotencyKeyMalformed */
export function readIdempotencyKey(header: string | string[]): string {
  if (typeof header === 'string') {
    const inside = quoted.exec(header.trim())?.[1]
    if (inside !== undefined) return inside.replaceAll(/\\(.)/g, '$1')
    if (bare.test(header.trim())) return header.trim()
  }
  throw new IdempotencyKeyMalformed()
}

/** Whose key it is: nobody gets the answer that somebody else was given. */
const scopeOf = (request: FastifyRequest) =>
  request.user ? `account:${request.user.id}` : `address:${originOf(request).network}`

/**
 * What stands for a key in the database, and what only its owner can derive from it (RFC 5869): the database alone opens
 * no answer and tells nothing of a request, as bodies hold passwords and answers hold secrets.
 */
export function idempotencyKeyOf(request: FastifyRequest, value: string): IdempotencyKey {
  const { body, headers, method, routeOptions, url } = request
  const scope = JSON.stringify([scopeOf(request), method, routeOptions.url])
  const derived = Buffer.from(hkdfSync('sha256', value, scope, 'gatehouse idempotency', 96))
  const fingerprint = createHmac('sha256', derived.subarray(32, 64))
    .update(JSON.stringify([url, headers['if-match'] ?? null, body ?? null]))
    .digest('base64url')
  return { hash: derived.toString('base64url', 0, 32), fingerprint, cipherKey: derived.subarray(64) }
}

const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/** A text as it is kept for a key. */
export function sealFor({ hash, cipherKey }: IdempotencyKey, text: string): string {
  const iv = randomBytes(ivBytes)
  const encryption = createCipheriv(cipher, cipherKey, iv).setAAD(Buffer.from(hash))
  const parts = [iv, encryption.update(text, 'utf8'), encryption.final(), encryption.getAuthTag()]
  return Buffer.concat(parts).toString('base64url')
}

/** The text that was sealed for a key. @throws when it was not */
export function openFor({ hash, cipherKey }: IdempotencyKey, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const decryption = createDecipheriv(cipher, cipherKey, bytes.subarray(0, ivBytes), {
    authTagLength: tagBytes
  })
    .setAAD(Buffer.from(hash))
    .setAuthTag(bytes.subarray(-tagBytes))
  return decryption.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decryption.final('utf8')
}
