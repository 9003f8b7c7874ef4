import { Badge, Card, Group, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { changeEmail, type Me, removeEmail } from '../../../client/src/index.ts'
import { Act } from './Act.tsx'
import { EmailInput } from './EmailInput.tsx'

/** One's own address of mail: the way back in. */
export function Address({ me: { email, pending_email } }: { me: Me }) {
  return (
    <Card>
      <Title order={2} mb="xs">
        Address
      </Title>
      <Stack gap="xs">
        {email !== null && (
          <Group gap="xs" className="breaks">
            <Text size="sm">{email}</Text>
            <Badge color="teal">confirmed</Badge>
          </Group>
        )}
        {pending_email !== null && (
          <Group gap="xs" className="breaks">
            <Text size="sm">{pending_email}</Text>
            <Badge color="orange">waits for its link</Badge>
          </Group>
        )}
        <Text size="sm" c="dimmed">
          {email !== null
            ? 'You can sign in with it, and get a link to a new password there.'
            : pending_email !== null
              ? 'A mail is on its way there; with the link in it you confirm the address.'
              : 'Without one only an administrator can help you when you forget the password.'}
        </Text>
        <Group justify="flex-end" gap="xs">
          {email !== null && <RemoveAddress email={email} />}
          <ChangeAddress isFirst={email === null} />
        </Group>
      </Stack>
    </Card>
  )
}

function ChangeAddress({ isFirst }: { isFirst: boolean }) {
  const blank = { email: '', current_password: '' }
  const [body, setBody] = useState(blank)
  return (
    <Act
      label={isFirst ? 'Set an address' : 'Change it'}
      question={isFirst ? 'Set your address' : 'Change your address'}
      explains={`A mail with a link goes to the new address, and nothing changes before it is confirmed with that.${isFirst ? '' : ' The address before is told, with a way to call it off.'}`}
      ready={body.email.includes('@') && body.current_password !== ''}
      call={(client) => changeEmail({ client, body, throwOnError: true })}
      done="A mail is on its way to the new address"
      onReset={() => setBody(blank)}
    >
      <EmailInput own value={body.email} onChange={(email) => setBody({ ...body, email })} />
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        value={body.current_password}
        onChange={({ currentTarget: { value } }) => setBody({ ...body, current_password: value })}
      />
    </Act>
  )
}

const RemoveAddress = ({ email }: { email: string }) => (
  <Act
    label="Remove"
    question={`Remove ${email}?`}
    explains="Without an address only an administrator can help you when you forget the password. It is told, with a way to call this off for seven days."
    destructive
    call={(client) => removeEmail({ client, throwOnError: true })}
    done="Your account has no address"
  />
)
