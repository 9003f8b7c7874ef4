import { Anchor, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { listAudit } from '../../../client/src/index.ts'
import { useAnswer } from '../queries.ts'
import { Failure } from './Failure.tsx'
import { When } from './When.tsx'

/** What has last been done to something, such as `user:7`. */
export function Latest({ target }: { target: string }) {
  const { data, error, refetch } = useAnswer(
    ['audit', 'latest', target],
    async (client) =>
      (await listAudit({ client, query: { target, limit: 8 }, throwOnError: true })).data.entries
  )
  return (
    <Card>
      <Group justify="space-between" mb="sm">
        <Title order={2}>Latest</Title>
        <Anchor component={Link} href={`/audit?target=${encodeURIComponent(target)}`} size="sm">
          All of it
        </Anchor>
      </Group>
      <Failure error={error} retry={() => void refetch()} />
      <Stack gap="xs" mih={80}>
        {data?.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing has happened yet.
          </Text>
        )}
        {data?.map((entry) => (
          <Group key={entry.id} justify="space-between" gap="xs" wrap="nowrap" align="baseline">
            <Text size="sm" className="breaks" miw={0}>
              {entry.action}
              {entry.count > 1 && ` × ${entry.count}`}
              <Text component="span" size="sm" c="dimmed">
                {entry.changes.map(({ member, to }) => ` ${member}: ${to}`).join(',')}
                {entry.actor && ` by ${entry.actor}`}
              </Text>
            </Text>
            <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              <When at={entry.at} />
            </Text>
          </Group>
        ))}
        {!data && !error && Array.from({ length: 3 }, (_, index) => <Skeleton key={index} height={16} />)}
      </Stack>
    </Card>
  )
}
