import { Alert, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { listSystemChecks } from '../../../client/src/index.ts'
import { useAnswer } from '../queries.ts'
import { Failure } from './Failure.tsx'
import { IconCheck, IconWarning } from './icons.tsx'
import { When } from './When.tsx'

/** What the doctor finds. */
export function useChecks(enabled = true) {
  return useAnswer(
    ['system', 'checks'],
    async (client) => (await listSystemChecks({ client, throwOnError: true })).data,
    { enabled }
  )
}

/** What is wrong with the service, and what to do; nothing when nothing is. */
export function Warnings() {
  const { data } = useChecks()
  const wrong = data?.checks.filter(({ ok }) => !ok) ?? []
  if (wrong.length === 0) return null
  return (
    <Alert
      color="orange"
      icon={<IconWarning />}
      title={wrong.length === 1 ? 'One thing to look at' : `${wrong.length} things to look at`}
    >
      <Stack gap={4}>
        {wrong.map(({ name, text }) => (
          <Text size="sm" key={name} className="breaks">
            <b>{name}</b>: {text}
          </Text>
        ))}
      </Stack>
    </Alert>
  )
}

/** Every check with what it found: the same as `npm run doctor`. */
export function Checks() {
  const { data, error, refetch } = useChecks()
  return (
    <Card>
      <Group justify="space-between" mb="sm">
        <Title order={2}>Checks</Title>
        {data && (
          <Text size="xs" c="dimmed">
            <When at={data.at} />
          </Text>
        )}
      </Group>
      <Failure error={error} retry={() => void refetch()} />
      {!data && !error && <Skeleton height={240} />}
      <Stack gap="xs">
        {data?.checks.map(({ name, ok, text }) => (
          <Group key={name} wrap="nowrap" align="flex-start" gap="sm">
            <Text c={ok ? 'var(--good)' : 'var(--warn)'} lh={1} mt={3}>
              {ok ? <IconCheck size={16} /> : <IconWarning size={16} />}
            </Text>
            <Text size="sm" className="breaks" miw={0}>
              <b>{name}</b>
              <Text component="span" size="sm" c="dimmed">
                {ok ? ' is well: ' : ' wants a look: '}
                {text}
              </Text>
            </Text>
          </Group>
        ))}
      </Stack>
    </Card>
  )
}
