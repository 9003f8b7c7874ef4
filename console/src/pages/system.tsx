import { Badge, Card, Group, SimpleGrid, Skeleton, Stack, Tabs, Text, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { getSystem, purgeCache, type System } from '../../../client/src/index.ts'
import type { Call } from '../api.ts'
import { useFilters } from '../address.ts'
import { Act } from '../components/Act.tsx'
import { AsCurl } from '../components/AsCurl.tsx'
import { Checks } from '../components/Checks.tsx'
import { Configuration } from '../components/Configuration.tsx'
import { Facts } from '../components/Facts.tsx'
import { Failure } from '../components/Failure.tsx'
import { Instances } from '../components/Instances.tsx'
import { MailQueue } from '../components/MailQueue.tsx'
import { Page } from '../components/Page.tsx'
import { Settings } from '../components/Settings.tsx'
import { When } from '../components/When.tsx'
import { bytes, duration, number } from '../format.ts'
import { useAnswer, useMay } from '../queries.ts'

const read: Call<System> = async (client) => (await getSystem({ client, throwOnError: true })).data

/** What the service runs with, and what of it can be changed now. */
export function SystemPage() {
  const may = useMay()
  const { filters, setFilter } = useFilters('tab')
  const system = useAnswer(['system'], read, { refetchInterval: 15_000 })
  return (
    <Page
      title="System"
      explains="What the service runs with, and what of it can be changed while it runs."
      acts={
        <>
          <AsCurl call={read} />
          {may('cache:write') && <EmptyCache />}
        </>
      }
    >
      <Tabs value={filters.tab || 'state'} onChange={(tab) => setFilter('tab', tab)} keepMounted={false}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="state">State</Tabs.Tab>
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
          <Tabs.Tab value="configuration">Configuration</Tabs.Tab>
          {may('mail:read') && <Tabs.Tab value="mail">Mail</Tabs.Tab>}
        </Tabs.List>
        {!['settings', 'mail'].includes(filters.tab) && (
          <Failure error={system.error} retry={() => void system.refetch()} />
        )}
        <Tabs.Panel value="state">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            {system.data ? <State system={system.data} /> : <Skeleton height={520} radius="md" />}
            <Checks />
          </SimpleGrid>
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <Settings />
        </Tabs.Panel>
        <Tabs.Panel value="mail">
          <MailQueue />
        </Tabs.Panel>
        <Tabs.Panel value="configuration">
          {system.data ? (
            <Configuration variables={system.data.configuration} />
          ) : (
            <Skeleton height={520} radius="md" />
          )}
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

/** As the process that answers knows it. */
function State({ system }: { system: System }) {
  const { database } = system
  return (
    <Stack gap="lg">
      <Section title="Service">
        <Facts
          facts={[
            ['Version', `${system.version} on Node.js ${system.node_version}`],
            ['Started', <When key="at" at={system.started_at} />],
            ['Up for', duration(system.uptime_seconds)],
            ['Host', `${system.host}, process ${system.process_id}`],
            ['Processes', number(system.workers)],
            ['Memory', bytes(system.memory_bytes)],
            ['Redis', { off: 'none', up: 'up', away: 'away: each process counts for itself' }[system.redis]]
          ]}
        />
      </Section>
      <Instances system={system} />
      <Section title="Database">
        <Facts
          facts={[
            ['Kind', `${database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'} ${database.version}`],
            ['Size', bytes(database.bytes)],
            ['Log', database.wal_bytes === null ? undefined : `${bytes(database.wal_bytes)} write-ahead`],
            [
              'Migrations',
              `${database.migrations.length} applied, the last is ${database.migrations.at(-1) ?? 'none'}`
            ],
            ['Pending', database.pending.length === 0 ? 'none' : database.pending.join(', ')]
          ]}
        />
      </Section>
      <Section title="Keys of access tokens">
        <Facts
          facts={system.keys.map(({ kid, algorithm, signs, from }) => [
            algorithm,
            <Group gap="xs" key={kid}>
              {kid}
              {signs && <Badge color="teal">signs</Badge>}
              {from && (
                <Text component="span" size="sm" c="dimmed">
                  since <When at={from} />
                </Text>
              )}
            </Group>
          ])}
        />
      </Section>
    </Stack>
  )
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <Card>
    <Title order={2} mb="xs">
      {title}
    </Title>
    {children}
  </Card>
)

/** For changes that were made past the API. */
function EmptyCache() {
  const [tag, setTag] = useState('users')
  return (
    <Act
      label="Empty the cache"
      question="Empty the response cache"
      explains="Drops every kept answer with this tag. What is changed here does so by itself; this is for changes that were made in the database."
      ready={tag !== ''}
      call={(client) => purgeCache({ client, query: { tag }, throwOnError: true })}
      done={`Nothing with the tag ${tag} is kept any more`}
    >
      <TextInput
        label="Tag"
        data-autofocus
        value={tag}
        onChange={({ currentTarget }) => setTag(currentTarget.value)}
      />
    </Act>
  )
}
