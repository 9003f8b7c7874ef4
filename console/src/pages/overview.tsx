import { Card, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { getEvents, getGauges, getTraffic } from '../../../client/src/index.ts'
import { AsCurl } from '../components/AsCurl.tsx'
import { Warnings } from '../components/Checks.tsx'
import { Failure } from '../components/Failure.tsx'
import { Page } from '../components/Page.tsx'
import { Plot, PlotSkeleton } from '../components/Plot.tsx'
import { bytes, compact, number } from '../format.ts'
import { useAnswer, useMay } from '../queries.ts'
import { latest, sum, useSpan } from '../spans.tsx'

export const colors = {
  good: 'var(--mantine-color-teal-6)',
  bad: 'var(--mantine-color-red-6)',
  odd: 'var(--mantine-color-orange-6)',
  main: 'var(--mantine-color-gate-5)',
  quiet: 'var(--mantine-color-gray-6)'
}

/** 1.25 % */
export const percent = (part: number, whole: number) =>
  whole === 0 ? '–' : `${((100 * part) / whole).toLocaleString('en', { maximumFractionDigits: 2 })} %`

/** Microseconds as milliseconds. */
export const milliseconds = (value: number) =>
  `${(value / 1_000).toLocaleString('en', { maximumSignificantDigits: 3 })} ms`

/** How the service is doing, at a glance. */
export function OverviewPage() {
  const may = useMay()
  const { name, words, grain, query, choice } = useSpan()
  const of = { ...query, grain }
  const gauges = useAnswer(
    ['analytics', 'gauges', of],
    async (client) => (await getGauges({ client, query: of, throwOnError: true })).data,
    { keep: true }
  )
  const events = useAnswer(
    ['analytics', 'events', of],
    async (client) => (await getEvents({ client, query: of, throwOnError: true })).data,
    { keep: true }
  )
  const traffic = useAnswer(
    ['analytics', 'traffic', of],
    async (client) => (await getTraffic({ client, query: of, throwOnError: true })).data,
    { keep: true }
  )
  const error = gauges.error ?? events.error ?? traffic.error
  const retry = () => void Promise.all([gauges.refetch(), events.refetch(), traffic.refetch()])
  const signIns = events.data?.series
  const requests = traffic.data?.series
  const [ok, refused, throttled] = (['sign_in.ok', 'sign_in.refused', 'sign_in.throttled'] as const).map(
    (event) => sum(signIns?.[event])
  ) as [number, number, number]
  const all = (['ok', 'cached', 'client', 'auth', 'limited', 'error'] as const).map((kind) =>
    sum(requests?.[kind])
  )
  const total = sum(all)
  const errors = sum(requests?.error)
  const p95 = latest(requests?.p95_us)
  const sessions = latest(gauges.data?.series.sessions)
  const accounts = latest(gauges.data?.series.accounts)
  return (
    <Page
      title="Overview"
      explains={`How the service does, over ${words}.`}
      acts={
        <>
          {choice}
          <AsCurl call={(client) => getEvents({ client, query: of, throwOnError: true })} />
        </>
      }
    >
      {may('system:read') && <Warnings />}
      <Failure error={error} retry={retry} />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="md">
        <Tile title="Accounts" value={accounts} format={compact} />
        <Tile title="Live sessions" value={sessions} format={compact} />
        <Tile title="Sign-ins" value={signIns && ok} format={compact} />
        <Tile title="Refused" value={signIns && refused + throttled} format={compact} />
        <Tile title="Server errors" value={requests && errors} format={(value) => percent(value, total)} />
        <Tile title="p95" value={p95} format={milliseconds} />
      </SimpleGrid>
      <SimpleGrid key={name} cols={{ base: 1, lg: 2 }} spacing="lg">
        {events.data ? (
          <Plot
            title="Signing in"
            says={`${number(ok)} signed in, ${number(refused)} were refused and ${number(throttled)} held up, over ${words}.`}
            at={events.data.at}
            format={compact}
            lines={[
              { name: 'Signed in', color: colors.good, values: events.data.series['sign_in.ok'] },
              { name: 'Refused', color: colors.bad, values: events.data.series['sign_in.refused'] },
              { name: 'Held up', color: colors.odd, values: events.data.series['sign_in.throttled'] }
            ]}
          />
        ) : (
          <PlotSkeleton />
        )}
        {gauges.data ? (
          <Plot
            title="Live sessions"
            says={
              sessions === undefined
                ? 'It is measured every five minutes.'
                : `${number(sessions)} sessions of ${number(accounts ?? 0)} accounts are live now.`
            }
            at={gauges.data.at}
            format={compact}
            lines={[
              { name: 'Sessions', color: colors.main, values: gauges.data.series.sessions },
              { name: 'Accounts', color: colors.quiet, values: gauges.data.series.accounts }
            ]}
          />
        ) : (
          <PlotSkeleton />
        )}
        {traffic.data ? (
          <Plot
            title="Requests"
            says={`${number(total)} requests, ${percent(errors, total)} of them ended in a server error.`}
            at={traffic.data.at}
            format={compact}
            lines={[
              { name: 'Answered', color: colors.good, values: traffic.data.series.ok },
              { name: 'Refused', color: colors.odd, values: traffic.data.series.auth },
              { name: 'Limited', color: colors.main, values: traffic.data.series.limited },
              { name: 'Errors', color: colors.bad, values: traffic.data.series.error }
            ]}
          />
        ) : (
          <PlotSkeleton />
        )}
        {gauges.data ? (
          <Plot
            title="Database"
            says={`It holds ${bytes(latest(gauges.data.series.database_bytes) ?? 0)}, and ${bytes(latest(gauges.data.series.wal_bytes) ?? 0)} in its log.`}
            at={gauges.data.at}
            format={bytes}
            lines={[
              { name: 'Database', color: colors.main, values: gauges.data.series.database_bytes },
              { name: 'Log', color: colors.quiet, values: gauges.data.series.wal_bytes }
            ]}
          />
        ) : (
          <PlotSkeleton />
        )}
      </SimpleGrid>
    </Page>
  )
}

interface TileProps {
  title: string
  value: number | undefined
  format: (value: number) => ReactNode
}

/** One number; a dash where it is not known. */
export const Tile = ({ title, value, format }: TileProps) => (
  <Card padding="md">
    <Text size="xs" c="dimmed" fw={600}>
      {title}
    </Text>
    <Text fz={24} fw={650} lh={1.3}>
      {value === undefined ? '–' : format(value)}
    </Text>
  </Card>
)
