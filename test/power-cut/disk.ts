const kinds = ['opened', 'written', 'truncated', 'sync began', 'sync ended', 'removed'] as const

/** Something that the recorder (recorder.c) has seen. */
export interface Entry {
  kind: (typeof kinds)[number]
  /** The number of the file. */
  file: number
  /** Where it was written, the length that it was cut to, or the number of the sync. */
  offset: number
  /** What was written, or the path of the file. */
  data: Buffer
}

/** Reads what the recorder has written. */
export function readRecord(bytes: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at < bytes.length;) {
    const kind = kinds[bytes.readUInt32LE(at)]
    if (kind === undefined) throw new Error(`no entry at ${at}`)
    const length = Number(bytes.readBigUInt64LE(at + 16))
    const data = bytes.subarray(at + 24, at + 24 + length)
    entries.push({
      kind,
      file: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigInt64LE(at + 8)),
      data
    })
    at += 24 + length
  }
  return entries
}

/** What a file has after a write or a truncation. */
function apply(content: Buffer, { kind, offset, data }: Entry): Buffer {
  if (kind === 'truncated' && offset <= content.length) return content.subarray(0, offset)
  const missing = offset + data.length - content.length
  const whole = missing > 0 ? Buffer.concat([content, Buffer.alloc(missing)]) : content
  data.copy(whole, offset)
  return whole
}

/** A file on a disk that loses, or not, what has not been synced when the power is cut. */
export class DiskFile {
  #synced: Buffer = Buffer.alloc(0)
  /** What has been done since, in its order. */
  #unsynced: Entry[] = []
  /** How much of that came before each sync that runs. */
  readonly #syncs = new Map<number, number>()

  /** Hears of what was done to it. */
  do(entry: Entry) {
    if (entry.kind === 'sync began') this.#syncs.set(entry.offset, this.#unsynced.length)
    else if (entry.kind === 'sync ended') this.#keep(this.#syncs.get(entry.offset) ?? 0)
    else if (entry.kind === 'written' || entry.kind === 'truncated') this.#unsynced.push(entry)
    else if (entry.kind === 'removed') {
      this.#synced = Buffer.alloc(0)
      this.#unsynced = []
    }
  }

  /** What is found when the power is back, when the disk had done what `isDone` says of what was not synced. */
  after(isDone: () => boolean): Buffer {
    return this.#unsynced.filter(isDone).reduce(apply, Buffer.from(this.#synced))
  }

  #keep(count: number) {
    this.#synced = this.#unsynced.splice(0, count).reduce(apply, this.#synced)
    for (const [sync, before] of this.#syncs) this.#syncs.set(sync, Math.max(0, before - count))
  }
}
