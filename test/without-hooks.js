/**
 * Loaded into each test file before all else (.taprc): takes out what tap does for what is not used here.
 *
 * It tells of every promise to a hook, so as to know in which test an error was that nobody has caught; that is a fifth
 * of what the tests compute. Such an error ends the file without it too, as failed. It reads every module a second time,
 * to mock and to cover it. It loads the same into every process that a test starts: a third of a start. And it has source
 * maps read, which nobody needs where types are cut out of their places.
 */
import hooks from 'node:async_hooks'
import module, { syncBuiltinESMExports } from 'node:module'

/** A hook that is never called. */
const silent = {
  enable: () => silent,
  disable: () => silent
}

hooks.createHook = () => silent
module.registerHooks = () => ({ deregister: () => undefined })
syncBuiltinESMExports()
process.setSourceMapsEnabled(false)

/** @type {{ removeAllListeners: () => void, addListener: () => void }} */
const started = module.createRequire(new URL('../tools/package.json', import.meta.url))('process-on-spawn')
started.removeAllListeners()
started.addListener = () => undefined

// What a test starts is not a test.
delete process.env['NODE_OPTIONS']
