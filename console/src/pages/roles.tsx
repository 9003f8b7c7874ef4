import {
  Anchor,
  Box,
  Button,
  Card,
  NumberInput,
  Skeleton,
  Table,
  Text,
  TextInput,
  VisuallyHidden
} from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import {
  createRole,
  listPermissions,
  listRoles,
  type Permission,
  type Role
} from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { Act } from '../components/Act.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { Failure } from '../components/Failure.tsx'
import { IconCheck, IconPlus } from '../components/icons.tsx'
import { Page } from '../components/Page.tsx'
import { useAnswer, useMay, usePages } from '../queries.ts'

/** The registry of permissions, in its order. */
export const readPermissions: Call<Permission[]> = async (client) =>
  (await listPermissions({ client, query: { limit: 200 }, throwOnError: true })).data.permissions

/** What each role allows, as a grid. */
export function RolesPage() {
  const may = useMay()
  const permissions = useAnswer(['permissions'], readPermissions)
  const pages = usePages(['roles', 'all'], (client, page) =>
    listRoles({ client, query: { limit: 200, ...page }, throwOnError: true })
  )
  const roles = pages.data?.pages.flatMap((page) => page.roles)
  const error = permissions.error ?? pages.error
  const retry = () => void Promise.all([permissions.refetch(), pages.refetch()])
  return (
    <Page
      title="Roles"
      explains="What the accounts of a role may do. A change counts with their next request."
      acts={
        <>
          <AsCurl call={(client) => listRoles({ client, query: { limit: 200 }, throwOnError: true })} />
          {may('roles:write') && <NewRole />}
        </>
      }
    >
      <Failure error={error} retry={retry} />
      {roles && permissions.data ? (
        <Card padding={0}>
          <Grid roles={roles} permissions={permissions.data} />
          {pages.hasNextPage && (
            <Button variant="subtle" m="sm" onClick={() => void pages.fetchNextPage()}>
              Show more
            </Button>
          )}
        </Card>
      ) : (
        !error && <Skeleton height={520} radius="md" />
      )}
    </Page>
  )
}

function Grid({ roles, permissions }: { roles: Role[]; permissions: Permission[] }) {
  return (
    <Box className="scrolls" tabIndex={0} role="region" aria-label="Roles and permissions">
      <Table className="grid">
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="sticky">
              <Text component="span" size="xs" c="dimmed" fw={600}>
                Permission
              </Text>
            </Table.Th>
            {roles.map(({ name, description }) => (
              <Table.Th key={name} ta="center" title={description}>
                <Anchor component={Link} href={`/roles/${name}`} fz="sm" fw={600}>
                  {name}
                </Anchor>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {permissions.map(({ name, description }) => (
            <Row
              key={name}
              name={name}
              description={description}
              roles={roles}
              cell={(role) => <Check is={role.permissions.includes(name)} />}
            />
          ))}
          <Row
            name="Calls a minute"
            description="On routes that are limited by role"
            roles={roles}
            cell={({ requests_per_minute }) => requests_per_minute}
          />
          <Row
            name="Needs a second factor"
            description="Without one they can only add it"
            roles={roles}
            cell={({ requires_mfa }) => <Check is={requires_mfa} />}
          />
        </Table.Tbody>
      </Table>
    </Box>
  )
}

interface RowProps {
  name: string
  description: string
  roles: Role[]
  cell: (role: Role) => ReactNode
}

/** What each role has of something. */
const Row = ({ name, description, roles, cell }: RowProps) => (
  <Table.Tr>
    <Table.Th scope="row" className="sticky" fw={400}>
      <Text size="sm" fw={550}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" visibleFrom="sm">
        {description}
      </Text>
    </Table.Th>
    {roles.map((role) => (
      <Table.Td key={role.name} ta="center">
        {cell(role)}
      </Table.Td>
    ))}
  </Table.Tr>
)

const Check = ({ is }: { is: boolean }) =>
  is ? (
    <Text component="span" c="var(--good)">
      <IconCheck />
      <VisuallyHidden>yes</VisuallyHidden>
    </Text>
  ) : (
    <Text component="span" c="dimmed">
      <span aria-hidden>·</span>
      <VisuallyHidden>no</VisuallyHidden>
    </Text>
  )

const blank = { name: '', description: '', requests_per_minute: 60, permissions: [] }

/** Makes a role without permissions, and shows it: there they are chosen. */
function NewRole() {
  const [, navigate] = useLocation()
  const [body, setBody] = useState(blank)
  const call: Call<Role> = async (client) => (await createRole({ client, body, throwOnError: true })).data
  return (
    <Act
      label="Create role"
      question="Create a role"
      explains="It begins without a permission; the next page is where you choose them."
      call={call}
      ready={/^[a-z][a-z0-9_-]{0,49}$/.test(body.name)}
      done={`The role ${body.name} is there`}
      onDone={({ name }) => navigate(`/roles/${name}`)}
      onReset={() => setBody(blank)}
      button={{ variant: 'filled', leftSection: <IconPlus /> }}
    >
      <TextInput
        label="Name"
        description="Small letters, digits, - and _; it stays"
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        value={body.name}
        onChange={({ currentTarget: { value } }) => setBody({ ...body, name: value })}
      />
      <TextInput
        label="Description"
        maxLength={200}
        value={body.description}
        onChange={({ currentTarget: { value } }) => setBody({ ...body, description: value })}
      />
      <NumberInput
        label="Calls a minute"
        min={1}
        max={1_000_000}
        allowDecimal={false}
        clampBehavior="strict"
        value={body.requests_per_minute}
        onChange={(value) => setBody({ ...body, requests_per_minute: Number(value) || 1 })}
      />
    </Act>
  )
}
