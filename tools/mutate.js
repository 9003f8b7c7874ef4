/**
 * `npm run mutate -- core/throttle [test/FILE …]`: changes one thing after the other in a folder or file, and looks
 * whether a test notices. What survives is listed with its place; the report is artefacts/mutation/NAME.html.
 * Without test files it takes those that go through fastify.inject; fewer are faster. It works on two cores, or on as
 * many as CONCURRENCY says. Tests that start the service as a process of its own do not see its changes.
 */
import './install.js'
import { Stryker } from '@stryker-mutator/core'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [targets, ...tests] = process.argv.slice(2)
if (targets === undefined) {
  console.error('Usage: npm run mutate -- FOLDER_OR_FILE[,…] [TEST_FILE …]')
  process.exit(2)
}
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const name = targets.replaceAll(/[^\w-]+/g, '-')

/** A folder stands for all that is in it; patterns are for files, and one that begins with `!` leaves them out. @param {string} target */
const patternOf = (target) =>
  statSync(target, { throwIfNoEntry: false })?.isDirectory() ? join(target, '**/*.ts') : target

const stryker = new Stryker({
  mutate: targets.split(',').map(patternOf),
  testRunner: 'tap',
  plugins: [import.meta.resolve('@stryker-mutator/tap-runner')],
  coverageAnalysis: 'perTest',
  tap: {
    testFiles: tests.length > 0 ? tests : ['test/{core,plugins,routes}/**/*.test.ts'],
    nodeArgs: ['-r', '{{hookFile}}', '{{testFile}}'],
    forceBail: true
  },
  tempDirName: 'artefacts/mutation/sandbox',
  ignorePatterns: ['/artefacts', '/dist', '/data', '/client', '/.git'],
  incremental: true,
  incrementalFile: `artefacts/mutation/${name}.json`,
  reporters: ['clear-text', 'html', 'progress-append-only'],
  htmlReporter: { fileName: `artefacts/mutation/${name}.html` },
  clearTextReporter: { allowColor: false, reportTests: false },
  thresholds: { high: 95, low: 85, break: 85 },
  concurrency: Number(process.env['CONCURRENCY'] ?? 2),
  timeoutMS: 15_000,
  allowConsoleColors: false
})
await stryker.runMutationTest()
