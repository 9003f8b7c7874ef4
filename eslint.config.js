import eslint from '@eslint/js'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', '/data/', '.tap/', 'artefacts/', 'client/'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
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
    // tap's assertions return values nobody reads, and its test() a promise that tap itself awaits.
    files: ['test/**'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' }
  },
  {
    // A migration is frozen in time and knows no table types: Kysely<any> is its documented shape.
    files: ['migrations/**'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' }
  },
  { files: ['eslint.config.js'], extends: [tseslint.configs.disableTypeChecked] }
)
