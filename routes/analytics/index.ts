import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyContextConfig } from 'fastify'
import {
  activeSeries,
  busyCallers,
  eventSeries,
  gaugeSeries,
  routeTotals,
  trafficSeries
} from '../../core/analytics/read.ts'
import { SpanRefused } from '../../core/analytics/series.ts'
import {
  ActiveSeries,
  BusyCallerList,
  EventSeries,
  GaugeSeries,
  RouteTrafficList,
  SeriesQuery,
  SpanQuery,
  TrafficQuery,
  TrafficSeries
} from '../../schemas/analytics.ts'
import { ref } from '../../schemas/types.ts'

/** Sums are written every ten seconds: within that, everybody is told the same. */
const config: FastifyContextConfig = {
  access: 'analytics:read',
  cache: { ttl: 10, vary: 'role', tags: [] },
  problems: [SpanRefused]
}

const analytics: FastifyPluginAsyncTypebox = async (fastify) => {
  const { countedRoutes, db } = fastify

  fastify.route({
    method: 'GET',
    url: '/traffic',
    config,
    schema: {
      operationId: 'getTraffic',
      summary: 'Read requests over time',
      description:
        'Of all routes together, or of one: how many ended how, and how long they took. Columns of at most 1,500 points, the last minute still growing.',
      tags: ['Analytics'],
      querystring: TrafficQuery,
      response: { 200: ref(TrafficSeries, 'The series.') }
    },
    handler: async ({ query }) => trafficSeries(db, query)
  })

  fastify.route({
    method: 'GET',
    url: '/routes',
    config,
    schema: {
      operationId: 'listRouteTraffic',
      summary: 'Compare the routes',
      description:
        'What each has answered in a span, the busiest first: by hours up to two days, beyond by days.',
      tags: ['Analytics'],
      querystring: SpanQuery,
      response: { 200: ref(RouteTrafficList, 'The routes.') }
    },
    handler: async ({ query }) => ({ routes: await routeTotals(db, query, countedRoutes()) })
  })

  fastify.route({
    method: 'GET',
    url: '/events',
    config,
    schema: {
      operationId: 'getEvents',
      summary: 'Read events over time',
      description: 'Sign-ins, refreshes, hits of the cache and refusals by limits.',
      tags: ['Analytics'],
      querystring: SeriesQuery,
      response: { 200: ref(EventSeries, 'The series.') }
    },
    handler: async ({ query }) => eventSeries(db, query)
  })

  fastify.route({
    method: 'GET',
    url: '/actives',
    config,
    schema: {
      operationId: 'getActives',
      summary: 'Read active accounts by day',
      description: 'How many accounts have asked for something, signed in. Today grows every five minutes.',
      tags: ['Analytics'],
      querystring: SpanQuery,
      response: { 200: ref(ActiveSeries, 'The series.') }
    },
    handler: async ({ query }) => activeSeries(db, query)
  })

  fastify.route({
    method: 'GET',
    url: '/callers',
    config,
    schema: {
      operationId: 'listBusyCallers',
      summary: 'Find the busiest callers',
      description:
        'Of a week at most, the busiest first. One request in 16 is looked at; networks are a /24 or a /48. Kept for 30 days.',
      tags: ['Analytics'],
      querystring: SpanQuery,
      response: { 200: ref(BusyCallerList, 'The callers.') }
    },
    handler: async ({ query }) => ({ callers: await busyCallers(db, query) })
  })

  fastify.route({
    method: 'GET',
    url: '/gauges',
    config,
    schema: {
      operationId: 'getGauges',
      summary: 'Read measurements over time',
      description:
        'Accounts, live sessions, sizes and delays, measured every five minutes: of a minute in between nothing is known.',
      tags: ['Analytics'],
      querystring: SeriesQuery,
      response: { 200: ref(GaugeSeries, 'The series.') }
    },
    handler: async ({ query }) => gaugeSeries(db, query)
  })
}
export default analytics
