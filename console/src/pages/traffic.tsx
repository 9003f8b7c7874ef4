import { Anchor, Card, SimpleGrid, Skeleton, Table, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { getEvents, getTraffic, listBusyCallers, listRouteTraffic } from '../../../client/src/index.ts'
import { AsCurl } from '../components/AsCurl.tsx'
import { Failure } from '../components/Failure.tsx'
import { Page } from '../components/Page.tsx'
import { Plot, PlotSkeleton } from '../components/Plot.tsx'
import { compact, number } from '../format.ts'
import { useAnswer } from '../queries.ts'
import { sum, useSpan } from '../spans.tsx'
import { colors, milliseconds, percent, Tile } from './overview.tsx'

const outcomes = ['ok', 'cached', 'client', 'auth', 'limited', 'error'] as const
const limits = ['limited.default', 'limited.role', 'limited.session', 'limited.route'] as const

/** What is asked, by whom, and how quickly it is answered. */
export function TrafficPage() {
  const { name, words, grain, query, choice } = useSpan()
  const of = { ...query, grain }
  const traffic = useAnswer(
    ['analytics', 'traffic', of],
    async (client) => (await getTraffic({ client, query: of, throwOnError: true })).data,
    { keep: true }
  )
  const events = useAnswer(
    ['analytics', 'events', of],
    async (client) => (await getEvents({ client, query: of, throwOnError: true })).data,
    { keep: true }
  )
  const routes = useAnswer(
    ['analytics', 'routes', query],
    async (client) => (await listRouteTraffic({ client, query, throwOnError: true })).data.routes,
    { keep: true }
  )
  // Callers are known for a week at most.
  const { from, until } = query
  const week = {
    from: new Date(Math.max(Date.parse(from), Date.parse(until) - 604_800_000)).toISOString(),
    until
  }
  const callers = useAnswer(
    ['analytics', 'callers', week],
    async (client) => (await listBusyCallers({ client, query: week, throwOnError: true })).data.callers,
    { keep: true }
  )
  const all = [traffic, events, routes, callers]
  const error = all.find((answer) => answer.error)?.error
  const series = traffic.data?.series
  const total = sum(outcomes.map((outcome) => sum(series?.[outcome])))
  const hits = sum(events.data?.series['cache.hit'])
  const misses = sum(events.data?.series['cache.miss'])
  return (
    <Page
      title="Traffic"
      explains={`What is asked and how quickly it is answered, over ${words}.`}
      acts={
        <>
          {choice}
          <AsCurl call={(client) => getTraffic({ client, query: of, throwOnError: true })} />
        </>
      }
    >
      <Failure error={error} retry={() => void Promise.all(all.map((answer) => answer.refetch()))} />
      <SimpleGrid cols={{ base: 2, lg: 4 }} spacing="md">
        <Tile title="Requests" value={series && total} format={compact} />
        <Tile
          title="Answered from the cache"
          value={events.data && hits}
          format={(value) => percent(value, hits + misses)}
        />
        <Tile title="Limited" value={series && sum(series.limited)} format={compact} />
        <Tile title="Server errors" value={series && sum(series.error)} format={compact} />
      </SimpleGrid>
      <SimpleGrid key={name} cols={{ base: 1, lg: 2 }} spacing="lg">
        {traffic.data ? (
          <>
            <Plot
              title="Requests by outcome"
              says={`${number(total)} requests; ${percent(sum(traffic.data.series.error), total)} ended in a server error.`}
              at={traffic.data.at}
              format={compact}
              lines={[
                { name: 'Answered', color: colors.good, values: traffic.data.series.ok },
                { name: 'From the cache', color: colors.main, values: traffic.data.series.cached },
                { name: '4xx', color: colors.quiet, values: traffic.data.series.client },
                { name: '401 and 403', color: colors.odd, values: traffic.data.series.auth },
                { name: '5xx', color: colors.bad, values: traffic.data.series.error }
              ]}
            />
            <Plot
              title="Latency"
              says="What 50, 95 and 99 of 100 requests took at most."
              at={traffic.data.at}
              format={milliseconds}
              lines={[
                { name: 'p50', color: colors.good, values: traffic.data.series.p50_us },
                { name: 'p95', color: colors.main, values: traffic.data.series.p95_us },
                { name: 'p99', color: colors.odd, values: traffic.data.series.p99_us }
              ]}
            />
          </>
        ) : (
          <>
            <PlotSkeleton />
            <PlotSkeleton />
          </>
        )}
      </SimpleGrid>
      <Totals
        title="Routes"
        headings={['Route', 'Requests', 'Refused', 'Errors', 'Mean', 'p95']}
        isRead={routes.data !== undefined}
      >
        {routes.data?.slice(0, 50).map((route) => (
          <Table.Tr key={`${route.method} ${route.route}`}>
            <Table.Td className="breaks">
              <b>{route.method}</b> {route.route}
            </Table.Td>
            <Table.Td>{number(sum(outcomes.map((outcome) => route[outcome])))}</Table.Td>
            <Table.Td>{number(route.auth + route.limited)}</Table.Td>
            <Table.Td>{number(route.error)}</Table.Td>
            <Table.Td>{milliseconds(route.mean_us)}</Table.Td>
            <Table.Td>{milliseconds(route.p95_us)}</Table.Td>
          </Table.Tr>
        ))}
      </Totals>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Totals
          title="Busiest callers"
          headings={['Caller', 'About', 'Limited']}
          isRead={callers.data !== undefined}
        >
          {callers.data?.slice(0, 15).map(({ caller, count, limited }) => (
            <Table.Tr key={caller}>
              <Table.Td className="breaks">
                <Caller caller={caller} />
              </Table.Td>
              <Table.Td>{number(count)}</Table.Td>
              <Table.Td>{number(limited)}</Table.Td>
            </Table.Tr>
          ))}
        </Totals>
        <Totals title="Refusals by limit" headings={['Limit', 'Refused']} isRead={events.data !== undefined}>
          {limits.map((limit) => (
            <Table.Tr key={limit}>
              <Table.Td>{limit.replace('limited.', '')}</Table.Td>
              <Table.Td>{number(sum(events.data?.series[limit]))}</Table.Td>
            </Table.Tr>
          ))}
        </Totals>
      </SimpleGrid>
    </Page>
  )
}

/** An account leads to its page; a network is only said. */
function Caller({ caller }: { caller: string }) {
  const [kind = '', ...rest] = caller.split(':')
  const name = rest.join(':')
  if (kind !== 'account') return name
  return (
    <Anchor component={Link} href={`/users/${name}`} fz="inherit">
      account {name}
    </Anchor>
  )
}

interface TotalsProps {
  title: string
  headings: string[]
  isRead: boolean
  children: ReactNode[] | undefined
}

/** A table of sums, with what is said where there are none. */
const Totals = ({ title, headings, isRead, children }: TotalsProps) => (
  <Card padding={0}>
    <Title order={2} p="lg" pb="xs">
      {title}
    </Title>
    {!isRead && <Skeleton height={160} m="lg" mt={0} w="auto" />}
    {isRead && children?.length === 0 && (
      <Text size="sm" c="dimmed" p="lg" pt={0}>
        Nothing has been counted yet.
      </Text>
    )}
    {isRead && children?.length !== 0 && (
      <div className="scrolls" tabIndex={0} role="region" aria-label={title}>
        <Table aria-label={title} className="sums">
          <Table.Thead>
            <Table.Tr>
              {headings.map((heading) => (
                <Table.Th key={heading}>
                  <Text component="span" size="xs" c="dimmed" fw={600}>
                    {heading}
                  </Text>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{children}</Table.Tbody>
        </Table>
      </div>
    )}
  </Card>
)
