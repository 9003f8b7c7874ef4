import compilers from '@fastify/ajv-compiler'

const compilerWith = compilers()
type Compile = ReturnType<typeof compilerWith>
type Shared = Record<string, unknown>

/** By compiler, of which there is one for all servers with the same shared schemas, and by schema. */
const made = new WeakMap<Compile, Map<string, ReturnType<Compile>>>()

/** Makes the validators as Fastify does, each once: all servers of a process have the same, and to compile them is half of a boot. */
const sharedValidators: typeof compilerWith = (shared, options) => {
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

/** Whether they are the same schemas, not whether they say the same: a context has those of the one around it. */
const areSame = (one: Shared, other: Shared) => {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

/**
 * The validators of one server. Fastify asks for a compiler in every context, and to find the shared one all schemas are
 * written out, a sixth of a boot.
 */
export function validators(): typeof compilerWith {
  const found: { shared: Shared; compile: Compile }[] = []
  return (shared, options) => {
    const known = found.find((compiler) => areSame(compiler.shared, shared))
    if (known) return known.compile
    const compile = sharedValidators(shared, options)
    found.push({ shared, compile })
    return compile
  }
}
