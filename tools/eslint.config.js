import { fileURLToPath } from 'node:url'
import eslint from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', '/data/', '.tap/', 'artefacts/', 'client/'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: fileURLToPath(new URL('..', import.meta.url))
      }
    },
    rules: {
      // Fastify's plugins are async functions by contract, also where nothing is awaited.
      '@typescript-eslint/require-await': 'off',
      // Numbers print the same everywhere; the rule only adds String() around them.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `{ left_out, ...rest }` is how a member is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // A hook is `() => done()` in Fastify's own examples.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }]
    }
  },
  {
    // What stands there is in whatever form: core/network/origin.ts reads it.
    files: ['app.ts', '{server,core,plugins,routes,bin}/**'],
    ignores: ['core/network/origin.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...['MemberExpression', 'ObjectPattern > Property'].map((node) => ({
          selector: `${node}[${node === 'MemberExpression' ? 'property' : 'key'}.name=/^(ip|ips|remoteAddress)$/]`,
          message: 'Where a request comes from is what originOf(request) says.'
        }))
      ]
    }
  },
  {
    // tap's assertions return values nobody reads, and its test() a promise that tap itself awaits.
    files: ['test/**'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' }
  },
  {
    // Hooks run in one order, and know all that they depend on.
    files: ['console/src/**'],
    extends: [reactHooks.configs.flat['recommended-latest']]
  },
  {
    // A migration is frozen in time and knows no table types: Kysely<any> is its documented shape.
    files: ['migrations/**'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' }
  },
  {
    // What runs before there is a compiler, or a Node.js that it takes: tsc checks it by its comments, globals included.
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-undef': 'off' }
  }
)
