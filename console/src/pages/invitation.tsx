import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { acceptInvitation } from '../../../client/src/index.ts'
import { Ask } from '../components/Ask.tsx'
import { Done, Gate, NoToken } from '../components/Gate.tsx'
import { NewPassword } from '../components/NewPassword.tsx'

/** Makes the account of an invitation. */
export function InvitationPage({ token }: { token: string | undefined }) {
  const [answer, setAnswer] = useState({ username: '', password: '' })
  const [made, setMade] = useState<string>()
  if (token === undefined) return <NoToken />
  if (made !== undefined)
    return (
      <Gate title={`Welcome, ${made}`} explains="Your account is there.">
        <Done>You can sign in with the name and the password that you have chosen.</Done>
      </Gate>
    )
  return (
    <Gate title="You are invited" explains="Choose the name and the password of your account.">
      <Ask
        label="Make the account"
        ready={answer.username.length >= 3 && answer.password.length >= 8}
        call={async (client) =>
          (await acceptInvitation({ client, body: { token, ...answer }, throwOnError: true })).data
        }
        onDone={({ username }) => setMade(username)}
      >
        <TextInput
          label="Username"
          description="3 to 50 letters, digits or . _ + -"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          maxLength={50}
          value={answer.username}
          onChange={({ currentTarget: { value } }) => setAnswer({ ...answer, username: value })}
        />
        <NewPassword value={answer.password} onChange={(password) => setAnswer({ ...answer, password })} />
      </Ask>
    </Gate>
  )
}
