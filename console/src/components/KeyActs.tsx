import { NumberInput } from '@mantine/core'
import { useState } from 'react'
import type { ApiKey, ApiKeyMade, NewApiKey } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import type { KeyCalls } from '../keys.ts'
import type { Permission } from '../queries.ts'
import { Act } from './Act.tsx'
import { KeyFields } from './KeyFields.tsx'

const blank: Required<NewApiKey> = {
  name: '',
  permissions: [],
  allowed_networks: [],
  requests_per_minute: null,
  expires_in_days: 90
}

interface CreateKeyProps {
  create: KeyCalls['create']
  /** What the role of its owner has. */
  offered: readonly Permission[]
  onDone: (made: ApiKeyMade) => void
}

/** Makes a key and hands it on. */
export function CreateKey({ create, offered, onDone }: CreateKeyProps) {
  const [body, setBody] = useState(blank)
  return (
    <Act
      label="Create key"
      question="Create a key"
      explains="Whoever has it acts as this account: one for each program, which may do no more than that needs."
      ready={body.name.trim() !== ''}
      call={create(body)}
      done={`The key ${body.name} is there`}
      onDone={({ data }) => onDone(data)}
      onReset={() => setBody(blank)}
      button={{ size: 'xs' }}
    >
      <KeyFields value={body} onChange={(part) => setBody({ ...body, ...part })} offered={offered} />
      <NumberInput
        label="Good for so many days"
        description="1 to 366; rotate it before"
        min={1}
        max={366}
        allowDecimal={false}
        clampBehavior="strict"
        value={body.expires_in_days}
        onChange={(days) => setBody({ ...body, expires_in_days: Number(days) || 1 })}
      />
    </Act>
  )
}

interface RotateKeyProps extends Pick<ApiKey, 'name'> {
  call: ReturnType<KeyCalls['rotate']>
  onDone: (made: ApiKeyMade) => void
}

/** Makes a key in the place of another one, and hands it on. */
export const RotateKey = ({ name, call, onDone }: RotateKeyProps) => (
  <Act
    label="Rotate"
    question={`Rotate ${name}?`}
    explains="Another key is made that may do the same for as long again. This one stays good for 24 hours, until all that use it have the new one."
    call={call}
    done={`Another ${name} is there`}
    onDone={({ data }) => onDone(data)}
    button={{ size: 'compact-xs' }}
  />
)

/** Withdraws a key. */
export const DeleteKey = ({ name, call }: Pick<ApiKey, 'name'> & { call: Call }) => (
  <Act
    label="Delete"
    question={`Delete ${name}?`}
    explains="Whatever uses it is refused from its next request on."
    destructive
    call={call}
    done={`${name} is deleted`}
    button={{ size: 'compact-xs' }}
  />
)
