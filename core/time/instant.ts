/** RFC 3339, section 5.6, to the letter: no `+01` or `+0100`, no `24:00`, no blank for the T; 60 is a leap second. */
const form =
  /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** Whether the calendar has this day: JavaScript takes 30 February for 2 March. */
function isDay(date: string): boolean {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date)
}

/** Whether this is the last second of a month in UTC, which alone a leap second may follow (section 5.7). */
const endsMonth = (time: number) => {
  const next = new Date(Math.floor(time / 1_000) * 1_000 + 1_000)
  return next.getUTCDate() === 1 && next.getTime() % 86_400_000 === 0
}

/**
 * The instant that a text names in RFC 3339, as the service writes it: in UTC with milliseconds, what is finer cut off. A leap
 * second is the second that follows it, as in PostgreSQL. Undefined when it names none, or none of the years 1 to 9999,
 * which every database can hold and compare.
 */
export function readInstant(text: string): string | undefined {
  const [, date = '', minutes, second, fraction = '', zone = ''] = form.exec(text) ?? []
  if (!isDay(date)) return undefined
  const isLeap = second === '60'
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
  const time = Date.parse(`${date}T${minutes}:${isLeap ? '59' : second}.${milliseconds}${zone.toUpperCase()}`)
  if (isLeap && !endsMonth(time)) return undefined
  const instant = new Date(isLeap ? time + 1_000 : time).toISOString()
  return /^(?!0000)\d{4}-/.test(instant) ? instant : undefined
}

/** Whether a text names an instant: the format `date-time` of every schema. */
export const isInstant = (text: string): boolean => readInstant(text) !== undefined

/** The same for a text that a schema has let pass. @throws RangeError for one that none should have */
export function requireInstant(text: string): string {
  const instant = readInstant(text)
  if (instant === undefined) throw new RangeError('Not an instant in RFC 3339')
  return instant
}
