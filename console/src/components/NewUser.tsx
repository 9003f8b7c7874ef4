import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { createUser, type User } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { Act } from './Act.tsx'
import { IconPlus } from './icons.tsx'
import { NewPassword } from './NewPassword.tsx'
import { RoleSelect } from './RoleSelect.tsx'

const blank = { username: '', password: '', role: 'user' }

/** Makes an account and shows it. */
export function NewUser() {
  const [, navigate] = useLocation()
  const [body, setBody] = useState(blank)
  const call: Call<User> = async (client) => (await createUser({ client, body, throwOnError: true })).data
  return (
    <Act
      label="Create user"
      question="Create a user"
      call={call}
      ready={body.username.length >= 3 && body.password.length >= 8}
      done={`${body.username} can sign in now`}
      onDone={({ id }) => navigate(`/users/${id}`)}
      onReset={() => setBody(blank)}
      button={{ variant: 'filled', leftSection: <IconPlus /> }}
    >
      <TextInput
        label="Username"
        description="3 to 50 letters, digits or . _ @ + -"
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        value={body.username}
        onChange={({ currentTarget: { value } }) => setBody({ ...body, username: value })}
      />
      <NewPassword value={body.password} onChange={(password) => setBody({ ...body, password })} />
      <RoleSelect
        label="Role"
        allowDeselect={false}
        value={body.role}
        onChange={(role) => setBody({ ...body, role: role ?? 'user' })}
      />
    </Act>
  )
}
