import compilers from '@fastify/ajv-compiler'

const compilerWith = compilers()
type Compile = ReturnType<typeof compilerWith>

/** By compiler, of which there is one for all servers with the same shared schemas, and by schema. */
const made = new WeakMap<Compile, Map<string, ReturnType<Compile>>>()

/** Makes the validators as Fastify does, each once: all servers of a process have the same, and to compile them is half of a boot. */
export const sharedValidators: typeof compilerWith = (shared, options) => {
  const compile = compilerWith(shared, options)
  const known = made.get(compile) ?? new Map<string, ReturnType<Compile>>()
  made.set(compile, known)
  return (route) => {
    const key = JSON.stringify(route)
    const validate = known.get(key) ?? compile(route)
    known.set(key, validate)
    return validate
  }
}
