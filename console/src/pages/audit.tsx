import { Anchor, Code, Drawer, Group, Stack, Text, TextInput, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import {
  type AuditEntry,
  type AuditPage as Entries,
  type ListAuditData,
  listAudit
} from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { useFilters } from '../address.ts'
import { AsCurl } from '../components/AsCurl.tsx'
import { Facts } from '../components/Facts.tsx'
import { FilterInput } from '../components/FilterInput.tsx'
import { Export } from '../components/Export.tsx'
import { type Column, List } from '../components/List.tsx'
import { Page } from '../components/Page.tsx'
import { exact, When } from '../components/When.tsx'
import { usePages } from '../queries.ts'

type Query = NonNullable<ListAuditData['query']>

/** The local time of an input as an instant, undefined where it is none. */
function instantOf(text: string): string | undefined {
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

/** Filters that the API would refuse while they are being typed are left out until they are whole. */
function queryOf({ actor, action, target, since, until }: Record<string, string | undefined>): Query {
  const whole = {
    actor,
    action: /^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$/.test(action ?? '') ? action : undefined,
    target: /^[a-z][a-z0-9_-]*:[A-Za-z0-9_-]+$/.test(target ?? '') ? target : undefined,
    since: instantOf(since ?? ''),
    until: instantOf(until ?? '')
  }
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value))
}

/** Who did what to what. */
export function AuditPage() {
  const [shown, setShown] = useState<AuditEntry>()
  const { filters, setFilter } = useFilters('actor', 'action', 'target', 'since', 'until')
  const query = queryOf(filters)
  const list =
    (page: { cursor?: string; limit?: number }): Call<{ data: Entries }> =>
    (client) =>
      listAudit({ client, query: { ...query, ...page }, throwOnError: true })
  const pages = usePages(['audit', query], (client, page) => list(page)(client))
  const columns: Column<AuditEntry>[] = [
    { title: 'When', cell: ({ at }) => <When at={at} />, width: 130 },
    {
      title: 'Who',
      cell: ({ actor }) =>
        actor ?? (
          <Text component="span" fz="inherit" c="dimmed">
            nobody
          </Text>
        ),
      from: 'xs'
    },
    {
      title: 'What',
      cell: (entry) => (
        <UnstyledButton className="row-link breaks" fz="inherit" fw={550} onClick={() => setShown(entry)}>
          {entry.action}
          {entry.count > 1 && ` × ${entry.count}`}
        </UnstyledButton>
      )
    },
    { title: 'To', cell: ({ target }) => <span className="clips">{target}</span>, from: 'sm' },
    { title: 'From', cell: ({ address }) => address, from: 'md' }
  ]
  return (
    <Page
      title="Audit"
      explains="Who did what to what, newest first. It cannot be changed."
      acts={
        <>
          <AsCurl call={list({})} />
          <Export
            name="audit"
            read={async (client, cursor) => {
              const { data } = await list({ limit: 200, ...cursor })(client)
              return { rows: data.entries, next_cursor: data.next_cursor }
            }}
          />
        </>
      }
    >
      <Group gap="sm" align="flex-end">
        <FilterInput
          label="Who"
          placeholder="admin"
          value={filters.actor}
          onChange={(value) => setFilter('actor', value)}
        />
        <FilterInput
          label="What"
          placeholder="user.update"
          value={filters.action}
          onChange={(value) => setFilter('action', value)}
        />
        <FilterInput
          label="To"
          placeholder="user:7"
          value={filters.target}
          onChange={(value) => setFilter('target', value)}
        />
        {(['since', 'until'] as const).map((name) => (
          <TextInput
            key={name}
            label={name === 'since' ? 'Since' : 'Until'}
            type="datetime-local"
            flex={1}
            miw={170}
            value={filters[name]}
            onChange={({ currentTarget }) => setFilter(name, currentTarget.value)}
          />
        ))}
      </Group>
      <List
        label="Audit"
        pages={pages}
        rows={({ entries }) => entries}
        rowKey={({ id }) => id}
        columns={columns}
        empty={
          <>
            <Text fw={600}>Nothing like that has happened</Text>
            <Text size="sm" c="dimmed">
              Actions and targets are given whole: user.update, user:7.
            </Text>
          </>
        }
      />
      <Entry entry={shown} onClose={() => setShown(undefined)} />
    </Page>
  )
}

/** One entry, whole. */
function Entry({ entry, onClose }: { entry: AuditEntry | undefined; onClose: () => void }) {
  const target = /^(user|role):(.+)$/.exec(entry?.target ?? '')
  const rows: [string, string][] | undefined = entry && [
    ['When', exact(entry.at)],
    [
      'Who',
      entry.actor === null ? 'nobody who is signed in' : `${entry.actor} (${entry.actor_id ?? 'gone'})`
    ],
    ['To', entry.target ?? '–'],
    ['From', entry.address],
    ['Request', entry.request_id],
    ...(entry.count > 1 ? [['Times', String(entry.count)] as [string, string]] : [])
  ]
  return (
    <Drawer
      opened={entry !== undefined}
      onClose={onClose}
      position="right"
      title={<Text fw={650}>{entry?.action}</Text>}
    >
      {entry && (
        <Stack>
          <Facts facts={rows ?? []} />
          {entry.changes.length > 0 && (
            <Code block className="curl">
              {entry.changes.map(({ member, to }) => `${member}: ${to}`).join('\n')}
            </Code>
          )}
          {target && (
            <Anchor component={Link} href={`/${target[1] ?? ''}s/${target[2] ?? ''}`} size="sm">
              Open {entry.target}
            </Anchor>
          )}
        </Stack>
      )}
    </Drawer>
  )
}
