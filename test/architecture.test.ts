import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Test, test } from 'tap'
import { root, run, temporaryFolder } from './process.ts'

/** What the rule for imports says of a tree of these files. */
async function judge(t: Test, files: Record<string, string>) {
  const folder = temporaryFolder(t)
  symlinkSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const tool = join(root, 'tools/run.js')
  const config = join(root, 'tools/dependency-cruiser.config.js')
  const { exited, output } = run(t, 'node', [tool, 'depcruise', '--config', config, '.'], { cwd: folder })
  await exited
  return output()
}

test('an import that points upward, or goes round in a circle, is refused, also of a type alone', async (t) => {
  const made = (name: string) =>
    `export const ${name} = 1\nexport type ${name.toUpperCase()} = typeof ${name}\n`
  t.match(
    await judge(t, {
      'core/a.ts': `import { s } from '../schemas/s.ts'\nexport const a = s\n`,
      'schemas/s.ts': made('s')
    }),
    'no dependency violations'
  )
  t.match(
    await judge(t, {
      'core/a.ts': `import type { P } from '../plugins/p.ts'\nexport type A = P\n`,
      'plugins/p.ts': made('p')
    }),
    'core-imports-downward: core/a.ts → plugins/p.ts'
  )
  t.match(
    await judge(t, {
      'schemas/s.ts': `import { a } from '../core/a.ts'\nexport const s = a\n`,
      'core/a.ts': made('a')
    }),
    'schemas-imports-downward'
  )
  t.match(
    await judge(t, {
      'core/a.ts': `import type { B } from './b.ts'\nexport type A = { b?: B }\n`,
      'core/b.ts': `import type { A } from './a.ts'\nexport type B = { a?: A }\n`
    }),
    'no-circles'
  )
})

test('every test file is run, by itself or with its folder', async (t) => {
  const folders = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('node_modules'))
    .map(dirname)
  // The steps of test/console are run by all/console.test.ts, which imports them: a test file there would not be.
  const together = readdirSync(join(root, 'test/all'))
    .map((file) => file.replace('.test.ts', ''))
    .filter((folder) => folder !== 'console')
  const isRun = (folder: string) => ['.', 'all', 'bin', ...together].includes(folder)
  t.same(
    folders.filter((folder) => !isRun(folder)),
    []
  )
})
