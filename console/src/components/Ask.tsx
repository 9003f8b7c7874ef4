import { Button, Collapse, Group, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'
import type { Call } from '../api.ts'
import { useAct } from '../queries.ts'
import { Curl } from './AsCurl.tsx'
import { Failure, useCountdown } from './Failure.tsx'

interface AskProps<T> {
  /** What the button says. */
  label: string
  call: Call<T>
  onDone: (answer: T) => void
  /** What is to be filled in. */
  children?: ReactNode
  ready?: boolean
  destructive?: boolean
  /** What else may help when it is refused. */
  help?: (error: unknown) => ReactNode
}

/** The one form of a page; what was typed stays whatever comes of it. */
export function Ask<T>({ label, call, onDone, children, ready = true, destructive, help }: AskProps<T>) {
  const [showsCurl, curl] = useDisclosure(false)
  const act = useAct<T>(onDone)
  const left = useCountdown(act.error)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(call)
      }}
    >
      <Stack>
        {children}
        <Button
          type="submit"
          fullWidth
          loading={act.isPending}
          disabled={!ready || left > 0}
          {...(destructive && { color: 'red' })}
        >
          {left > 0 ? `Try again in ${left} s` : label}
        </Button>
        <Failure error={act.error} />
        {help?.(act.error)}
        <Collapse expanded={showsCurl}>{showsCurl && <Curl call={call} />}</Collapse>
        <Group justify="center">
          <Button size="compact-sm" variant="subtle" onClick={curl.toggle} aria-expanded={showsCurl}>
            {showsCurl ? 'Hide curl' : 'As curl'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
