import { Badge, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Session, SessionPage } from '../../../client/src/index.ts'
import { usePages } from '../queries.ts'
import { type Column, List } from './List.tsx'
import { When } from './When.tsx'

const browsers = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari', 'curl', 'node'] as const
const names: Partial<Record<(typeof browsers)[number], string>> = {
  Edg: 'Edge',
  OPR: 'Opera',
  node: 'Node.js'
}
const systems = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux']

/** What a User-Agent says, as far as people care: "Firefox on Windows". */
export function describeAgent(agent: string | null): string {
  if (agent === null) return 'Unknown program'
  const browser = browsers.find((name) => agent.includes(name))
  const system = systems.find((name) => agent.includes(name))
  if (!browser) return agent.split(/[ /]/)[0] || 'Unknown program'
  return [names[browser] ?? browser, system && `on ${system.replace('Mac OS', 'macOS')}`]
    .filter(Boolean)
    .join(' ')
}

export const sessionColumns: Column<Session>[] = [
  {
    title: 'Signed in with',
    cell: ({ user_agent, current }) => (
      <Group gap="xs">
        <span title={user_agent ?? undefined}>{describeAgent(user_agent)}</span>
        {current && <Badge color="teal">this one</Badge>}
      </Group>
    )
  },
  { title: 'From', cell: ({ address }) => address, from: 'xs' },
  { title: 'Last used', cell: ({ last_used_at }) => <When at={last_used_at} />, from: 'xs' }
]

interface SessionsProps {
  queryKey: unknown[]
  call: Parameters<typeof usePages<SessionPage>>[1]
  /** What may be done with one. */
  act?: (session: Session) => ReactNode
  /** What may be done with all of them. */
  acts?: ReactNode
}

/** The open sessions of an account. */
export function Sessions({ queryKey, call, act, acts }: SessionsProps) {
  const pages = usePages(queryKey, call)
  return (
    <List
      label="Sessions"
      title
      acts={acts}
      pages={pages}
      rows={({ sessions }) => sessions}
      rowKey={({ id }) => id}
      columns={act ? [...sessionColumns, { title: 'End', cell: act, width: 80 }] : sessionColumns}
      empty={
        <Text size="sm" c="dimmed">
          Nobody is signed in.
        </Text>
      }
    />
  )
}
