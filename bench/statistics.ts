/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Median, least and greatest of what was measured. */
export interface Spread {
  median: number
  least: number
  most: number
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  least: quantile(values, 0),
  most: quantile(values, 1)
})

const digits = (value: number) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)

/** A number with about three digits. */
export const show = (value: number) => (Number.isFinite(value) ? value.toFixed(digits(value)) : '–')

/** A median with its spread: `0.61 (0.58–0.63)`. */
export const showSpread = ({ median, least, most }: Spread) =>
  `${show(median)} (${show(least)}–${show(most)})`

/** Prints a table in Markdown. */
export function printTable(head: string[], rows: string[][]) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  console.log([line(head), line(rule), ...rows.map(line)].join('\n'))
}
