import { Badge, Card, Grid, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import {
  deleteUser,
  endUserSession,
  endUserSessions,
  getUser,
  listUserSessions,
  sendUserRecovery,
  setUserPassword,
  updateUser,
  type User
} from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { Act } from '../components/Act.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { KindBadge, RoleBadge, StatusBadge } from '../components/badges.tsx'
import { Edit, type Versioned, versioned } from '../components/Edit.tsx'
import { Failure } from '../components/Failure.tsx'
import { Latest } from '../components/Latest.tsx'
import { NewPassword } from '../components/NewPassword.tsx'
import { Page } from '../components/Page.tsx'
import { RoleSelect } from '../components/RoleSelect.tsx'
import { Sessions } from '../components/Sessions.tsx'
import { SignInHealth } from '../components/SignInHealth.tsx'
import { UserFactors } from '../components/UserFactors.tsx'
import { UserKeys } from '../components/UserKeys.tsx'
import { useAnswer, useMay, useMe } from '../queries.ts'

const back = { href: '/users', label: 'Users' }

/** Reads an account with the name of its state. */
const read =
  (id: number): Call<Versioned<User>> =>
  async (client) =>
    versioned(await getUser({ client, path: { id }, throwOnError: true }))

/** One account: whether it can sign in, what it is, what it has open, and what can be done about it. */
export function UserPage({ params }: { params: { id: string } }) {
  const id = Number(params.id)
  const { data, error, refetch } = useAnswer(['users', id], read(id))
  if (data) return <Account current={data} />
  return (
    <Page title="User" back={back}>
      {error ? <Failure error={error} retry={() => void refetch()} /> : <Skeleton height={320} radius="md" />}
    </Page>
  )
}

function Account({ current }: { current: Versioned<User> }) {
  const may = useMay()
  const me = useMe()
  const user = current.value
  const isPerson = user.kind === 'person'
  const path = { id: user.id }
  return (
    <Page
      title={user.username}
      beside={
        <>
          <StatusBadge status={user.status} />
          <RoleBadge role={user.role} />
          <KindBadge kind={user.kind} />
          {me.data?.id === user.id && <Badge color="gray">you</Badge>}
        </>
      }
      back={back}
      acts={<AsCurl call={read(user.id)} />}
    >
      <SignInHealth
        user={user}
        enable={may('users:write') && <SetStatus current={current} status="active" />}
        reset={
          may('users:write') && (user.email === null ? <SetPassword user={user} /> : <SendLink user={user} />)
        }
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Card>
              <Title order={2} mb="sm">
                Account
              </Title>
              <Profile current={current} />
            </Card>
            {isPerson && (
              <Sessions
                acts={may('sessions:write') && <EndSessions user={user} />}
                queryKey={['users', user.id, 'sessions']}
                call={(client, page) =>
                  listUserSessions({ client, path, query: { limit: 10, ...page }, throwOnError: true })
                }
                {...(may('sessions:write') && {
                  act: (session) => <EndSession user={user} id={session.id} />
                })}
              />
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="lg">
            {may('audit:read') && <Latest target={`user:${user.id}`} />}
            {may('factors:write') && isPerson && <UserFactors user={user} />}
            <Help current={current} />
          </Stack>
        </Grid.Col>
      </Grid>
      {may('keys:read') && <UserKeys user={user} />}
    </Page>
  )
}

/** What an account is, to be changed. */
function Profile({ current }: { current: Versioned<User> }) {
  const may = useMay()
  const { id, username, role, email, kind } = current.value
  return (
    <Edit
      current={{ value: { username, role }, etag: current.etag }}
      disabled={!may('users:write')}
      save={(body, etag) => (client) =>
        updateUser({ client, path: { id }, body, headers: { 'if-match': etag }, throwOnError: true })
      }
      done="Saved"
      fields={(value, change) => (
        <>
          <TextInput
            label="Username"
            autoComplete="off"
            spellCheck={false}
            readOnly={!may('users:write')}
            value={value.username}
            onChange={({ currentTarget }) => change({ username: currentTarget.value })}
          />
          <RoleSelect
            label="Role"
            allowDeselect={false}
            readOnly={!may('users:write')}
            value={value.role}
            onChange={(next) => next && change({ role: next })}
          />
          {kind === 'person' && (
            <Text size="sm" c="dimmed" className="breaks">
              {email === null ? 'No confirmed address of mail.' : `Mail goes to ${email}.`}
            </Text>
          )}
        </>
      )}
    />
  )
}

/** What can be done for an account, and against it. */
function Help({ current }: { current: Versioned<User> }) {
  const may = useMay()
  const me = useMe()
  const [, navigate] = useLocation()
  const { id, username, status, email, kind } = current.value
  if (!may('users:write') && !may('users:delete')) return null
  return (
    <Card>
      <Title order={2} mb="sm">
        Actions
      </Title>
      <Stack gap="sm">
        {may('users:write') && status === 'active' && email !== null && (
          <Choice explains="They choose a new password themselves.">
            <SendLink user={current.value} />
          </Choice>
        )}
        {may('users:write') && kind === 'person' && me.data?.id !== id && (
          <Choice explains="For one sign-in, which asks for another one. Ends their sessions, and lifts what holds up their sign-ins.">
            <SetPassword user={current.value} />
          </Choice>
        )}
        {may('users:write') && status === 'active' && (
          <Choice explains="Nobody can act as it; name and history stay.">
            <SetStatus current={current} status="disabled" />
          </Choice>
        )}
        {may('users:delete') && (
          <Choice explains="For good. What they did stays in the audit.">
            <Act
              label="Delete"
              question={`Delete ${username}?`}
              explains={`The account ${username} with its sessions and keys is gone for good; its id is never given out again.`}
              destructive
              call={(client) =>
                deleteUser({
                  client,
                  path: { id },
                  headers: { 'if-match': current.etag },
                  throwOnError: true
                })
              }
              done={`${username} is deleted`}
              onDone={() => navigate('/users', { replace: true })}
            />
          </Choice>
        )}
      </Stack>
    </Card>
  )
}

const Choice = ({ explains, children }: { explains: string; children: React.ReactNode }) => (
  <Group justify="space-between" wrap="nowrap">
    <Text size="sm" c="dimmed">
      {explains}
    </Text>
    {children}
  </Group>
)

/** Lets an account in, or keeps it out. */
function SetStatus({ current, status }: { current: Versioned<User>; status: User['status'] }) {
  const { id, username, kind } = current.value
  const isOff = status === 'disabled'
  const isPerson = kind === 'person'
  return (
    <Act
      label={isOff ? 'Disable' : 'Enable'}
      question={`${isOff ? 'Disable' : 'Enable'} ${username}?`}
      explains={
        {
          active: isPerson
            ? 'They can sign in again with the password they had.'
            : 'Its keys are good again.',
          disabled: isPerson
            ? 'Its sessions end now, and nobody can sign in to it until it is enabled.'
            : 'Its keys are refused until it is enabled.'
        }[status]
      }
      destructive={isOff}
      call={(client) =>
        updateUser({
          client,
          path: { id },
          body: { status },
          headers: { 'if-match': current.etag },
          throwOnError: true
        })
      }
      done={`${username} is ${status}`}
    />
  )
}

/** Signs an account out everywhere. */
const EndSessions = ({ user: { id, username } }: { user: User }) => (
  <Act
    label="End all sessions"
    question={`End all sessions of ${username}?`}
    explains="They are signed out everywhere with their next request, and may sign in again."
    destructive
    call={(client) => endUserSessions({ client, path: { id }, throwOnError: true })}
    done={`${username} is signed out everywhere`}
    button={{ size: 'xs' }}
  />
)

/** Signs an account out in one place. */
const EndSession = ({ user, id }: { user: User; id: string }) => (
  <Act
    label="End"
    question={`End this session of ${user.username}?`}
    explains="Whoever is signed in with it is signed out with their next request."
    destructive
    call={(client) => endUserSession({ client, path: { id: user.id, session: id }, throwOnError: true })}
    done="The session has ended"
    button={{ size: 'compact-xs' }}
  />
)

/** The way back in for whoever has an address. */
const SendLink = ({ user: { id, username, email } }: { user: User }) => (
  <Act
    label="Send the link"
    question={`Send ${username} the link to a new password?`}
    explains={`It goes to ${email ?? 'nobody'}, and is good once, for an hour. The password stays as it is until then.`}
    call={(client) => sendUserRecovery({ client, path: { id }, throwOnError: true })}
    done={`A mail is on its way to ${username}`}
  />
)

/** Gives an account a password for one sign-in, to be passed on. */
function SetPassword({ user: { id, username } }: { user: User }) {
  const [password, setPassword] = useState('')
  return (
    <Act
      label="Set a password"
      question={`Set a password for ${username}`}
      explains="Pass it on by a way that you trust: it is good for one sign-in, which asks for another one. Their sessions end, and attempts that were held up no longer are."
      ready={password.length >= 8}
      call={(client) => setUserPassword({ client, path: { id }, body: { password }, throwOnError: true })}
      done={`${username} can sign in with the new password`}
      onReset={() => setPassword('')}
    >
      <NewPassword label="New password" autoFocus value={password} onChange={setPassword} />
    </Act>
  )
}
