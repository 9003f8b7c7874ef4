import { Anchor, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { completeRecovery, requestRecovery } from '../../../client/src/index.ts'
import { problemOf } from '../api.ts'
import { linkToken } from '../links.ts'
import { Ask } from '../components/Ask.tsx'
import { Done, Gate } from '../components/Gate.tsx'
import { NewPassword } from '../components/NewPassword.tsx'

/** The way back in: asks for the link, or sets the new password that the link is good for. */
export const RecoverPage = ({ token }: { token: string | undefined }) =>
  token === undefined ? <AskForLink /> : <ChoosePassword token={token} />

function AskForLink() {
  const [username, setUsername] = useState('')
  const [isAsked, setAsked] = useState(false)
  if (isAsked)
    return (
      <Gate title="Look into your mail" explains="Whether there is such an account is told to nobody.">
        <Done>
          If an account has this name or address, and a confirmed address, a mail is on its way there. Its
          link is good once, for an hour.
        </Done>
      </Gate>
    )
  return (
    <Gate
      title="Forgotten password"
      explains="A mail with a link to a new password goes to the confirmed address of your account."
    >
      <Ask
        label="Send me the link"
        ready={username !== ''}
        call={(client) => requestRecovery({ client, body: { username }, throwOnError: true })}
        onDone={() => setAsked(true)}
      >
        <TextInput
          label="Username or address"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          maxLength={256}
          value={username}
          onChange={({ currentTarget }) => setUsername(currentTarget.value)}
        />
      </Ask>
    </Gate>
  )
}

function ChoosePassword({ token }: { token: string }) {
  const [new_password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  if (isDone)
    return (
      <Gate title="The new password counts" explains="Whoever was signed in to the account no longer is.">
        <Done>You can sign in with it now.</Done>
      </Gate>
    )
  return (
    <Gate title="A new password" explains="All sessions of the account end with it.">
      <Ask
        label="Set the password"
        ready={new_password.length >= 8}
        call={(client) => completeRecovery({ client, body: { token, new_password }, throwOnError: true })}
        onDone={() => setDone(true)}
        help={(error) => problemOf(error)?.code === 'LINK_INVALID' && <AnotherLink />}
      >
        <NewPassword label="New password" autoFocus value={new_password} onChange={setPassword} />
      </Ask>
    </Gate>
  )
}

const AnotherLink = () => (
  <Text size="sm" ta="center">
    <Anchor component="button" type="button" onClick={() => linkToken.set(undefined)}>
      Ask for another link
    </Anchor>
  </Text>
)
