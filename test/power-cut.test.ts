import Sqlite from 'better-sqlite3'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { DiskFile, readRecord } from './power-cut/disk.ts'
import { environmentWith, temporaryFolder } from './process.ts'
import { compileShim } from './shim.ts'

/** Numbers from 0 to 1 that look random, and are the same each time. */
function randomNumbers(seed: number) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Opens what a power cut has left; answers what is wrong with it, and the numbers that it has. */
function recover(file: string) {
  const sqlite = new Sqlite(file)
  try {
    sqlite.exec('pragma synchronous=off')
    const damage = sqlite.pragma('integrity_check', { simple: true })
    const numbers = new Set(sqlite.prepare<[], number>('select number from numbers').pluck().all())
    return { damage, numbers }
  } finally {
    sqlite.close()
  }
}

test('a power cut at any moment takes nothing that was answered, and leaves a sound database', (t) => {
  const folder = temporaryFolder(t)
  const recorder = compileShim(new URL('power-cut/recorder.c', import.meta.url), folder)
  if (recorder === undefined) {
    t.comment('neither Linux nor a compiler: not tested here')
    t.end()
    return
  }
  const data = join(folder, 'data/')
  const record = join(folder, 'record')
  mkdirSync(data)
  execFileSync(process.execPath, [fileURLToPath(new URL('power-cut/writer.ts', import.meta.url)), data], {
    env: environmentWith({
      LD_PRELOAD: recorder,
      RECORD: record,
      RECORDED_FOLDER: data,
      UV_USE_IO_URING: '0'
    }),
    stdio: ['ignore', 'inherit', 'inherit']
  })

  const entries = readRecord(readFileSync(record))
  const files = new Map<string, DiskFile>()
  const names: string[] = []
  const answered: number[] = []
  const random = randomNumbers(7)
  const cut = join(folder, 'cut.db')
  /** Cuts the power, on a disk that had done what this says of what it need not have done; looks what is left. */
  const cutPower = (isDone: () => boolean) => {
    for (const suffix of ['', '-journal', '-wal']) {
      // One that is written over is synced by some systems.
      rmSync(cut + suffix, { force: true })
      writeFileSync(cut + suffix, files.get(`numbers.db${suffix}`)?.after(isDone) ?? '')
    }
    const { damage, numbers } = recover(cut)
    const lost = answered.filter((number) => !numbers.has(number))
    if (damage !== 'ok' || lost.length > 0)
      t.fail(`after ${answered.length} answers`, { damage, lost: lost.length })
  }
  let cuts = 0
  for (const entry of entries) {
    if (entry.kind === 'opened') names[entry.file] = basename(entry.data.toString())
    const name = names[entry.file] ?? ''
    const isAnswer = name === 'answers' && entry.kind === 'written'
    if (isAnswer) answered.push(Number(entry.data.toString()))
    else
      files
        .set(name, files.get(name) ?? new DiskFile())
        .get(name)
        ?.do(entry)
    // Some of them are in the midst of a checkpoint.
    if (answered.length === 0 || random() > (isAnswer ? 0.15 : 0.01)) continue
    cuts++
    cutPower(() => false)
    cutPower(() => random() < 0.5)
  }
  t.ok(answered.length >= 400, `${answered.length} answers`)
  t.ok(cuts > 40, `${cuts} cuts`)
  const checkpoints = entries.filter(
    ({ kind, file }) => kind === 'sync ended' && names[file] === 'numbers.db'
  )
  t.ok(checkpoints.length >= 5, `${checkpoints.length} checkpoints`)
  t.end()
})
