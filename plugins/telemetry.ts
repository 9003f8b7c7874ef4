import fp from 'fastify-plugin'
import { setTimeout } from 'node:timers/promises'

/** How long the last traces may take when the server stops, in milliseconds. */
const patience = 2_000

/** OpenTelemetry traces, when a collector is configured; otherwise nothing of it is even loaded. */
export default fp(
  async (fastify) => {
    const collector = fastify.config.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '')
    if (collector === undefined) return
    const [
      { FastifyOtelInstrumentation },
      { OTLPTraceExporter },
      { BatchSpanProcessor, NodeTracerProvider },
      resources
    ] = await Promise.all([
      import('@fastify/otel'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/resources')
    ])
    // The name can be set as for any service, by OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES.
    const named = resources.resourceFromAttributes({ 'service.name': 'gatehouse' })
    const provider = new NodeTracerProvider({
      resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${collector}/v1/traces` }))]
    })
    provider.register()
    const instrumentation = new FastifyOtelInstrumentation({
      // Never the query: people put tokens there.
      requestHook: (span, { url }) => span.setAttribute('url.path', url.split('?', 1)[0] ?? '')
    })
    instrumentation.setTracerProvider(provider)
    await fastify.register(instrumentation.plugin())
    // A collector that does not answer holds nobody up.
    fastify.addHook('onClose', () =>
      Promise.race([
        provider.shutdown().catch(() => undefined),
        setTimeout(patience, undefined, { ref: false })
      ])
    )
  },
  { name: 'telemetry', dependencies: ['config'] }
)
