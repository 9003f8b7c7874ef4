import { Group, Loader, Paper, Text, Transition } from '@mantine/core'
import { useEffect } from 'react'
import { getLiveness } from '../../../client/src/index.ts'
import { client } from '../api.ts'
import { isReachable } from '../connection.ts'
import { useStore } from '../store.ts'

/** How often a silent service is asked again, in milliseconds. */
const pause = 1_000

/** Tells that the service does not answer, over the page and not in it, and looks for it until it does. */
export function Offline() {
  const isThere = useStore(isReachable)
  useEffect(() => {
    if (isThere) return
    const timer = setInterval(() => void getLiveness({ client }).catch(() => undefined), pause)
    return () => clearInterval(timer)
  }, [isThere])
  return (
    <Transition mounted={!isThere} transition="slide-up">
      {(style) => (
        <Paper
          role="status"
          shadow="lg"
          withBorder
          px="lg"
          py="sm"
          style={{
            ...style,
            position: 'fixed',
            bottom: 24,
            left: '50%',
            translate: '-50%',
            zIndex: 400,
            maxWidth: '92vw'
          }}
        >
          <Group gap="sm" wrap="nowrap">
            <Loader size="xs" color="orange" />
            <Text size="sm">
              The service does not answer. Nothing is lost; this page goes on when it is back.
            </Text>
          </Group>
        </Paper>
      )}
    </Transition>
  )
}
