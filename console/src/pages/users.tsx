import { Anchor, Group, SegmentedControl, Select, Stack, Tabs, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useRef } from 'react'
import { Link } from 'wouter'
import { type ListUsersData, listUsers, type User } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { useFilters } from '../address.ts'
import { AsCurl } from '../components/AsCurl.tsx'
import { KindBadge, RoleBadge, StatusBadge } from '../components/badges.tsx'
import { FilterInput } from '../components/FilterInput.tsx'
import { IconSearch } from '../components/icons.tsx'
import { Invitations, Invite } from '../components/Invitations.tsx'
import { type Column, List } from '../components/List.tsx'
import { NewUser } from '../components/NewUser.tsx'
import { Page } from '../components/Page.tsx'
import { RoleSelect } from '../components/RoleSelect.tsx'
import { When } from '../components/When.tsx'
import { useMay, usePages } from '../queries.ts'

const columns: Column<User>[] = [
  {
    title: 'Name',
    cell: ({ id, username, kind }) => (
      <Group gap="xs">
        <Anchor component={Link} href={`/users/${id}`} className="row-link" fz="inherit" fw={550} c="inherit">
          {username}
        </Anchor>
        <KindBadge kind={kind} />
      </Group>
    )
  },
  { title: 'Role', cell: ({ role }) => <RoleBadge role={role} />, from: 'xs' },
  { title: 'Status', cell: ({ status }) => <StatusBadge status={status} />, width: 120 },
  { title: 'Created', cell: ({ created_at }) => <When at={created_at} />, from: 'sm' },
  { title: 'Id', cell: ({ id }) => id, from: 'md', width: 100 }
]

/** The accounts and who is invited: find one, or make one. */
export function UsersPage() {
  const may = useMay()
  const { filters, setFilter } = useFilters('tab')
  return (
    <Page
      title="Users"
      explains="Everybody who can sign in, and services, which act with keys."
      acts={
        may('users:write') && (
          <>
            <Invite />
            <NewUser />
          </>
        )
      }
    >
      <Tabs value={filters.tab || 'accounts'} onChange={(tab) => setFilter('tab', tab)} keepMounted={false}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="accounts">Accounts</Tabs.Tab>
          <Tabs.Tab value="invitations">Invitations</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="accounts">
          <Accounts />
        </Tabs.Panel>
        <Tabs.Panel value="invitations">
          <Invitations />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function Accounts() {
  const { filters, setFilter } = useFilters('q', 'role', 'status', 'kind')
  const query: ListUsersData['query'] = {
    ...(filters.q && { q: filters.q, sort: 'username' as const }),
    ...(filters.role && { role: filters.role }),
    ...(filters.status && { status: filters.status as User['status'] }),
    ...(filters.kind && { kind: filters.kind as User['kind'] })
  }
  const list =
    (page: { cursor?: string }): Call<{ data: { users: User[]; next_cursor: string | null } }> =>
    (client) =>
      listUsers({ client, query: { ...query, ...page }, throwOnError: true })
  const pages = usePages(['users', query], (client, page) => list(page)(client))
  return (
    <Stack gap="lg">
      <Group gap="sm" align="flex-end">
        <Search value={filters.q} onChange={(value) => setFilter('q', value)} />
        <RoleSelect
          aria-label="Role"
          placeholder="Any role"
          clearable
          w={{ base: '100%', sm: 170 }}
          value={filters.role || null}
          onChange={(value) => setFilter('role', value)}
        />
        <Select
          aria-label="Kind"
          placeholder="Any kind"
          clearable
          w={{ base: '100%', sm: 130 }}
          value={filters.kind || null}
          onChange={(value) => setFilter('kind', value)}
          data={[
            { value: 'person', label: 'People' },
            { value: 'service', label: 'Services' }
          ]}
        />
        <SegmentedControl
          aria-label="Status"
          w={{ base: '100%', sm: 'auto' }}
          value={filters.status}
          onChange={(value) => setFilter('status', value)}
          data={[
            { value: '', label: 'All' },
            { value: 'active', label: 'Active' },
            { value: 'disabled', label: 'Disabled' }
          ]}
        />
        <AsCurl call={list({})} />
      </Group>
      <List
        label="Users"
        pages={pages}
        rows={({ users }) => users}
        rowKey={({ id }) => id}
        columns={columns}
        empty={
          <>
            <Text fw={600}>Nobody is like that</Text>
            <Text size="sm" c="dimmed">
              A search finds how names begin, whatever their case.
            </Text>
          </>
        }
      />
    </Stack>
  )
}

/** Finds while one types; `/` leads to it from anywhere on the page. */
function Search(props: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => input.current?.focus()]])
  return (
    <FilterInput
      ref={input}
      aria-label="Name"
      placeholder="Name begins with …"
      leftSection={<IconSearch size={16} />}
      miw={200}
      {...props}
    />
  )
}
