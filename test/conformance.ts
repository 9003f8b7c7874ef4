import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { isDeepStrictEqual } from 'node:util'
import { problemType } from '../core/problems/define.ts'
import { serializers } from '../server/serializers.ts'
import { Contract } from './contract/reader.ts'
import { validators } from './validators.ts'

/** Fails a test, with what it is about. */
type Report = (message: string, details: object) => unknown

type SchemaController = FastifyServerOptions['schemaController']

// Each server of a process has the same ones, and to compile them is much of its boot.
const compilers = serializers()

/** Reports when a serializer leaves out or changes something of what a handler answered. */
export const exactSerializers = (report: Report): SchemaController => ({
  compilersFactory: {
    buildValidator: validators(),
    buildSerializer: (schemas, options) => {
      const compile = compilers(schemas, options)
      return (route) => {
        const serialize = compile(route)
        return (data: unknown) => {
          const text = serialize(data)
          const given: unknown = JSON.parse(JSON.stringify(data))
          if (!isDeepStrictEqual(JSON.parse(text), given)) {
            report(`${route.method} ${route.url} ${route.httpStatus} was serialized to something else`, {
              given,
              text
            })
          }
          return text
        }
      }
    }
  }
})

// Every test has the same routes, so the first server's document does for all of a process.
let contract: Contract | undefined

/** The contract that has this operation; that of the first server, or of this one when it has more. */
const contractOf = (app: FastifyInstance, method: string, path: string) => {
  if (!contract?.operation(method, path)) contract = new Contract(app.openapi.v31())
  return contract
}

const templateOf = (url: string) => url.replaceAll(/:(\w+)/g, '{$1}')

/**
 * Holds every answer of this server to its document; one that differs is reported. Left out are routes that
 * have no operationId, which are a test's own, and what is no part of the contract. Call it before any plugin.
 */
export function watchAnswers(app: FastifyInstance, report: Report) {
  const bodies = new WeakMap<object, string>()
  app.addHook('onSend', (request, _reply, payload, done) => {
    if (typeof payload === 'string') bodies.set(request, payload)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    done()
    const { url = '', schema } = request.routeOptions
    const answer = {
      status: reply.statusCode,
      headers: reply.getHeaders(),
      body: bodies.get(request) ?? ''
    }
    if (request.is404) {
      // A browser's question before a request is answered wherever that leads.
      if (answer.status !== 204 && !String(answer.headers['content-type']).startsWith(problemType))
        report(`${request.method} ${request.url} leads nowhere and is not answered with a problem`, answer)
      return
    }
    if (schema?.hide || !schema?.operationId) return
    const path = templateOf(url)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const differences = contractOf(app, method, path).differences(request.method, path, answer)
    if (differences.length > 0)
      report(`${request.method} ${path} ${answer.status} is not what the contract says`, {
        differences,
        answer
      })
  })
}
