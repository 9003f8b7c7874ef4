import {
  Badge,
  Button,
  Card,
  Grid,
  Group,
  PasswordInput,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title
} from '@mantine/core'
import { useState } from 'react'
import {
  changePassword,
  endMySession,
  getMe,
  listMySessions,
  logout,
  type Me,
  updateMe
} from '../../../client/src/index.ts'
import { gatehouse } from '../api.ts'
import { Act } from '../components/Act.tsx'
import { Address } from '../components/Address.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { RoleBadge } from '../components/badges.tsx'
import { Edit } from '../components/Edit.tsx'
import { Factors } from '../components/Factors.tsx'
import { Keys } from '../components/Keys.tsx'
import { Limits } from '../components/Limits.tsx'
import { LocaleSelect } from '../components/LocaleSelect.tsx'
import { NewPassword } from '../components/NewPassword.tsx'
import { Page } from '../components/Page.tsx'
import { Passkeys } from '../components/Passkeys.tsx'
import { Sessions } from '../components/Sessions.tsx'
import { myKeys } from '../keys.ts'
import { useMe } from '../queries.ts'

/** One's own account. */
export function MePage() {
  const { data: me } = useMe()
  if (!me) return <Skeleton height={320} radius="md" />
  return (
    <Page
      title="My account"
      beside={<RoleBadge role={me.role} />}
      acts={<AsCurl call={(client) => getMe({ client, throwOnError: true })} />}
    >
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Card>
              <Title order={2} mb="sm">
                Profile
              </Title>
              <Edit
                current={{ value: { username: me.username, locale: me.locale }, etag: me.updated_at }}
                save={(body) => (client) => updateMe({ client, body, throwOnError: true })}
                done="Saved"
                fields={({ username, locale }, change) => (
                  <>
                    <TextInput
                      label="Username"
                      autoComplete="username"
                      spellCheck={false}
                      value={username}
                      onChange={({ currentTarget }) => change({ username: currentTarget.value })}
                    />
                    <LocaleSelect value={locale} onChange={(next) => change({ locale: next })} />
                  </>
                )}
              />
            </Card>
            <Sessions
              acts={<EndOthers />}
              queryKey={['me', 'sessions']}
              call={(client, page) =>
                listMySessions({ client, query: { limit: 10, ...page }, throwOnError: true })
              }
              act={({ id, current }) => (current ? <SignOut /> : <EndSession id={id} />)}
            />
            <Passkeys />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="lg">
            <Card>
              <Title order={2} mb="xs">
                Password
              </Title>
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" c="dimmed">
                  A new one ends your other sessions.
                </Text>
                <ChangePassword />
              </Group>
            </Card>
            <Factors />
            <Address me={me} />
            <Rights me={me} />
            <Limits />
          </Stack>
        </Grid.Col>
      </Grid>
      <Keys calls={myKeys} offered={me.permissions} />
    </Page>
  )
}

const EndOthers = () => (
  <Act
    label="End all others"
    question="End all other sessions?"
    explains="You stay signed in here, and nowhere else."
    destructive
    call={(client) => logout({ client, query: { scope: 'others' }, throwOnError: true })}
    done="You are signed in here alone"
    button={{ size: 'xs' }}
  />
)

const SignOut = () => (
  <Button size="compact-xs" variant="default" onClick={() => void gatehouse.logout().catch(() => undefined)}>
    Sign out
  </Button>
)

const EndSession = ({ id }: { id: string }) => (
  <Act
    label="End"
    question="End this session?"
    explains="Whoever is signed in with it is signed out with their next request."
    destructive
    call={(client) => endMySession({ client, path: { id }, throwOnError: true })}
    done="The session has ended"
    button={{ size: 'compact-xs' }}
  />
)

function ChangePassword() {
  const blank = { current_password: '', new_password: '' }
  const [body, setBody] = useState(blank)
  return (
    <Act
      label="Change"
      question="Change your password"
      ready={body.current_password !== '' && body.new_password.length >= 8}
      call={(client) => changePassword({ client, body, throwOnError: true })}
      done="The new password counts from now on"
      onReset={() => setBody(blank)}
    >
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        data-autofocus
        value={body.current_password}
        onChange={({ currentTarget: { value } }) => setBody({ ...body, current_password: value })}
      />
      <NewPassword
        label="New password"
        value={body.new_password}
        onChange={(new_password) => setBody({ ...body, new_password })}
      />
    </Act>
  )
}

/** What one's role allows. */
const Rights = ({ me: { role, permissions, requests_per_minute } }: { me: Me }) => (
  <Card>
    <Title order={2} mb="xs">
      What you may do
    </Title>
    <Text size="sm" c="dimmed" mb="sm">
      As {role}: {requests_per_minute} calls a minute where the role decides.
    </Text>
    <Group gap={6}>
      {permissions.map((permission) => (
        <Badge key={permission} color="gray">
          {permission}
        </Badge>
      ))}
      {permissions.length === 0 && <Text size="sm">Use the API as yourself; no permission beyond that.</Text>}
    </Group>
  </Card>
)
