import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError } from './config-error.ts'
import { Environment } from './environment.ts'

/** What is wrong with a file of variables, to Node.js which reads it for the service, or undefined. */
function faultOf(bytes: Buffer): string | undefined {
  const marks: [number[], string][] = [
    [[0xef, 0xbb, 0xbf], 'begins with a byte-order mark'],
    [[0xff, 0xfe], 'is in UTF-16'],
    [[0xfe, 0xff], 'is in UTF-16']
  ]
  const mark = marks.find(([start]) => start.every((byte, index) => bytes[index] === byte))
  if (mark) return mark[1]
  if (bytes.includes(0)) return 'has zero bytes in it, as UTF-16 has'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return 'is not in UTF-8'
  }
  const text = bytes.toString()
  if (/\r(?!\n)/.test(text)) return 'has lines that end with a carriage return alone'
  const read = parseEnv(text)
  const [unread] = Object.keys(Environment.properties).filter(
    (name) => !(name in read) && new RegExp(`^\\s*(export\\s+)?${name}\\b`, 'm').test(text)
  )
  return unread && `does not set ${unread}, which it names: a line has to be ${unread}=VALUE`
}

/**
 * The environment of this process, with what `.env` in the working folder adds. What of such a file would be passed over in
 * silence could be what makes this production. @throws when there is a file that was not read as it is meant
 */
export function processEnvironment(file = '.env'): NodeJS.ProcessEnv {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return process.env
    throw new ConfigError([`${file} cannot be read: ${message}`])
  }
  const fault = faultOf(bytes)
  if (fault !== undefined)
    throw new ConfigError([`${file} ${fault}; save it as UTF-8 without a byte-order mark`])
  return process.env
}
