import { createHash, createHmac, randomBytes } from 'node:crypto'

/**
 * A refresh token is 32 bytes: the first 16 are the session's, alike in all of its tokens and by which it is found;
 * the others are the token's own. To whoever has none of the session's tokens both are random.
 */
const half = 16

const form = /^[A-Za-z0-9_-]{43}$/

const bytesOf = (token: string) => Buffer.from(token, 'base64url')

/** Whether a text is spelt as our refresh tokens are; base64url has several spellings for the same bytes. */
export const isRefreshToken = (text: string) =>
  form.test(text) && bytesOf(text).toString('base64url') === text

/** Only this is stored of a refresh token: what is random needs no slow hash. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

/** What all refresh tokens of a session have in common, hashed: its name in the database. */
export const familyOf = (token: string) => hashOf(bytesOf(token).subarray(0, half).toString('base64url'))

/** The first refresh token of a session. */
export const firstToken = () => randomBytes(2 * half).toString('base64url')

/** What goes into a successor: with this alone nobody can work one out, nor with a token alone. */
export const newSalt = () => randomBytes(half).toString('base64url')

/** The token that another one is exchanged for. */
export function successorOf(token: string, salt: string) {
  const own = createHmac('sha256', salt).update(token).digest().subarray(0, half)
  return Buffer.concat([bytesOf(token).subarray(0, half), own]).toString('base64url')
}
