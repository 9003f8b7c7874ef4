// Here editors look for it; what it imports is in tools/node_modules.
export { default } from './tools/eslint.config.js'
