import { Text } from '@mantine/core'
import { useState } from 'react'
import { undoEmailChange, verifyEmail } from '../../../client/src/index.ts'
import { Ask } from '../components/Ask.tsx'
import { Done, Gate, NoToken } from '../components/Gate.tsx'

interface LinkProps {
  token: string | undefined
}

/** Confirms an address, by a click: programs that look at mails run pages, and must confirm nothing. */
export function VerifyPage({ token }: LinkProps) {
  const [isDone, setDone] = useState(false)
  if (token === undefined) return <NoToken />
  if (isDone)
    return (
      <Gate title="The address is confirmed" explains="Mail for your account goes there from now on.">
        <Done>You can sign in with it as well as with your name.</Done>
      </Gate>
    )
  return (
    <Gate
      title="Confirm your address"
      explains="From then on it is the way back in, should you forget the password."
    >
      <Ask
        label="Confirm"
        call={(client) => verifyEmail({ client, body: { token }, throwOnError: true })}
        onDone={() => setDone(true)}
      />
    </Gate>
  )
}

/** Calls a change of the address off that its owner has not made. */
export function UndoPage({ token }: LinkProps) {
  const [isDone, setDone] = useState(false)
  if (token === undefined) return <NoToken />
  if (isDone)
    return (
      <Gate title="The change is called off" explains="The account has its former address again.">
        <Done>
          Nobody is signed in to it any more, and its password counts no longer. A mail with the link to a new
          one is on its way to you.
        </Done>
      </Gate>
    )
  return (
    <Gate
      title="Was it not you?"
      explains="Somebody who was signed in has changed or removed the address of your account."
    >
      <Ask
        label="Call it off"
        destructive
        call={(client) => undoEmailChange({ client, body: { token }, throwOnError: true })}
        onDone={() => setDone(true)}
      >
        <Text size="sm">
          The account gets the address back that this link was sent to. All its sessions end, its password
          counts no more, and you are sent the link to a new one.
        </Text>
      </Ask>
    </Gate>
  )
}
