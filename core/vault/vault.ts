import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Config } from '../config/load.ts'
import { keptSecret } from './kept-secret.ts'

/** Where a sealed value stands. It opens nowhere else: nobody can move one to another row. */
export interface Place {
  table: string
  column: string
  row: string | number
}

/** Seals the values of one purpose, each purpose with a key of its own. */
export interface Seal {
  /** A text as it is stored: nobody reads or changes it without the key. */
  seal(text: string, place: Place): string
  /** The text that was sealed. @throws SealBroken when it was not sealed so, or its key is missing */
  open(sealed: string, place: Place): string
  /** Whether the key that seals now has sealed it. */
  isCurrent(sealed: string): boolean
}

/** A value that does not open: it was changed or moved, or its key is neither DATA_KEY nor in DATA_PREVIOUS_KEYS. */
export class SealBroken extends Error {}

const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/** How long the name of a key is. */
export const keyNameLength = 8

/** The name of a key, which every value that it sealed begins with. It tells nothing of the key. */
export const keyName = (key: Buffer) =>
  createHmac('sha256', key).update('name').digest('base64url').slice(0, keyNameLength)

/** The 32 bytes that DATA_KEY is of, in base64. */
export const keyOf = (text: string) => Buffer.from(text, 'base64')

/**
 * The keys of data at rest, first the one that seals: DATA_KEY, or in development one that is kept beside the database,
 * then DATA_PREVIOUS_KEYS. In production there is no start without a DATA_KEY.
 */
export function dataKeys(config: Config): [Buffer, ...Buffer[]] {
  const { DATA_KEY, DATA_PREVIOUS_KEYS, DATABASE_URL } = config
  const made = () => keptSecret(DATABASE_URL, 'data.key', randomBytes(32).toString('base64'))
  return [keyOf(DATA_KEY ?? made()), ...DATA_PREVIOUS_KEYS.map(keyOf)]
}

/** A key of this purpose alone (RFC 5869): what one purpose lets out says nothing of another. */
const derive = (key: Buffer, purpose: string) =>
  Buffer.from(hkdfSync('sha256', key, '', `gatehouse ${purpose}`, 32))

/** Where it stands is authenticated with it; as JSON no two places have the same bytes. */
const bytesOf = ({ table, column, row }: Place) => Buffer.from(JSON.stringify([table, column, String(row)]))

/** Makes the seal for values of a purpose, such as `factors`, from the keys of dataKeys. */
export function makeSeal([first, ...previous]: [Buffer, ...Buffer[]], purpose: string): Seal {
  const current = keyName(first)
  const keys = new Map([...previous, first].map((key) => [keyName(key), derive(key, purpose)]))
  const sealing = derive(first, purpose)
  return {
    seal: (text, place) => {
      const iv = randomBytes(ivBytes)
      const encryption = createCipheriv(cipher, sealing, iv).setAAD(bytesOf(place))
      const sealed = [iv, encryption.update(text, 'utf8'), encryption.final(), encryption.getAuthTag()]
      return `${current}.${Buffer.concat(sealed).toString('base64url')}`
    },
    open: (sealed, place) => {
      const [name = '', body = ''] = sealed.split('.')
      const key = keys.get(name)
      if (!key) throw new SealBroken(`The key ${name} is neither DATA_KEY nor in DATA_PREVIOUS_KEYS`)
      const bytes = Buffer.from(body, 'base64url')
      try {
        const decryption = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), {
          authTagLength: tagBytes
        })
          .setAAD(bytesOf(place))
          .setAuthTag(bytes.subarray(-tagBytes))
        return (
          decryption.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decryption.final('utf8')
        )
      } catch (cause) {
        throw new SealBroken('The value was not sealed for this place', { cause })
      }
    },
    isCurrent: (sealed) => sealed.startsWith(`${current}.`)
  }
}
