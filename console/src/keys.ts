import {
  type ApiKey,
  type ApiKeyChanges,
  type ApiKeyMade,
  type ApiKeyPage,
  createMyKey,
  createUserKey,
  deleteMyKey,
  deleteUserKey,
  listMyKeys,
  listUserKeys,
  type NewApiKey,
  rotateMyKey,
  rotateUserKey,
  updateMyKey,
  updateUserKey
} from '../../client/src/index.ts'
import type { Call } from './api.ts'

/** The calls about somebody's keys. */
export interface KeyCalls {
  /** What the list is kept by. */
  queryKey: unknown[]
  list: (client: Parameters<Call>[0], page: { cursor?: string }) => Promise<{ data: ApiKeyPage }>
  create: (body: NewApiKey) => Call<{ data: ApiKeyMade }>
  update: (id: ApiKey['id'], body: ApiKeyChanges) => Call
  rotate: (id: ApiKey['id']) => Call<{ data: ApiKeyMade }>
  remove: (id: ApiKey['id']) => Call
}

/** One's own keys. */
export const myKeys: KeyCalls = {
  queryKey: ['me', 'keys'],
  list: (client, query) => listMyKeys({ client, query, throwOnError: true }),
  create: (body) => (client) => createMyKey({ client, body, throwOnError: true }),
  update: (id, body) => (client) => updateMyKey({ client, path: { id }, body, throwOnError: true }),
  rotate: (id) => (client) => rotateMyKey({ client, path: { id }, throwOnError: true }),
  remove: (id) => (client) => deleteMyKey({ client, path: { id }, throwOnError: true })
}

/** The keys of an account. */
export const keysOf = (id: number): KeyCalls => ({
  queryKey: ['users', id, 'keys'],
  list: (client, query) => listUserKeys({ client, path: { id }, query, throwOnError: true }),
  create: (body) => (client) => createUserKey({ client, path: { id }, body, throwOnError: true }),
  update: (key, body) => (client) => updateUserKey({ client, path: { id, key }, body, throwOnError: true }),
  rotate: (key) => (client) => rotateUserKey({ client, path: { id, key }, throwOnError: true }),
  remove: (key) => (client) => deleteUserKey({ client, path: { id, key }, throwOnError: true })
})
