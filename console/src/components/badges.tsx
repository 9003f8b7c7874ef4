import { Badge } from '@mantine/core'
import type { User } from '../../../client/src/index.ts'

/** Whether an account may sign in. */
export const StatusBadge = ({ status }: Pick<User, 'status'>) => (
  <Badge color={status === 'active' ? 'teal' : 'red'}>{status}</Badge>
)

/** Said of services alone: all others are people. */
export const KindBadge = ({ kind }: Pick<User, 'kind'>) =>
  kind === 'service' && <Badge color="gray">service</Badge>

export const RoleBadge = ({ role }: Pick<User, 'role'>) => (
  <Badge color={role === 'admin' ? 'gate' : 'gray'}>{role}</Badge>
)
