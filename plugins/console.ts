import fastifyStatic from '@fastify/static'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { NotFound } from '../core/problems/kinds.ts'
import { sendProblem } from '../core/problems/send.ts'

/** Where the builds of the console are, from the compiled service and from its sources. */
const homes = ['../../console/', '../dist/console/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url))
)

/** The folder of the newest build, undefined when there is none. */
function findBuild(): string | undefined {
  const home = homes.find((folder) => existsSync(join(folder, 'newest')))
  return home && join(home, readFileSync(join(home, 'newest'), 'utf8'))
}

/** What the page may load: its own files, and the styles that its scripts write, which know the nonce. */
const policy = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')

/** Serves the console: an operator's web page, which uses the public API alone. */
export default fp(
  async (fastify) => {
    const root = findBuild()
    if (root === undefined) {
      fastify.log.warn('There is no console here: npm run build makes it.')
      return
    }
    const [head = '', ...rest] = readFileSync(join(root, 'index.html'), 'utf8').split('NONCE')

    await fastify.register(async (page) => {
      // A path that leads out of the folder of its files is one where nothing is.
      page.setErrorHandler((error: FastifyError, request, reply) =>
        sendProblem(error.code === 'FST_STATIC_FORBIDDEN_PATH' ? new NotFound() : error, request, reply)
      )
      await page.register(fastifyStatic, {
        root,
        prefix: '/console/',
        index: false,
        wildcard: false,
        globIgnore: ['index.html', '**/*.{br,gz}'],
        preCompressed: true,
        setHeaders: (response, path) => {
          const isHashed = path.includes(join(root, 'assets'))
          void response.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
        }
      })
      page.get('/console', { schema: { hide: true } }, (_request, reply) => reply.redirect('console/', 308))
      page.get('/console/', { schema: { hide: true } }, (_request, reply) => {
        const nonce = randomBytes(16).toString('base64')
        return reply
          .headers({
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': policy(nonce),
            'cross-origin-opener-policy': 'same-origin',
            'cache-control': 'no-cache'
          })
          .send([head, ...rest].join(nonce))
      })
    })
  },
  { name: 'console', dependencies: ['headers', 'not-found'] }
)
