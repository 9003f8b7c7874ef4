import { isMessage, type Message } from '../changes/message.ts'

/** What one instance publishes: what was changed, or that it could not purge what others may read. */
export type Notice = { from: string } & ({ message: Message; lost: false } | { lost: true })

/** Reads what came over the channel; undefined for what is none of ours: anybody may publish there. */
export function readNotice(text: string): Notice | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const from = 'from' in value && typeof value.from === 'string' ? value.from : ''
  if ('lost' in value && value.lost === true) return { from, lost: true }
  return isMessage(value) ? { from, message: value, lost: false } : undefined
}
