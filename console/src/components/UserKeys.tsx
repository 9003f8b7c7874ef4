import { getRole, type User } from '../../../client/src/index.ts'
import { keysOf } from '../keys.ts'
import { useAnswer, useMay, useMe } from '../queries.ts'
import { Keys } from './Keys.tsx'

/** The keys of an account, with what its role has to give them; who may not read roles chooses among what they have themselves. */
export function UserKeys({ user: { id, role } }: { user: User }) {
  const may = useMay()
  const me = useMe()
  const readsRoles = may('roles:read')
  const { data } = useAnswer(
    ['roles', role],
    async (client) => (await getRole({ client, path: { name: role }, throwOnError: true })).data,
    { enabled: readsRoles }
  )
  const known = readsRoles ? data : me.data
  return <Keys calls={keysOf(id)} offered={known?.permissions ?? []} readOnly={!may('keys:write')} />
}
