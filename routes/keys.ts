import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { requireSession } from '../core/access/caller.ts'
import { BeyondOwnPermissions } from '../core/accounts/governance.ts'
import { getUser, type UserNotFound } from '../core/accounts/users.ts'
import { locationHeader } from '../core/contract/headers.ts'
import { write } from '../core/database/transaction.ts'
import { answerOnce } from '../core/idempotency/once.ts'
import {
  changeKey,
  getKey,
  KeyNotFound,
  KeyReplaced,
  listKeys,
  makeKey,
  NetworkRefused,
  rotateKey,
  TooManyKeys,
  withdrawKey
} from '../core/keys/keys.ts'
import { CursorRefused } from '../core/paging/cursor.ts'
import type { Access } from '../schemas/access.ts'
import {
  ApiKey,
  ApiKeyChanges,
  ApiKeyMade,
  ApiKeyPage,
  type ApiKeyParams,
  NewApiKey,
  type UserApiKeyParams
} from '../schemas/api-keys.ts'
import { listQuery } from '../schemas/page.ts'
import { NoContent, ref } from '../schemas/types.ts'
import type { UserParams } from '../schemas/users.ts'

/** The parameters of a path that names nobody. */
export const Nobody = Type.Unsafe<{ id?: undefined }>(Type.Object({}))

/** What differs between one's own keys and those of an account that the path names. */
interface Whose {
  /** In the names of operations, and in sentences. */
  name: 'My' | 'User'
  whose: 'your' | "an account's"
  access: { read: Access; write: Access }
  /** Whether no key may, also where no recent proof is asked for, which takes a session anyway. */
  session: { session?: true }
  all: typeof Nobody | typeof UserParams
  one: { url: '/:id'; params: typeof ApiKeyParams } | { url: '/:key'; params: typeof UserApiKeyParams }
  /** What is wrong with an account that the path names. */
  problems: [typeof UserNotFound] | []
  create: { summary: string; description: string }
  pathOf: (owner: number) => string
}

/** The account that a path names, or the caller's own. */
const ownerOf = (request: FastifyRequest, { id }: Static<Whose['all']>) => id ?? requireSession(request).id

/** The account and the key that a path is about. */
const keyOf = (request: FastifyRequest, params: Static<Whose['one']['params']>) =>
  'key' in params
    ? { owner: params.id, id: params.key }
    : { owner: requireSession(request).id, id: params.id }

/** The routes of keys: their contract is one, whoever they are of. */
export const keyRoutes =
  ({ name, whose, access, session, all, one, problems, create, pathOf }: Whose): FastifyPluginAsyncTypebox =>
  async (fastify) => {
    const { config, db } = fastify

    fastify.route({
      method: 'GET',
      url: '',
      config: { access: access.read, ...session, problems: [CursorRefused, ...problems] },
      schema: {
        operationId: `list${name}Keys`,
        summary: `List ${whose} keys`,
        description: 'Newest first. The keys themselves are shown when they are made, and never again.',
        tags: ['Keys'],
        params: all,
        querystring: listQuery({}),
        response: { 200: ref(ApiKeyPage, 'A page of keys.') }
      },
      handler: async (request) => {
        const owner = ownerOf(request, request.params)
        if (name === 'User') await getUser(db, owner)
        return listKeys(db, owner, request.query)
      }
    })

    fastify.route({
      method: 'POST',
      url: '',
      config: {
        access: access.write,
        fresh: '10m',
        idempotent: true,
        problems: [...problems, BeyondOwnPermissions, TooManyKeys, NetworkRefused]
      },
      schema: {
        operationId: `create${name}Key`,
        ...create,
        tags: ['Keys'],
        params: all,
        body: ref(NewApiKey),
        response: { 201: ref(ApiKeyMade, 'The key, which is shown this once.', locationHeader) }
      },
      handler: async (request, reply) =>
        answerOnce(db, request, reply, async (tx) => {
          const owner = ownerOf(request, request.params)
          const made = await makeKey(tx, request, config, owner, request.body)
          return { status: 201, headers: { location: `${pathOf(owner)}/${made.id}` }, body: made }
        })
    })

    fastify.route({
      method: 'GET',
      url: one.url,
      config: { access: access.read, ...session, problems: [KeyNotFound] },
      schema: {
        operationId: `get${name}Key`,
        summary: `Read one of ${whose} keys`,
        description: 'What it may do and when it was last used; not the key itself.',
        tags: ['Keys'],
        params: one.params,
        response: { 200: ref(ApiKey, 'The key.') }
      },
      handler: async (request) => {
        const { owner, id } = keyOf(request, request.params)
        return getKey(db, owner, id)
      }
    })

    fastify.route({
      method: 'PATCH',
      url: one.url,
      config: {
        access: access.write,
        fresh: '10m',
        idempotent: true,
        problems: [...problems, KeyNotFound, BeyondOwnPermissions, NetworkRefused]
      },
      schema: {
        operationId: `update${name}Key`,
        summary: `Change one of ${whose} keys`,
        description:
          'Only the members that are sent change. It counts from the next request with the key on.',
        tags: ['Keys'],
        params: one.params,
        body: ref(ApiKeyChanges),
        response: { 200: ref(ApiKey, 'The key as it is now.') }
      },
      handler: async (request, reply) =>
        answerOnce(db, request, reply, async (tx) => {
          const { owner, id } = keyOf(request, request.params)
          return { status: 200, body: await changeKey(tx, request, owner, id, request.body) }
        })
    })

    fastify.route({
      method: 'DELETE',
      url: one.url,
      config: {
        access: access.write,
        ...session,
        problems: [...problems, KeyNotFound, BeyondOwnPermissions]
      },
      schema: {
        operationId: `delete${name}Key`,
        summary: `Withdraw one of ${whose} keys`,
        description: 'It is good for nothing from the next request on.',
        tags: ['Keys'],
        params: one.params,
        response: { 204: NoContent('Withdrawn.') }
      },
      handler: async (request, reply) => {
        const { owner, id } = keyOf(request, request.params)
        await write(db, (tx) => withdrawKey(tx, request, owner, id))
        return reply.code(204).send()
      }
    })

    fastify.route({
      method: 'POST',
      url: `${one.url}/rotation`,
      config: {
        access: access.write,
        fresh: '10m',
        idempotent: true,
        problems: [...problems, KeyNotFound, KeyReplaced, TooManyKeys, BeyondOwnPermissions]
      },
      schema: {
        operationId: `rotate${name}Key`,
        summary: `Replace one of ${whose} keys`,
        description:
          'Makes a key that may do the same, for as long again. The one before stays good for 24 hours.',
        tags: ['Keys'],
        params: one.params,
        response: { 201: ref(ApiKeyMade, 'The new key, which is shown this once.', locationHeader) }
      },
      handler: async (request, reply) =>
        answerOnce(db, request, reply, async (tx) => {
          const { owner, id } = keyOf(request, request.params)
          const made = await rotateKey(tx, request, config, owner, id)
          return { status: 201, headers: { location: `${pathOf(owner)}/${made.id}` }, body: made }
        })
    })
  }
