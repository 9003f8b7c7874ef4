import { readdirSync } from 'node:fs'
import { before } from 'tap'

/** The files that this run leaves out; see postgres.ts. */
const without = process.env['TEST_WITHOUT']?.split(' ') ?? []

/**
 * Runs the test files of a folder in this process, one after the other: each that is a process of its own loads and
 * compiles the whole service, which takes longer than most tests of it.
 */
export function together(folder: string) {
  const files = readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`)
    .filter((file) => !without.includes(file))
  before(async () => {
    for (const file of files) await import(`./${file}`)
  })
}
