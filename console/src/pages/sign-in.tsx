import { Anchor, Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { gatehouse, problemOf, signInByPasskey, verifyByPasskey } from '../api.ts'
import { CodeInput, proofOf } from '../components/CodeInput.tsx'
import { Failure, useCountdown } from '../components/Failure.tsx'
import { Gate } from '../components/Gate.tsx'
import { NewPassword } from '../components/NewPassword.tsx'
import { knowsPasskeys } from '../passkeys.ts'

/** Where a session begins. */
export function SignIn() {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [newPassword, setNewPassword] = useState<string>()
  // What the second step goes on with, of an account that has a second factor.
  const [challenge, setChallenge] = useState<string>()
  const [code, setCode] = useState('')
  const signIn = useMutation({
    mutationFn: () =>
      challenge === undefined
        ? gatehouse.login(username, password, newPassword)
        : gatehouse.verify(challenge, proofOf(code)),
    // Somebody else has chosen the password: a field for another one comes up.
    onError: (error) => {
      const problem = problemOf(error)
      if (problem?.code === 'PASSWORD_CHANGE_NEEDED') setNewPassword('')
      if (problem?.code === 'MFA_REQUIRED') setChallenge(problem.challenge)
      if (problem?.code === 'CHALLENGE_INVALID') setChallenge(undefined)
      setCode('')
    }
  })
  const byPasskey = useMutation({
    mutationFn: () => (challenge === undefined ? signInByPasskey() : verifyByPasskey(challenge)),
    onError: (error) => {
      if (problemOf(error)?.code === 'CHALLENGE_INVALID') setChallenge(undefined)
    }
  })
  const left = useCountdown(signIn.error)
  const isAsked = problemOf(signIn.error)?.code === 'MFA_REQUIRED'
  return (
    <Gate
      title="Gatehouse"
      tab="Sign in"
      explains="Sign in to the console"
      elsewhere={<Anchor href="../documentation">API documentation</Anchor>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          signIn.mutate()
        }}
      >
        <Stack>
          <TextInput
            label="Username or address"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
            value={username}
            onChange={(event) => {
              setUsername(event.currentTarget.value)
              setChallenge(undefined)
            }}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => {
              setPassword(event.currentTarget.value)
              setChallenge(undefined)
            }}
          />
          {newPassword !== undefined && (
            <NewPassword label="A password of your own" value={newPassword} onChange={setNewPassword} />
          )}
          {challenge !== undefined && <CodeInput value={code} onChange={setCode} />}
          <Button type="submit" fullWidth loading={signIn.isPending} disabled={left > 0}>
            {left > 0 ? `Try again in ${left} s` : 'Sign in'}
          </Button>
          <Failure error={isAsked ? null : signIn.error} />
          {knowsPasskeys && (
            <Button
              variant="default"
              fullWidth
              loading={byPasskey.isPending}
              onClick={() => byPasskey.mutate()}
            >
              Use a passkey
            </Button>
          )}
          <Failure error={byPasskey.error} />
          <Group justify="center">
            <Anchor href="#/recover" size="sm">
              Forgotten password?
            </Anchor>
          </Group>
        </Stack>
      </form>
    </Gate>
  )
}
