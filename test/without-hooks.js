/**
 * Loaded before each test file (.taprc). tap tells of every promise to a hook, so as to know in which test an error was
 * that nobody has caught; that is a fifth of what the tests compute. Such an error ends the file without it too, as failed.
 */
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

/** A hook that is never called. */
const silent = {
  enable: () => silent,
  disable: () => silent
}

hooks.createHook = () => silent
syncBuiltinESMExports()
