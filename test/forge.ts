import { createHmac } from 'node:crypto'

/** A part of a token: JSON, or a text as it is. */
export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWS over exactly these parts, by HMAC (RFC 7515). */
export function forge(
  header: unknown,
  claims: unknown,
  { key, hash = 'sha256' }: { key: string; hash?: string }
) {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Another spelling of 32 bytes in base64url: the last two bits of its last letter are of no byte. */
export const respell = (text: string) =>
  text.slice(0, -1) + (letters[letters.indexOf(text.slice(-1)) ^ 1] ?? '')
