import { Alert, Button, Group, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { problemOf, secondsToWait } from '../api.ts'
import { IconOffline, IconWarning } from './icons.tsx'

/** Counts the seconds down that a refused caller is to wait; calls `onEnd` at the end of them. */
export function useCountdown(error: unknown, onEnd?: () => void): number {
  const wait = secondsToWait(error) ?? 0
  const [state, setState] = useState({ error, left: wait })
  const left = state.error === error ? state.left : wait
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => {
      setState({ error, left: left - 1 })
      if (left === 1) onEnd?.()
    }, 1_000)
    return () => clearTimeout(timer)
  }, [error, left, onEnd])
  return left
}

/** Says why something failed and what to do now; null when nothing did. A refusal for a time counts down, then tries again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const left = useCountdown(error, retry)
  if (!error) return null
  if (error instanceof DOMException)
    return (
      <Alert icon={<IconWarning />} color="orange" title="No passkey was used" role="alert">
        The browser has none for this page, or you did not want to. You may try again.
      </Alert>
    )
  const problem = problemOf(error)
  if (!problem)
    return (
      <Alert icon={<IconOffline />} color="orange" title="The service does not answer" role="alert">
        Nothing was lost here. This page goes on by itself when the service is back.
      </Alert>
    )
  const waits = secondsToWait(error) !== undefined
  return (
    <Alert icon={<IconWarning />} color={waits ? 'orange' : 'red'} title={problem.title} role="alert">
      <Text size="sm">
        {waits
          ? left > 0
            ? `Try again in ${left} ${left === 1 ? 'second' : 'seconds'}.`
            : 'You may try again now.'
          : problem.detail}
      </Text>
      {problem.errors?.map(({ path, message }) => (
        <Text size="sm" key={path + message}>
          {path.replace('/', '')}: {message}
        </Text>
      ))}
      <Group justify="space-between" mt="xs">
        <Text size="xs" c="dimmed">
          {problem.code} · request {problem.request_id}
        </Text>
        {retry && (
          <Button size="compact-sm" variant="default" onClick={retry} disabled={left > 0}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  )
}
