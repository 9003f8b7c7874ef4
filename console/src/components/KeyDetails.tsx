import { Code, Drawer, Stack, Text } from '@mantine/core'
import type { ApiKey } from '../../../client/src/index.ts'
import { proofWanted } from '../api.ts'
import type { KeyCalls } from '../keys.ts'
import type { Permission } from '../queries.ts'
import { useStore } from '../store.ts'
import { Edit } from './Edit.tsx'
import { Facts } from './Facts.tsx'
import { inOrder, KeyFields } from './KeyFields.tsx'
import { exact } from './When.tsx'

interface KeyDetailsProps {
  /** Undefined where none is shown. */
  shown: ApiKey | undefined
  onClose: () => void
  update: KeyCalls['update']
  offered: readonly Permission[]
  readOnly: boolean
}

/** One key, whole, and to be changed. */
export function KeyDetails({ shown, onClose, update, offered, readOnly }: KeyDetailsProps) {
  // Escape is then for the dialog that is over this one.
  const isAsked = useStore(proofWanted) !== undefined
  return (
    <Drawer
      opened={shown !== undefined}
      onClose={onClose}
      closeOnEscape={!isAsked}
      position="right"
      title={<Text fw={650}>{shown?.name}</Text>}
    >
      {shown && (
        <Stack>
          <Facts
            facts={[
              ['Id', <Code key="id">{shown.id}</Code>],
              ['Made', exact(shown.created_at)],
              ['Good until', exact(shown.expires_at)],
              ['Last used', shown.last_used_at === null ? 'never' : exact(shown.last_used_at)],
              [
                'Replaced by',
                shown.replaced_by === null ? undefined : <Code key="next">{shown.replaced_by}</Code>
              ]
            ]}
          />
          <KeyChange shown={shown} update={update} offered={offered} readOnly={readOnly} />
        </Stack>
      )}
    </Drawer>
  )
}

interface KeyChangeProps extends Pick<KeyDetailsProps, 'update' | 'offered' | 'readOnly'> {
  shown: ApiKey
}

function KeyChange({ shown, update, offered, readOnly }: KeyChangeProps) {
  const { id, name, permissions, allowed_networks, requests_per_minute } = shown
  const value = { name, permissions: inOrder(permissions), allowed_networks, requests_per_minute }
  return (
    <Edit
      // A key has no ETag: what it was is compared.
      current={{ value, etag: JSON.stringify(value) }}
      disabled={readOnly}
      save={(body) => update(id, body)}
      done="Saved: it counts from the next request with the key on"
      fields={(draft, change) => (
        <KeyFields value={draft} onChange={change} offered={offered} readOnly={readOnly} />
      )}
    />
  )
}
