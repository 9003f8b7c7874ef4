import { Text } from '@mantine/core'
import { useState } from 'react'
import {
  createInvitation,
  deleteInvitation,
  type Invitation,
  listInvitations,
  type Me
} from '../../../client/src/index.ts'
import { useMay, usePages } from '../queries.ts'
import { Act } from './Act.tsx'
import { EmailInput } from './EmailInput.tsx'
import { RoleBadge } from './badges.tsx'
import { type Column, List } from './List.tsx'
import { LocaleSelect } from './LocaleSelect.tsx'
import { RoleSelect } from './RoleSelect.tsx'
import { When } from './When.tsx'

const columns: Column<Invitation>[] = [
  { title: 'Address', cell: ({ email }) => <span className="breaks">{email}</span> },
  { title: 'Role', cell: ({ role }) => <RoleBadge role={role} />, from: 'xs' },
  { title: 'Invited', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
  { title: 'Good until', cell: ({ expires_at }) => <When at={expires_at} />, from: 'sm' }
]

/** Who was invited and has not come yet. */
export function Invitations() {
  const may = useMay()
  const pages = usePages(['invitations'], (client, page) =>
    listInvitations({ client, query: page, throwOnError: true })
  )
  const withdraw: Column<Invitation> = {
    title: 'Withdraw',
    cell: (invitation) => <Withdraw {...invitation} />,
    width: 110
  }
  return (
    <List
      label="Invitations"
      pages={pages}
      rows={({ invitations }) => invitations}
      rowKey={({ id }) => id}
      columns={may('users:write') ? [...columns, withdraw] : columns}
      empty={
        <Text size="sm" c="dimmed">
          Nobody is invited who has not come yet.
        </Text>
      }
    />
  )
}

const Withdraw = ({ id, email }: Invitation) => (
  <Act
    label="Withdraw"
    question={`Withdraw the invitation of ${email}?`}
    explains="The link that was sent there is good no more."
    destructive
    call={(client) => deleteInvitation({ client, path: { id }, throwOnError: true })}
    done={`${email} is not invited any more`}
    button={{ size: 'compact-xs' }}
  />
)

const blank: { email: string; role: string; locale: Me['locale'] } = { email: '', role: 'user', locale: 'en' }

/** Invites whoever owns an address. */
export function Invite() {
  const [body, setBody] = useState(blank)
  return (
    <Act
      label="Invite"
      question="Invite somebody"
      explains="Whoever opens the link that is sent there within seven days chooses a name and a password: nobody else knows it."
      call={(client) => createInvitation({ client, body, throwOnError: true })}
      ready={body.email.includes('@')}
      done={`A mail is on its way to ${body.email}`}
      onReset={() => setBody(blank)}
    >
      <EmailInput value={body.email} onChange={(email) => setBody({ ...body, email })} />
      <RoleSelect
        label="Role"
        allowDeselect={false}
        value={body.role}
        onChange={(role) => setBody({ ...body, role: role ?? 'user' })}
      />
      <LocaleSelect value={body.locale} onChange={(locale) => setBody({ ...body, locale })} />
    </Act>
  )
}
