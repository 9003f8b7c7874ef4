import { Badge, Group, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import {
  listMyPasskeys,
  type Passkey,
  registerPasskey,
  removePasskey,
  renamePasskey,
  requestPasskeyRegistration
} from '../../../client/src/index.ts'
import { knowsPasskeys, makePasskey } from '../passkeys.ts'
import { usePages } from '../queries.ts'
import { Act } from './Act.tsx'
import { type Column, List } from './List.tsx'
import { newCodes } from './RecoveryCodes.tsx'
import { When } from './When.tsx'

const columns: Column<Passkey>[] = [
  {
    title: 'Name',
    cell: ({ name, backed_up }) => (
      <Group gap="xs" className="breaks">
        {name}
        {backed_up && <Badge color="gray">on several devices</Badge>}
      </Group>
    )
  },
  {
    title: 'Last used',
    cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <When at={last_used_at} />),
    from: 'xs'
  },
  {
    title: 'Acts',
    cell: (passkey) => (
      <Group gap={4} wrap="nowrap">
        <Rename {...passkey} />
        <Remove {...passkey} />
      </Group>
    ),
    width: 180
  }
]

/** One's own passkeys. */
export function Passkeys() {
  const pages = usePages(['me', 'passkeys'], async (client) => {
    const { data } = await listMyPasskeys({ client, throwOnError: true })
    return { data: { ...data, next_cursor: null } }
  })
  const isPossible = pages.data?.pages[0]?.rp_id != null
  return (
    <List
      label="Passkeys"
      title
      acts={isPossible && knowsPasskeys && <Add />}
      pages={pages}
      rows={({ passkeys }) => passkeys}
      rowKey={({ id }) => id}
      columns={columns}
      empty={
        <Text size="sm" c="dimmed" ta="center">
          {isPossible
            ? 'With a passkey you sign in by your finger, your face or a key in your hand: there is no password to be stolen.'
            : 'This server has no address that passkeys could be for: see PUBLIC_URL.'}
        </Text>
      }
    />
  )
}

/** With the first factor of an account come recovery codes. */
function Add() {
  const [name, setName] = useState('')
  return (
    <Act
      label="Add a passkey"
      question="Add a passkey"
      explains="The browser asks where it is to be kept: on this device, in your phone, or on a key."
      call={async (client) => {
        const { data: options } = await requestPasskeyRegistration({ client, throwOnError: true })
        const passkey = await makePasskey(options)
        const { data } = await registerPasskey({
          client,
          body: { passkey, ...(name.trim() && { name: name.trim() }) },
          throwOnError: true
        })
        return data
      }}
      done="You can sign in with the passkey now"
      onDone={({ recovery_codes }) => newCodes.set(recovery_codes)}
      onReset={() => setName('')}
      button={{ size: 'xs' }}
    >
      <TextInput
        label="Name"
        description="What you call it; the browser and its system unless given"
        autoComplete="off"
        maxLength={100}
        data-autofocus
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
    </Act>
  )
}

function Rename({ id, name: former }: Passkey) {
  const [name, setName] = useState(former)
  return (
    <Act
      label="Rename"
      question={`Rename ${former}`}
      ready={name.trim() !== ''}
      call={(client) => renamePasskey({ client, path: { id }, body: { name }, throwOnError: true })}
      done="Renamed"
      onReset={() => setName(former)}
      button={{ size: 'compact-xs' }}
    >
      <TextInput
        label="Name"
        autoComplete="off"
        maxLength={100}
        data-autofocus
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
    </Act>
  )
}

const Remove = ({ id, name }: Passkey) => (
  <Act
    label="Remove"
    question={`Remove ${name}?`}
    explains="It signs nobody in any more. You are told by mail."
    destructive
    call={(client) => removePasskey({ client, path: { id }, throwOnError: true })}
    done={`${name} is removed`}
    button={{ size: 'compact-xs' }}
  />
)
