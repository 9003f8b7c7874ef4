import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Test, test } from 'tap'
import { LogStream } from '../../server/log-stream.ts'
import { root, temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

/** A pipe between this process and itself, which takes what it has room for and waits for nobody. */
function pipe(t: Test) {
  const path = join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const file = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const chunk = Buffer.alloc(2 ** 16)
  let held = Buffer.alloc(0)
  /** What it holds now is added to what it has held. */
  const read = () => {
    try {
      for (;;) held = Buffer.concat([held, chunk.subarray(0, readSync(file, chunk))])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return held.toString()
  }
  return { path, file, read }
}

test('a line that is too much for a reader that stalls is counted as lost, once it reads again', async (t) => {
  const { file, read } = pipe(t)
  const stream = new LogStream(file)
  const line = (number: number) => `${number} ${'-é-'.repeat(300)}\n`
  for (let number = 0; number < 5_000; number++) stream.write(line(number))
  await until(() => / lines of this log could not be written, and are lost"\}\n$/.test(read()))
  const lines = read().split('\n')
  const { level, pid, msg } = JSON.parse(lines.at(-2) ?? '') as Record<string, unknown>
  t.same({ level, pid }, { level: 40, pid: process.pid })
  const kept = lines.length - 2
  t.ok(kept > 4_000, 'a few megabytes are kept')
  t.equal(Number.parseInt(String(msg)), 5_000 - kept)
  t.ok(
    lines.slice(0, kept).every((text, number) => `${text}\n` === line(number)),
    'whole and in order'
  )
  stream.write('and on\n')
  await until(() => read().endsWith('and on\n'))
})

/** What a process does that writes so many lines of a hundred characters and more, and ends. */
const writing = (lines: number) => `
  const { standardOutput } = await import(${JSON.stringify(pathToFileURL(join(root, 'server/log-stream.ts')).href)})
  for (let line = 0; line < ${lines}; line++) standardOutput.write(line + ${JSON.stringify('-'.repeat(100))} + '\\n')
  setImmediate(process.exit)`

for (const [to, command] of Object.entries({
  'a socket': [],
  'a pipe that is read more slowly than it is filled': ['sh', '-c', '"$0" "$@" | cat']
}))
  test(`what waits is written at the exit, to ${to}`, (t) => {
    const [program = '', ...args] = [
      ...command,
      process.execPath,
      '--input-type=module',
      '-e',
      writing(5_000)
    ]
    const { stdout } = spawnSync(program, args, { encoding: 'utf8' })
    t.same(
      stdout.trimEnd().split('\n').map(Number.parseFloat),
      Array.from({ length: 5_000 }, (_, line) => line)
    )
    t.end()
  })

test('a process ends though nobody reads what it writes', (t) => {
  const { path, read } = pipe(t)
  // What is opened here for itself, as whoever starts a process has it wait for readers.
  const file = openSync(path, constants.O_WRONLY)
  t.teardown(() => closeSync(file))
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', writing(5_000)], {
    stdio: ['ignore', file, 'inherit'],
    timeout: 30_000,
    killSignal: 'SIGKILL'
  })
  t.same({ status, signal }, { status: 0, signal: null })
  t.match(read(), /^0-+\n1-+\n/)
  t.end()
})
