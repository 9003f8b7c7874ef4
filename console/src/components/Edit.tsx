import { Alert, Button, Collapse, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import { type Call, problemOf } from '../api.ts'
import { queries, useAct } from '../queries.ts'
import { Curl } from './AsCurl.tsx'
import { Failure } from './Failure.tsx'

/** What is edited, and the name of that state, where the API has one. */
export interface Versioned<T> {
  value: T
  etag: string
}

/** What was read, with the name of its state. */
export const versioned = <T,>({ data, response }: { data: T; response: Response }): Versioned<T> => ({
  value: data,
  etag: response.headers.get('etag') ?? ''
})

interface EditProps<T extends object> {
  current: Versioned<T>
  /** The fields, with what is in them now. */
  fields: (value: T, change: (part: Partial<T>) => void) => ReactNode
  /** The call that saves what differs; `etag` names the state that it was decided upon. */
  save: (changes: Partial<T>, etag: string) => Call
  done: string
  disabled?: boolean
  /** Further acts. */
  more?: ReactNode
}

const differences = <T extends object>(from: T, to: T) =>
  Object.fromEntries(
    Object.entries(to).filter(
      ([name, value]) => JSON.stringify(from[name as keyof T]) !== JSON.stringify(value)
    )
  ) as Partial<T>

/**
 * Edits something that others may edit too. What was typed is kept until it is saved or discarded, whatever the service
 * answers; a change by somebody else is shown beside it, and to save then is another decision.
 */
export function Edit<T extends object>({ current, fields, save, done, disabled, more }: EditProps<T>) {
  const [draft, setDraft] = useState<{ base: Versioned<T>; value: T }>()
  const [showsCurl, curl] = useDisclosure(false)
  const act = useAct(() => {
    setDraft(undefined)
    notifications.show({ message: done, color: 'teal' })
  })
  const base = draft?.base ?? current
  const value = draft?.value ?? current.value
  const changes = differences(base.value, value)
  const isDirty = Object.keys(changes).length > 0
  const isStale = draft !== undefined && base.etag !== current.etag
  const isConflict = problemOf(act.error)?.status === 412
  const discard = () => {
    setDraft(undefined)
    act.reset()
  }
  const call = save(changes, base.etag)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(call, {
          onError: (error) => {
            if (problemOf(error)?.status === 412) void queries.invalidateQueries()
          }
        })
      }}
    >
      <Stack>
        {fields(value, (part) => setDraft({ base, value: { ...value, ...part } }))}
        {isStale ? (
          <Alert color="orange" title="Somebody else has changed this meanwhile" role="alert">
            <Text size="sm">What you typed is kept, and nothing was overwritten. Since you began:</Text>
            {Object.entries(differences(base.value, current.value)).map(([name, to]) => (
              <Text size="sm" key={name}>
                {name}: {String(base.value[name as keyof T])} → <b>{String(to)}</b>
              </Text>
            ))}
            <Group gap="xs" mt="xs">
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => {
                  // Only what was typed stays: the rest is as it is now.
                  setDraft({ base: current, value: { ...current.value, ...changes } })
                  act.reset()
                }}
              >
                Keep mine
              </Button>
              <Button size="compact-sm" variant="default" onClick={discard}>
                Reload and discard mine
              </Button>
            </Group>
          </Alert>
        ) : (
          !isConflict && <Failure error={act.error} />
        )}
        <Collapse expanded={showsCurl}>{showsCurl && <Curl call={call} />}</Collapse>
        <Group justify="space-between">
          <Group gap={4}>
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={curl.toggle}
              disabled={!isDirty}
              aria-expanded={showsCurl}
            >
              {showsCurl ? 'Hide curl' : 'As curl'}
            </Button>
            {more}
          </Group>
          <Group gap="xs">
            <Button variant="default" onClick={discard} disabled={!isDirty}>
              Discard
            </Button>
            <Button type="submit" loading={act.isPending} disabled={!isDirty || isStale || disabled}>
              Save
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  )
}
