/**
 * Loaded before each test file (.taprc): takes out two things that tap does for what is not used here.
 *
 * tap tells of every promise to a hook, so as to know in which test an error was
 * that nobody has caught; that is a fifth of what the tests compute. Such an error ends the file without it too, as failed.
 *
 * And it loads a hook into every process that a test starts, so as to know what that covers; that is a third of a start.
 */
import hooks from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'

/** A hook that is never called. */
const silent = {
  enable: () => silent,
  disable: () => silent
}

hooks.createHook = () => silent
syncBuiltinESMExports()

/** @type {import('node:events').EventEmitter} */
const started = createRequire(new URL('../tools/package.json', import.meta.url))('process-on-spawn')
started.removeAllListeners()
started.addListener = () => started
