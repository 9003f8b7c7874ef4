import { SegmentedControl, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { createUser, type User } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { Act } from './Act.tsx'
import { IconPlus } from './icons.tsx'
import { NewPassword } from './NewPassword.tsx'
import { RoleSelect } from './RoleSelect.tsx'

const blank = { kind: 'person' as User['kind'], username: '', password: '', role: 'user' }

/** Makes an account and shows it. */
export function NewUser() {
  const [, navigate] = useLocation()
  const [{ password, ...account }, setAccount] = useState(blank)
  const isService = account.kind === 'service'
  const body = isService ? account : { ...account, password }
  const change = (part: Partial<typeof blank>) => setAccount({ ...account, password, ...part })
  const call: Call<User> = async (client) => (await createUser({ client, body, throwOnError: true })).data
  return (
    <Act
      label="Create user"
      question="Create a user"
      call={call}
      ready={account.username.length >= 3 && (isService || password.length >= 8)}
      done={
        isService
          ? `${account.username} is there: create a key for it`
          : `${account.username} can sign in now`
      }
      onDone={({ id }) => navigate(`/users/${id}`)}
      onReset={() => setAccount(blank)}
      button={{ variant: 'filled', leftSection: <IconPlus /> }}
    >
      <SegmentedControl
        aria-label="Kind"
        value={account.kind}
        onChange={(kind) => change({ kind })}
        data={[
          { value: 'person', label: 'Person' },
          { value: 'service', label: 'Service' }
        ]}
      />
      <TextInput
        label="Username"
        description="3 to 50 letters, digits or . _ @ + -"
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        value={account.username}
        onChange={({ currentTarget }) => change({ username: currentTarget.value })}
      />
      {isService ? (
        <Text size="sm">A service has no password and never signs in: keys are its only way in.</Text>
      ) : (
        <NewPassword value={password} onChange={(next) => change({ password: next })} />
      )}
      <RoleSelect
        label="Role"
        allowDeselect={false}
        value={account.role}
        onChange={(role) => change({ role: role ?? 'user' })}
      />
    </Act>
  )
}
