import { useSyncExternalStore } from 'react'

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60]
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** An instant to the second, in the zone of whoever looks. */
export const exact = (at: string) => absolute.format(new Date(at))

/** How long ago, or until, an instant is: "5 minutes ago". */
export function ago(instant: number, now: number): string {
  const seconds = Math.round((instant - now) / 1_000)
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return Math.abs(seconds) < 45 ? 'just now' : relative.format(Math.round(seconds / size), unit)
}

const listeners = new Set<() => void>()
let now = Date.now()
setInterval(() => {
  now = Date.now()
  for (const listener of listeners) listener()
}, 20_000)

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The present, as often as it matters to words such as "5 minutes ago". */
export const useNow = () => useSyncExternalStore(subscribe, () => now)

/** An instant, as people say it; the exact one is in its title. */
export function When({ at }: { at: string }) {
  const present = useNow()
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(Date.parse(at), present)}
    </time>
  )
}
