import { Card, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { type BudgetStanding, getOwnLimits } from '../../../client/src/index.ts'
import { number } from '../format.ts'
import { useAnswer } from '../queries.ts'
import { Failure } from './Failure.tsx'

const whose: Record<BudgetStanding['by'], string> = {
  account: 'your account',
  key: 'this key',
  address: 'your network',
  session: 'this session'
}

/** What may still be called, before it is spent; those that are untouched are told in one line. */
export function Limits() {
  const { data, error, refetch } = useAnswer(
    ['me', 'limits'],
    async (client) => (await getOwnLimits({ client, throwOnError: true })).data.limits,
    { refetchInterval: 15_000 }
  )
  const touched = data?.filter(({ name, remaining, requests }) => name === 'default' || remaining < requests)
  return (
    <Card>
      <Title order={2} mb="xs">
        Limits
      </Title>
      <Failure error={error} retry={() => void refetch()} />
      <Stack gap="sm" mih={48}>
        {touched?.map(({ name, by, requests, window, remaining, reset }) => (
          <div key={name}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" className="breaks">
                {name === 'default' ? 'All routes without one of their own' : name}
              </Text>
              <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {number(remaining)} of {number(requests)}
              </Text>
            </Group>
            <Progress
              value={(100 * remaining) / Math.max(requests, 1)}
              color={remaining === 0 ? 'red' : 'teal'}
              size="sm"
              aria-label={`Calls left of ${name}`}
            />
            <Text size="xs" c="dimmed">
              In {window} s by {whose[by]}
              {reset > 0 && `; full again in ${reset} s`}.
            </Text>
          </div>
        ))}
        {data && touched && data.length > touched.length && (
          <Text size="xs" c="dimmed">
            {data.length - touched.length} more are full.
          </Text>
        )}
      </Stack>
    </Card>
  )
}
