import { Anchor, Card, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { listUserFactors, removeUserFactors, type User } from '../../../client/src/index.ts'
import { useAnswer, useMe } from '../queries.ts'
import { Act } from './Act.tsx'
import { CodesLeft, confirmedOf, FactorName } from './Factors.tsx'
import { Failure } from './Failure.tsx'

/** What somebody has beside their password, and the help for whoever has lost it. */
export function UserFactors({ user }: { user: User }) {
  const me = useMe()
  const { data, error, refetch } = useAnswer(
    ['users', user.id, 'factors'],
    async (client) => (await listUserFactors({ client, path: { id: user.id }, throwOnError: true })).data
  )
  const apps = confirmedOf(data)
  const hasNone = data && apps.length + data.passkeys === 0
  return (
    <Card>
      <Title order={2} mb="xs">
        Second factors
      </Title>
      <Failure error={error} retry={() => void refetch()} />
      {!data && !error && <Skeleton height={24} />}
      {hasNone && (
        <Text size="sm" c="dimmed">
          None: the password alone signs in.
        </Text>
      )}
      {data && !hasNone && (
        <Stack gap="sm">
          {apps.map((factor) => (
            <FactorName key={factor.id} {...factor} />
          ))}
          {data.passkeys > 0 && (
            <Text size="sm">
              {data.passkeys} {data.passkeys === 1 ? 'passkey' : 'passkeys'}
            </Text>
          )}
          <CodesLeft count={data.recovery_codes} />
          <Group justify="flex-end">
            {me.data?.id === user.id ? (
              <Anchor component={Link} href="/me" size="sm">
                Yours are under My account
              </Anchor>
            ) : (
              <RemoveFactors user={user} />
            )}
          </Group>
        </Stack>
      )}
    </Card>
  )
}

const RemoveFactors = ({ user: { id, username } }: { user: User }) => (
  <Act
    label="Remove all factors"
    question={`Remove all factors of ${username}?`}
    explains={`For whoever has lost theirs: be sure that it is ${username} who asks. Their sessions end, their password alone signs in from then on, and they are told by mail.`}
    destructive
    call={(client) => removeUserFactors({ client, path: { id }, throwOnError: true })}
    done={`${username} has no second factor any more`}
  />
)
