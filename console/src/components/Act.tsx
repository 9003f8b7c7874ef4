import { Button, type ButtonProps, Collapse, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useId } from 'react'
import { type Call, problemOf, proofWanted } from '../api.ts'
import { useAct } from '../queries.ts'
import { useStore } from '../store.ts'
import { Curl } from './AsCurl.tsx'
import { Failure, useCountdown } from './Failure.tsx'

interface ActProps<T> {
  /** What the button says, and the one that does it. */
  label: string
  /** What is asked, with the name of what it is about. */
  question: string
  /** What follows from it. */
  explains?: ReactNode
  /** What is to be filled in. */
  children?: ReactNode
  /** Whether what is filled in will do. */
  ready?: boolean
  call: Call<T>
  /** What is told when it is done. */
  done: string
  onDone?: (answer: T) => void
  /** Called when the dialog opens and closes: what was typed is for one time. */
  onReset?: () => void
  /** Whether something goes that does not come back. */
  destructive?: boolean
  button?: ButtonProps
}

/** A button with a dialog that asks, shows itself as curl, and says what came of it. */
export function Act<T>(props: ActProps<T>) {
  const { label, question, explains, children, ready = true, call, done, destructive, button } = props
  const [isOpen, dialog] = useDisclosure(false)
  const [showsCurl, curl] = useDisclosure(false)
  const form = useId()
  const hide = () => {
    dialog.close()
    curl.close()
    props.onReset?.()
  }
  const act = useAct<T>((answer) => {
    hide()
    notifications.show({ message: done, color: 'teal' })
    props.onDone?.(answer)
  })
  const close = () => {
    hide()
    act.reset()
  }
  const left = useCountdown(act.error)
  // Escape is then for the dialog that is over this one.
  const isAsked = useStore(proofWanted) !== undefined
  const color = destructive ? { color: 'red' } : {}
  return (
    <>
      <Button
        variant="default"
        {...(destructive && { c: 'var(--danger)' })}
        {...button}
        onClick={dialog.open}
      >
        {label}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        closeOnEscape={!isAsked}
        title={<Text fw={650}>{question}</Text>}
      >
        <form
          id={form}
          onSubmit={(event) => {
            event.preventDefault()
            act.mutate(call)
          }}
        >
          <Stack>
            {explains && <Text size="sm">{explains}</Text>}
            {children}
            <Failure error={act.error} />
            {problemOf(act.error)?.status === 412 && (
              <Text size="sm">Close this, look at what has changed, and decide again.</Text>
            )}
            <Collapse expanded={showsCurl}>{showsCurl && <Curl call={call} />}</Collapse>
            <Group justify="space-between">
              <Button size="compact-sm" variant="subtle" onClick={curl.toggle} aria-expanded={showsCurl}>
                {showsCurl ? 'Hide curl' : 'As curl'}
              </Button>
              <Group gap="xs">
                <Button variant="default" onClick={close} data-autofocus={!children || undefined}>
                  Cancel
                </Button>
                <Button type="submit" {...color} loading={act.isPending} disabled={!ready || left > 0}>
                  {label}
                </Button>
              </Group>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  )
}
