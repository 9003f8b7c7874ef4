import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Compiles a library for LD_PRELOAD, which stands between a process and the system; answers its path, or undefined where
 * that is no Linux or there is no compiler.
 */
export function compileShim(source: URL, folder: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const library = join(folder, `${basename(source.pathname, '.c')}.so`)
  const args = ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(source), '-ldl', '-pthread']
  const { status, error, stderr } = spawnSync('cc', args, { encoding: 'utf8' })
  if (error) return undefined
  if (status !== 0) throw new Error(stderr)
  return library
}
