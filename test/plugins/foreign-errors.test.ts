import createError from '@fastify/error'
import type { FastifyPluginAsync } from 'fastify'
import { test } from 'tap'
import { defineProblem } from '../../core/problems/define.ts'
import { build } from '../helper.ts'

const fields = (error: Error, more: object) => Object.assign(error, more)

/** What is thrown, with the status and the code of its answer, and what its detail says. */
const cases: Record<string, [thrown: () => unknown, status: number, code: string, detail: RegExp]> = {
  conflict: [
    () => new (createError('OUT_OF_STOCK', 'None of %s is left', 409))('it'),
    409,
    'OUT_OF_STOCK',
    /None of it/
  ],
  status422: [
    () => fields(new Error('The date has passed'), { statusCode: 422 }),
    422,
    'UNPROCESSABLE_ENTITY',
    /date/
  ],
  status418: [() => fields(new Error('I am a teapot'), { status: 418 }), 418, 'I_M_A_TEAPOT', /teapot/],
  plain404: [() => ({ statusCode: 404 }), 404, 'NOT_FOUND', /Nothing is at this path/],
  private403: [
    () => fields(new Error('role 7 of tenant 3'), { statusCode: 403, expose: false }),
    403,
    'FORBIDDEN',
    /^Forbidden\.$/
  ],
  unauthorized: [() => fields(new Error('Who are you?'), { statusCode: 401 }), 401, 'UNAUTHORIZED', /Who/],
  otherCode: [
    () => fields(new Error('Gone'), { statusCode: 410, code: 'USER_NOT_FOUND' }),
    410,
    'GONE',
    /Gone/
  ],
  nothing: [() => null, 500, 'INTERNAL_ERROR', /went wrong/],
  unset: [() => undefined, 500, 'INTERNAL_ERROR', /went wrong/],
  text: [() => 'the secret', 500, 'INTERNAL_ERROR', /went wrong/],
  number: [() => 404, 500, 'INTERNAL_ERROR', /went wrong/],
  success: [() => fields(new Error('fine'), { statusCode: 200 }), 500, 'INTERNAL_ERROR', /went wrong/],
  beyond: [() => fields(new Error('odd'), { statusCode: 600 }), 500, 'INTERNAL_ERROR', /went wrong/],
  written: [() => fields(new Error('odd'), { statusCode: '404' }), 500, 'INTERNAL_ERROR', /went wrong/],
  slip: [() => new TypeError('undefined is not a function'), 500, 'INTERNAL_ERROR', /went wrong/],
  inside: [
    () => fields(new Error('host db-7 is down'), { statusCode: 502 }),
    502,
    'BAD_GATEWAY',
    /went wrong/
  ],
  trap: [
    () => ({
      get statusCode() {
        throw new Error('the secret')
      }
    }),
    500,
    'INTERNAL_ERROR',
    /went wrong/
  ],
  proxy: [
    () =>
      new Proxy(new Error('odd'), {
        get: () => {
          throw new Error('the secret')
        }
      }),
    500,
    'INTERNAL_ERROR',
    /went wrong/
  ],
  oddCode: [
    () =>
      fields(new Error('odd'), {
        statusCode: 409,
        code: {
          toString: () => {
            throw new Error('the secret')
          }
        }
      }),
    500,
    'INTERNAL_ERROR',
    /went wrong/
  ],
  noFailures: [() => fields(new Error('odd'), { validation: [null] }), 500, 'INTERNAL_ERROR', /went wrong/],
  unwritable: [
    () =>
      Object.defineProperty(new Error('odd'), 'more', {
        enumerable: true,
        get: () => {
          throw new Error('the secret')
        }
      }),
    500,
    'INTERNAL_ERROR',
    /went wrong/
  ],
  getter: [
    () =>
      Object.create({
        get statusCode() {
          return 404
        }
      }) as unknown,
    404,
    'NOT_FOUND',
    /Nothing/
  ]
}

const routes: FastifyPluginAsync = async (fastify) => {
  for (const [name, [thrown]] of Object.entries(cases)) {
    const config = { access: 'public' } as const
    fastify.get(`/thrown/${name}`, { config }, async () => {
      throw thrown()
    })
  }
}

test('whatever a route throws is a problem; a 4xx keeps its status, and a 5xx tells nothing', async (t) => {
  const { app } = await build(t, {}, routes)
  for (const [name, [, status, code, detail]] of Object.entries(cases)) {
    const answer = await app.inject(`/thrown/${name}`)
    t.equal(answer.statusCode, status, name)
    t.match(answer.headers['content-type'], 'application/problem+json', name)
    t.match(answer.json(), { status, code, detail, type: String, title: String, request_id: String }, name)
    t.notMatch(answer.body, /secret|db-7|tenant|not a function|FST_|ERR_/, name)
    if (status === 401) t.equal(answer.headers['www-authenticate'], 'Bearer')
  }
})

test('a code that is declared twice stops the boot, with both places', async (t) => {
  const declare = () =>
    defineProblem('TWICE_DECLARED', 409, 'Twice', { detail: 'Twice.', about: 'Declared twice.' })
  declare()
  t.throws(
    declare,
    /TWICE_DECLARED is declared twice: at .*foreign-errors\.test\.ts:\d+.* and at .*foreign-errors/
  )
  const text = { detail: 'Odd.', about: 'Odd.' }
  t.throws(() => defineProblem('not upper', 409, 'Odd', text), /needs a code in UPPER_SNAKE/)
  t.throws(() => defineProblem('ODD_STATUS', 200, 'Odd', text), /a status from 400 to 599, not 200/)
})

test('a problem that names what was sent keeps to the schema of problems', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const odd = ['x%00y', '%F0%9F%98%80', 'a'.repeat(3_000), '%ff', '~1%2F', '%E2%80%AE']
  for (const name of odd) {
    const answer = await app.inject({ url: `/roles?${name}=1`, headers })
    t.equal(answer.statusCode, 400, name.slice(0, 20))
  }
  const members = ['\0', '\ud800', '__proto', 'b'.repeat(2_000), '/~']
  for (const member of members) {
    const payload = JSON.stringify({
      username: 'ada',
      password: 'a walk in the rain',
      role: 'user',
      [member]: 1
    })
    const type = { ...headers, 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/users', headers: type, payload })
    t.equal(answer.statusCode, 400, JSON.stringify(member.slice(0, 20)))
  }
})

test('the files of the documentation page answer their true 4xx, as problems', async (t) => {
  const { app } = await build(t)
  const file = '/documentation/static/index.css'
  const calls: [url: string, headers: Record<string, string>, status: number][] = [
    ['/documentation/static/../../../package.json', {}, 404],
    ['/documentation/static/%2e%2e/%2e%2e/package.json', {}, 404],
    ['/documentation/static/%00', {}, 404],
    ['/documentation/static//etc/passwd', {}, 404],
    ['/documentation/..%2f..%2fetc%2fpasswd', {}, 404],
    [file, { range: 'bytes=999999-' }, 416],
    [file, { range: 'bytes=5-2' }, 416],
    [file, { range: 'nonsense' }, 200],
    [file, { 'if-match': '"x"' }, 412],
    [file, { 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 412]
  ]
  for (const [url, headers, status] of calls) {
    const answer = await app.inject({ url, headers })
    t.equal(answer.statusCode, status, `${url} ${JSON.stringify(headers)}`)
    if (status < 400) continue
    t.match(answer.headers['content-type'], 'application/problem+json')
    t.match(answer.json(), { status, code: String })
    t.notMatch(answer.body, /node_modules|ENOENT|FST_/)
  }
})
