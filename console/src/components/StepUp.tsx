import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { reauthenticate, requestPasskey } from '../../../client/src/index.ts'
import { answerProof, proofWanted } from '../api.ts'
import { getPasskey, knowsPasskeys } from '../passkeys.ts'
import { useAct } from '../queries.ts'
import { useStore } from '../store.ts'
import { CodeInput, proofOf } from './CodeInput.tsx'
import { confirmedOf, useFactors } from './Factors.tsx'
import { Failure, useCountdown } from './Failure.tsx'

/** Asks again who sits here, over whatever wanted to know; that goes on by itself, with nothing lost. */
export function StepUp() {
  const isWanted = useStore(proofWanted) !== undefined
  return (
    <Modal
      opened={isWanted}
      // Once the dialog below has heard of the same key, and has stayed.
      onClose={() => setTimeout(() => answerProof(false))}
      title={<Text fw={650}>Is it still you?</Text>}
      // Over the dialog whose act wants to know.
      zIndex={300}
    >
      <Proof />
    </Modal>
  )
}

function Proof() {
  const [text, setText] = useState('')
  const factors = useFactors()
  const hasPasskey = (factors.data?.passkeys ?? 0) > 0
  const hasFactor = hasPasskey || confirmedOf(factors.data).length > 0
  const act = useAct(() => answerProof(true))
  const left = useCountdown(act.error)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        // It is in another form, as far as React goes.
        event.stopPropagation()
        act.mutate((client) =>
          reauthenticate({ client, body: hasFactor ? proofOf(text) : { password: text }, throwOnError: true })
        )
      }}
    >
      <Stack>
        <Text size="sm">
          It is a while since you signed in, and what you are about to do outlasts this session. What you
          typed is kept.
        </Text>
        {hasFactor ? (
          <CodeInput value={text} onChange={setText} />
        ) : (
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            data-autofocus
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
        <Failure error={act.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => answerProof(false)}>
            Cancel
          </Button>
          {hasPasskey && knowsPasskeys && (
            <Button
              variant="default"
              onClick={() =>
                act.mutate(async (client) => {
                  const { data: options } = await requestPasskey({ client, throwOnError: true })
                  const passkey = await getPasskey(options)
                  return reauthenticate({ client, body: { passkey }, throwOnError: true })
                })
              }
            >
              Use a passkey
            </Button>
          )}
          <Button type="submit" loading={act.isPending} disabled={text === '' || !factors.data || left > 0}>
            Go on
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
