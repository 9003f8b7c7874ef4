import { Badge, Code, Group, Text, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import type { ApiKey, ApiKeyMade } from '../../../client/src/index.ts'
import type { KeyCalls } from '../keys.ts'
import { type Permission, usePages } from '../queries.ts'
import { CreateKey, DeleteKey, RotateKey } from './KeyActs.tsx'
import { KeyDetails } from './KeyDetails.tsx'
import { type Column, List } from './List.tsx'
import { ShownOnce } from './ShownOnce.tsx'
import { useNow, When } from './When.tsx'

interface KeysProps {
  /** Whose keys: how they are listed and changed. */
  calls: KeyCalls
  /** What the role of their owner has. */
  offered: readonly Permission[]
  readOnly?: boolean
}

/** The keys of an account, with which programs act as it. */
export function Keys({ calls, offered, readOnly = false }: KeysProps) {
  const pages = usePages(calls.queryKey, calls.list)
  const [made, setMade] = useState<ApiKeyMade>()
  const [shownId, setShownId] = useState<string>()
  const shown = pages.data?.pages.flatMap(({ keys }) => keys).find(({ id }) => id === shownId)
  const columns: Column<ApiKey>[] = [
    {
      title: 'Key',
      cell: ({ id, name, replaced_by, expires_at }) => (
        <>
          <Group gap="xs">
            <UnstyledButton className="row-link breaks" fz="inherit" fw={550} onClick={() => setShownId(id)}>
              {name}
            </UnstyledButton>
            {replaced_by !== null && <Badge color="gray">replaced</Badge>}
            <Ending at={expires_at} />
          </Group>
          <Code>{id}</Code>
        </>
      )
    },
    {
      title: 'May',
      cell: ({ permissions }) => (
        <Text size="sm" c="dimmed" className="breaks">
          {permissions.join(', ') || 'what needs no permission'}
        </Text>
      ),
      from: 'md'
    },
    {
      title: 'From',
      cell: ({ allowed_networks }) => (
        <Text size="sm" c="dimmed" className="breaks">
          {allowed_networks.join(', ') || 'anywhere'}
        </Text>
      ),
      from: 'lg'
    },
    { title: 'Good until', cell: ({ expires_at }) => <When at={expires_at} />, from: 'xs' },
    {
      title: 'Last used',
      cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <When at={last_used_at} />),
      from: 'sm'
    }
  ]
  const acts: Column<ApiKey> = {
    title: 'Acts',
    cell: (key) => (
      <Group gap={4}>
        {key.replaced_by === null && (
          <RotateKey name={key.name} call={calls.rotate(key.id)} onDone={setMade} />
        )}
        <DeleteKey name={key.name} call={calls.remove(key.id)} />
      </Group>
    ),
    width: 180
  }
  return (
    <>
      <List
        label="Keys"
        title
        acts={!readOnly && <CreateKey create={calls.create} offered={offered} onDone={setMade} />}
        pages={pages}
        rows={({ keys }) => keys}
        rowKey={({ id }) => id}
        columns={readOnly ? columns : [...columns, acts]}
        empty={
          <Text size="sm" c="dimmed" ta="center">
            With a key a program acts as this account, as far as the key allows it.
          </Text>
        }
      />
      <KeyDetails
        shown={shown}
        onClose={() => setShownId(undefined)}
        update={calls.update}
        offered={offered}
        readOnly={readOnly}
      />
      <ShownOnce
        title="The new key"
        explains="It is shown this once and will not be shown again: put it now where the program that uses it finds it, and nobody else does."
        label="Key"
        secret={made?.key}
        file="key.txt"
        kept="I have kept it"
        onDone={() => setMade(undefined)}
      />
    </>
  )
}

const fortnight = 14 * 86_400_000

/** Says aloud that a key is good no more, or not for long. */
function Ending({ at }: { at: string }) {
  const left = Date.parse(at) - useNow()
  if (left >= fortnight) return null
  return <Badge color={left > 0 ? 'orange' : 'red'}>{left > 0 ? 'ends soon' : 'expired'}</Badge>
}
