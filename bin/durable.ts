import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Has a file, or the names in a folder, reach the disk: until then a power cut may take them back. */
export function flush(path: string) {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
