import { Alert, Group, Skeleton, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { listAudit, type AuditEntry, type User } from '../../../client/src/index.ts'
import { useAnswer, useMay } from '../queries.ts'
import { IconOff, IconOk, IconWarning } from './icons.tsx'
import { useNow, When } from './When.tsx'

const hour = 3_600_000

/** The latest sign-ins of an account, those that were refused among them; undefined for who may not read the audit. */
function useSignIns({ id, username, kind }: User) {
  const may = useMay()
  const enabled = kind === 'person' && may('audit:read')
  const latest = (query: { action: string; actor?: string; target?: string }) => ({
    key: ['audit', 'latest', query],
    call: async (client: Parameters<Parameters<typeof useAnswer<AuditEntry[]>>[1]>[0]) =>
      (await listAudit({ client, query: { ...query, limit: 20 }, throwOnError: true })).data.entries
  })
  const started = latest({ action: 'session.start', actor: username })
  const refused = latest({ action: 'session.refuse', target: `user:${id}` })
  const starts = useAnswer(started.key, started.call, { enabled })
  const refusals = useAnswer(refused.key, refused.call, { enabled })
  return { enabled, starts: starts.data, refusals: refusals.data }
}

interface SignInHealthProps {
  user: User
  /** What enables the account. */
  enable: ReactNode
  /** What sets a new password. */
  reset: ReactNode
}

/** Says in one sentence whether this account can sign in, or act when it is a service; where it cannot, why, and what helps. */
export function SignInHealth({ user, enable, reset }: SignInHealthProps) {
  const { enabled, starts, refusals } = useSignIns(user)
  const now = useNow()
  const isService = user.kind === 'service'
  const lastStart = starts?.[0]
  // An entry counts for an hour from the first of it; what was refused before the last sign-in is past.
  const recent = refusals?.filter(({ at }) => Date.parse(at) > now - hour) ?? []
  const since = recent.filter(({ at }) => !lastStart || at > lastStart.at)
  const count = recent.reduce((sum, entry) => sum + entry.count, 0)
  const networks = new Set(recent.map(({ address }) => address))

  if (user.status === 'disabled')
    return (
      <Verdict
        color="red"
        icon={<IconOff />}
        title={`Cannot ${isService ? 'act' : 'sign in'}: the account is disabled`}
        act={enable}
      >
        {isService
          ? 'Its keys are refused until it is enabled again.'
          : 'Its sessions have ended, and its password is refused until it is enabled again.'}
      </Verdict>
    )
  if (isService)
    return (
      <Verdict color="teal" icon={<IconOk />} title="Acts with keys">
        A service never signs in: it has no password and gets no mail.
      </Verdict>
    )
  if (enabled && !(starts && refusals)) return <Skeleton height={92} radius="md" />
  if (since[0])
    return (
      <Verdict
        color="orange"
        icon={<IconWarning />}
        title={`Cannot sign in: wrong password, ${times(count)} within the hour`}
        act={reset}
      >
        First <When at={(recent.at(-1) ?? since[0]).at} />, from {[...networks].slice(0, 3).join(', ')}.{' '}
        {count >= 10
          ? 'After ten from one network each further attempt has to wait. A new password lifts that at once.'
          : 'If it is they who have forgotten it, a new password helps.'}
      </Verdict>
    )
  return (
    <Verdict color="teal" icon={<IconOk />} title="Can sign in">
      {lastStart ? (
        <>
          Last signed in <When at={lastStart.at} /> from {lastStart.address}
          {count > 0 && `, and refused ${times(count)} within the hour`}.
        </>
      ) : enabled ? (
        'Has not signed in yet.'
      ) : (
        'The account is active. Who may read the audit sees its sign-ins here.'
      )}
    </Verdict>
  )
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`)

interface VerdictProps {
  color: string
  icon: ReactNode
  title: string
  act?: ReactNode
  children: ReactNode
}

const Verdict = ({ color, icon, title, act, children }: VerdictProps) => (
  <Alert color={color} icon={icon} title={title} mih={92}>
    <Group justify="space-between" align="flex-end">
      <Text size="sm">{children}</Text>
      {act}
    </Group>
  </Alert>
)
