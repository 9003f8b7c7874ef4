import {
  Alert,
  Anchor,
  Card,
  Checkbox,
  Grid,
  Group,
  NumberInput,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title
} from '@mantine/core'
import { Link, useLocation } from 'wouter'
import { deleteRole, getRole, type Role, updateRole } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { Act } from '../components/Act.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { Edit, type Versioned, versioned } from '../components/Edit.tsx'
import { Failure } from '../components/Failure.tsx'
import { Latest } from '../components/Latest.tsx'
import { Page } from '../components/Page.tsx'
import { useAnswer, useMay, type Permission } from '../queries.ts'
import { readPermissions } from './roles.tsx'

const back = { href: '/roles', label: 'Roles' }

/** One role: what it allows, to be changed. */
export function RolePage({ params: { id: name } }: { params: { id: string } }) {
  const may = useMay()
  const read: Call<Versioned<Role>> = async (client) =>
    versioned(await getRole({ client, path: { name }, throwOnError: true }))
  const role = useAnswer(['roles', name], read)
  return (
    <Page title={name} explains={role.data?.value.description} back={back} acts={<AsCurl call={read} />}>
      <Failure error={role.error} retry={() => void role.refetch()} />
      {!role.data && !role.error && <Skeleton height={420} radius="md" />}
      {role.data && (
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 7 }}>
            <Card>
              <Details current={role.data} />
            </Card>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Stack gap="lg">
              {may('audit:read') && <Latest target={`role:${name}`} />}
              <Actions name={name} />
            </Stack>
          </Grid.Col>
        </Grid>
      )}
    </Page>
  )
}

function Details({ current }: { current: Versioned<Role> }) {
  const may = useMay()
  const permissions = useAnswer(['permissions'], readPermissions)
  const { name, ...value } = current.value
  const mayWrite = may('roles:write')
  const isFixed = name === 'admin' || !mayWrite
  return (
    <>
      {name === 'admin' && (
        <Alert color="gray" mb="md">
          admin has every permission there is and will be, so nobody locks everybody out: of it only the
          second factor can be chosen.
        </Alert>
      )}
      <Edit
        current={{ value, etag: current.etag }}
        disabled={!mayWrite}
        save={(body, etag) => (client) =>
          updateRole({ client, path: { name }, body, headers: { 'if-match': etag }, throwOnError: true })
        }
        done="Saved: it counts with the next request of everybody in this role"
        fields={({ description, requests_per_minute, requires_mfa, permissions: chosen }, change) => (
          <>
            <TextInput
              label="Description"
              readOnly={isFixed}
              maxLength={200}
              value={description}
              onChange={({ currentTarget }) => change({ description: currentTarget.value })}
            />
            <NumberInput
              label="Calls a minute"
              description="On routes that are limited by role"
              readOnly={isFixed}
              min={1}
              max={1_000_000}
              allowDecimal={false}
              clampBehavior="strict"
              value={requests_per_minute}
              onChange={(next) => change({ requests_per_minute: Number(next) || 1 })}
            />
            <Checkbox
              label="Needs a second factor"
              description="Whoever has neither an app nor a passkey can only add one, from the next request on"
              disabled={!mayWrite}
              checked={requires_mfa}
              onChange={({ currentTarget }) => change({ requires_mfa: currentTarget.checked })}
            />
            <Checkbox.Group
              label="Permissions"
              value={chosen}
              onChange={(next) => change({ permissions: inOrder(permissions.data, next) })}
            >
              <Stack gap="sm" mt="xs">
                {(permissions.data ?? []).map((permission) => (
                  <Checkbox
                    key={permission.name}
                    value={permission.name}
                    label={permission.name}
                    description={permission.description}
                    // Nobody gives what they do not have.
                    disabled={isFixed || !may(permission.name)}
                  />
                ))}
              </Stack>
            </Checkbox.Group>
          </>
        )}
      />
    </>
  )
}

/** Permissions in the order of the registry, so that the same ones are the same. */
const inOrder = (known: { name: Permission }[] | undefined, chosen: string[]) =>
  (known ?? []).map(({ name }) => name).filter((name) => chosen.includes(name))

function Actions({ name }: { name: string }) {
  const may = useMay()
  const [, navigate] = useLocation()
  const isBuiltIn = name === 'admin' || name === 'user'
  return (
    <Card>
      <Title order={2} mb="sm">
        Actions
      </Title>
      <Stack gap="sm">
        {may('users:read') && (
          <Anchor component={Link} href={`/users?role=${name}`} size="sm">
            Who has this role
          </Anchor>
        )}
        {may('roles:write') && !isBuiltIn && (
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm" c="dimmed">
              Only a role that no account has can go.
            </Text>
            <Act
              label="Delete"
              question={`Delete the role ${name}?`}
              destructive
              call={(client) => deleteRole({ client, path: { name }, throwOnError: true })}
              done={`The role ${name} is deleted`}
              onDone={() => navigate('/roles', { replace: true })}
            />
          </Group>
        )}
        {isBuiltIn && (
          <Text size="sm" c="dimmed">
            This role is always there.
          </Text>
        )}
      </Stack>
    </Card>
  )
}
