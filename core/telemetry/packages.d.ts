// OpenTelemetry is installed only where traces are wanted. Declared here is the part of it that the service uses, so
// that it compiles without; a test runs it with the real packages.

declare module '@opentelemetry/resources' {
  export interface Resource {
    merge(other: Resource): Resource
  }
  export interface ResourceDetector {
    detect(): unknown
  }
  export const envDetector: ResourceDetector
  export function resourceFromAttributes(attributes: Record<string, string>): Resource
  export function detectResources(options: { detectors: ResourceDetector[] }): Resource
}

declare module '@opentelemetry/exporter-trace-otlp-http' {
  export const OTLPTraceExporter: new (options: { url: string }) => object
}

declare module '@opentelemetry/sdk-trace-node' {
  import type { Resource } from '@opentelemetry/resources'

  export const BatchSpanProcessor: new (exporter: object) => object
  export class NodeTracerProvider {
    constructor(options: { resource: Resource; spanProcessors: object[] })
    register(): void
    shutdown(): Promise<void>
  }
}

declare module '@fastify/otel' {
  import type { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
  import type { FastifyPluginCallback, FastifyRequest } from 'fastify'

  export class FastifyOtelInstrumentation {
    constructor(options: {
      requestHook: (
        span: { setAttribute(name: string, value: string): unknown },
        request: FastifyRequest
      ) => void
    })
    setTracerProvider(provider: NodeTracerProvider): void
    plugin(): FastifyPluginCallback
  }
}
