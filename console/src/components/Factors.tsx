import { Anchor, Badge, Box, Card, Code, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { renderSVG } from 'uqr'
import {
  confirmFactor,
  enrolFactor,
  type EnrolledFactor,
  type Factor,
  type FactorList,
  listMyFactors,
  removeFactor,
  renewRecoveryCodes
} from '../../../client/src/index.ts'
import { useAnswer } from '../queries.ts'
import { Act } from './Act.tsx'
import { Ask } from './Ask.tsx'
import { Failure } from './Failure.tsx'
import { newCodes } from './RecoveryCodes.tsx'
import { When } from './When.tsx'

/** What one's own account has beside the password. */
export const useFactors = () =>
  useAnswer(['me', 'factors'], async (client) => (await listMyFactors({ client, throwOnError: true })).data)

/** The apps that count: those that a first code has come of. */
export const confirmedOf = (list: FactorList | undefined) =>
  list?.factors.filter(({ confirmed_at }) => confirmed_at !== null) ?? []

/** What an app is known by, and when it was last of use. */
export const FactorName = ({ name, last_used_at }: Factor) => (
  <Text size="sm" className="breaks">
    {name}{' '}
    <Text component="span" size="xs" c="dimmed">
      {last_used_at ? <When at={last_used_at} /> : 'not used yet'}
    </Text>
  </Text>
)

/** How often one can still do without app and passkey. */
export const CodesLeft = ({ count }: { count: number }) => (
  <Text size="sm">
    Recovery codes <Badge color={count > 3 ? 'gray' : 'orange'}>{count} left</Badge>
  </Text>
)

/** Authenticator apps, and the codes for when they are lost. */
export function Factors() {
  const { data, error, refetch } = useFactors()
  const [enrolled, setEnrolled] = useState<EnrolledFactor>()
  const confirmed = confirmedOf(data)
  return (
    <Card>
      <Title order={2} mb="xs">
        Second factor
      </Title>
      <Failure error={error} retry={() => void refetch()} />
      <Stack gap="sm" mih={60}>
        {confirmed.map((factor) => (
          <Group key={factor.id} justify="space-between" wrap="nowrap">
            <FactorName {...factor} />
            <RemoveFactor {...factor} isLast={confirmed.length === 1} />
          </Group>
        ))}
        {data && confirmed.length === 0 && (
          <Text size="sm" c="dimmed">
            With an authenticator app a password that was found out is not enough to sign in as you.
          </Text>
        )}
        {data && confirmed.length + data.passkeys > 0 && (
          <Group justify="space-between" wrap="nowrap">
            <CodesLeft count={data.recovery_codes} />
            <RenewCodes />
          </Group>
        )}
        <Group justify="flex-end">
          <AddFactor onDone={setEnrolled} />
        </Group>
      </Stack>
      <Modal
        opened={enrolled !== undefined}
        onClose={() => setEnrolled(undefined)}
        closeOnClickOutside={false}
        title={<Text fw={650}>Take it into your app</Text>}
      >
        {enrolled && (
          <Confirm
            factor={enrolled}
            onDone={(codes) => {
              setEnrolled(undefined)
              newCodes.set(codes)
            }}
          />
        )}
      </Modal>
    </Card>
  )
}

function AddFactor({ onDone }: { onDone: (enrolled: EnrolledFactor) => void }) {
  const [name, setName] = useState('')
  return (
    <Act
      label="Add an app"
      question="Add an authenticator app"
      explains="Next you scan a picture with the app, and type the first code that it shows."
      ready={name.trim() !== ''}
      call={async (client) =>
        (await enrolFactor({ client, body: { kind: 'totp', name: name.trim() }, throwOnError: true })).data
      }
      done="It counts as soon as a first code of it has come"
      onDone={onDone}
      onReset={() => setName('')}
    >
      <TextInput
        label="Name"
        description="What you know the app or its phone by"
        autoComplete="off"
        maxLength={50}
        data-autofocus
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
    </Act>
  )
}

interface ConfirmProps {
  factor: EnrolledFactor
  onDone: (codes: string[] | undefined) => void
}

/** Drawn here: what is in the picture is sent to nobody. */
const pictureOf = (uri: string) => `data:image/svg+xml,${encodeURIComponent(renderSVG(uri))}`

function Confirm({ factor: { id, uri, secret }, onDone }: ConfirmProps) {
  const [code, setCode] = useState('')
  return (
    <Ask
      label="Confirm"
      ready={/^\d{6}$/.test(code)}
      call={async (client) =>
        (await confirmFactor({ client, path: { id }, body: { code }, throwOnError: true })).data
      }
      onDone={({ recovery_codes }) => onDone(recovery_codes)}
    >
      <Box ta="center">
        <img src={pictureOf(uri)} alt="QR code of the key for your app" width={200} height={200} />
      </Box>
      <Text size="sm">
        Or <Anchor href={uri}>open it in an app on this device</Anchor>, or type the key:
      </Text>
      <Code block className="curl" aria-label="Key" tabIndex={0}>
        {secret}
      </Code>
      <TextInput
        label="First code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        data-autofocus
        value={code}
        onChange={({ currentTarget }) => setCode(currentTarget.value)}
      />
    </Ask>
  )
}

const RenewCodes = () => (
  <Act
    label="New codes"
    question="Make new recovery codes?"
    explains="Those from before are good no more."
    destructive
    call={async (client) => (await renewRecoveryCodes({ client, throwOnError: true })).data}
    done="There are new recovery codes"
    onDone={({ recovery_codes }) => newCodes.set(recovery_codes)}
    button={{ size: 'compact-xs' }}
  />
)

const RemoveFactor = ({ id, name, isLast }: Factor & { isLast: boolean }) => (
  <Act
    label="Remove"
    question={`Remove ${name}?`}
    explains={
      isLast
        ? 'From then on your password alone signs in, and your recovery codes are good no more.'
        : 'Its codes are good no more.'
    }
    destructive
    call={(client) => removeFactor({ client, path: { id }, throwOnError: true })}
    done={`${name} is removed`}
    button={{ size: 'compact-xs' }}
  />
)
