/**
 * Installs what tools/package-lock.json names, unless that has been done, and links it into the folders that import of
 * it. The links are not in the node_modules of the root, as npm would take the tools for its own there and prune them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folders that import tools. */
const importers = ['test', 'bench']

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} file @returns {{ devDependencies: Record<string, string> }} */
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))

const missing = Object.keys(read('package.json').devDependencies).filter(
  (name) => !existsSync(join(root, 'node_modules', name))
)
if (missing.length > 0) {
  console.error(
    `Not installed is ${missing.join(', ')}. npm ci leaves out what only development needs under NODE_ENV=production: run npm ci --include=dev.`
  )
  process.exit(1)
}

const installed = join(root, 'tools/node_modules')
const lock = readFileSync(join(root, 'tools/package-lock.json'), 'utf8')
const stamp = join(installed, '.lock')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('Installing tools/package-lock.json …')
  const { status } = spawnSync('npm ci --include=dev', {
    cwd: join(root, 'tools'),
    stdio: 'inherit',
    shell: true
  })
  if (status !== 0) process.exit(1)
  writeFileSync(stamp, lock)
}

for (const importer of importers) {
  for (const name of Object.keys(read('tools/package.json').devDependencies)) {
    const link = join(root, importer, 'node_modules', name)
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(relative(dirname(link), join(installed, name)), link, 'junction')
  }
}
