import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** What all keys begin with; with the id, the secret (256 bits) and the checksum that follow, scanners find a key anywhere. */
const prefix = 'gh_'
const [idLength, secretLength, sumLength] = [12, 43, 6]

const form = /^gh_([0-9A-Za-z]{12})_([0-9A-Za-z]{49})$/

const drawn = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

/** A checksum in base 62: what was mistyped or cut is told from a key without a look-up. */
function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < sumLength; place++) {
    digits = (letters[rest % letters.length] ?? '') + digits
    rest = Math.floor(rest / letters.length)
  }
  return digits
}

/** Only this is stored of a key: what is random needs no slow hash. */
const hashOf = (key: string) => createHash('sha256').update(key).digest('base64url')

/** Draws a key: its id, which anybody may see, what is shown of it once, and what is stored. */
export function newKey() {
  const id = drawn(idLength)
  const body = `${prefix}${id}_${drawn(secretLength)}`
  const key = body + checksum(body)
  return { id, key, hash: hashOf(key) }
}

/** Whether a token means to be a key. */
export const looksLikeKey = (token: string) => token.startsWith(prefix)

/** The id in a key and what is stored of it, or undefined when it is none; whether there is such a key, the database knows. */
export function readKey(token: string): { id: string; hash: string } | undefined {
  const id = form.exec(token)?.[1]
  const [body, sum] = [token.slice(0, -sumLength), token.slice(-sumLength)]
  return id === undefined || checksum(body) !== sum ? undefined : { id, hash: hashOf(token) }
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export const isSameHash = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
