/** Imports point one way: schemas <- core <- plugins <- routes <- app. */
const order = ['schemas', 'core', 'plugins', 'routes']

/** What a folder may not import: all that comes after it, and what is made of everything. */
/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const upward = order.map((folder, index) => ({
  name: `${folder}-imports-downward`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: {
    path: `^(${[...order.slice(index + 1), 'server', 'app', 'bin', 'bench', 'test'].join('|')})(/|\\.ts$)`
  }
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...upward,
    {
      name: 'console-is-a-client',
      comment: 'What the console can do, a consumer can: it knows the API by the typed client alone.',
      severity: 'error',
      from: { path: '^console/' },
      to: { path: '^(app\\.ts|bin|core|migrations|plugins|routes|schemas|server)(/|$)' }
    },
    {
      name: 'no-circles',
      comment: 'Also of types alone: two files that need each other are one, or a third is missing.',
      severity: 'error',
      from: { pathNot: '^client/src/generated/' },
      to: { circular: true }
    },
    {
      name: 'no-server-in-plugins',
      comment: 'server/ is what is decided before there is a plugin.',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^(plugins|routes)/' }
    }
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types']
    }
  }
}
