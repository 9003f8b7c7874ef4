import { Select, type SelectProps } from '@mantine/core'
import { listRoles } from '../../../client/src/index.ts'
import { useAnswer, useMay } from '../queries.ts'

/** A choice among the roles there are; who may not list them gets the two that there always are. */
export function RoleSelect(props: SelectProps) {
  const may = useMay()
  const roles = useAnswer(
    ['roles', 'names'],
    async (client) => (await listRoles({ client, query: { limit: 200 }, throwOnError: true })).data.roles,
    { enabled: may('roles:read') }
  )
  const names = roles.data?.map(({ name }) => name) ?? ['admin', 'user']
  const data = [...new Set([...names, ...(props.value ? [props.value] : [])])]
  return <Select data={data} searchable={data.length > 8} {...props} />
}
