import { createHook } from 'node:async_hooks'

/** The object that Node.js makes for one process.nextTick. */
let held: object | undefined

const hook = createHook({
  init: (_id, type, _trigger, resource) => {
    if (type === 'TickObject') held = resource
  }
})
hook.enable()
process.nextTick(() => undefined)
hook.disable()

/**
 * Keeps one such object to the end of the process, and with it V8's hidden class for all of them. When a collection
 * during the start finds none alive, V8 drops the class, and from then on builds each of these objects, several a
 * request, by its slowest path. bench/README.md, "A tick object is kept", has the figure.
 */
export const tickObject = held
