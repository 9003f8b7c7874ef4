import fp from 'fastify-plugin'
import { setTimeout } from 'node:timers/promises'
import type { Config } from '../core/config/load.ts'

/** How long the last traces may take when the server stops, in milliseconds. */
const patience = 2_000

/** What to install for traces; tried together. */
const packages = [
  '@fastify/otel@0.21.2',
  '@opentelemetry/exporter-trace-otlp-http@0.222.0',
  '@opentelemetry/resources@2.11.0',
  '@opentelemetry/sdk-trace-node@2.11.0'
]

/** Loads OpenTelemetry, which is installed only where it is wanted. @throws what to install when it is not there */
async function openTelemetry() {
  try {
    return await Promise.all([
      import('@fastify/otel'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/resources')
    ])
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause
    const command = `npm install --no-save ${packages.join(' ')}`
    const missing = new Error(
      `An OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: ${command}`,
      { cause }
    )
    // Whoever starts the service reads this line alone.
    missing.stack = missing.message
    throw missing
  }
}

/** Where traces go; undefined when there are to be none. */
function tracesUrl(config: Config): string | undefined {
  if (config.OTEL_SDK_DISABLED.toLowerCase() === 'true' || config.OTEL_TRACES_EXPORTER === 'none')
    return undefined
  const collector = config.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '')
  return config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (collector && `${collector}/v1/traces`)
}

/** OpenTelemetry traces, when a collector is configured; otherwise nothing of it is even loaded. */
export default fp(
  async (fastify) => {
    const url = tracesUrl(fastify.config)
    if (url === undefined) return
    const [
      { FastifyOtelInstrumentation },
      { OTLPTraceExporter },
      { BatchSpanProcessor, NodeTracerProvider },
      resources
    ] = await openTelemetry()
    // The name can be set as for any service, by OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES.
    const named = resources.resourceFromAttributes({ 'service.name': 'gatehouse' })
    const provider = new NodeTracerProvider({
      resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))]
    })
    provider.register()
    const instrumentation = new FastifyOtelInstrumentation({
      // Never the query: people put tokens there.
      requestHook: (span, { originalUrl }) =>
        span.setAttribute('url.path', originalUrl.split('?', 1)[0] ?? '')
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
