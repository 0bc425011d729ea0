/** prometheus(): metrics of calls, servers, transports and the process, as text for Prometheus. */

import type { Layer } from '../../core/layer.ts'
import { atLeast, checkOptions, isAnything, type OptionTable, oneOf } from '../../core/option-check.ts'
import { MethodLabels } from '../method-label.ts'
import { expose, expositionType } from './exposition.ts'
import { grpcCallMetrics } from './grpc-call-metrics.ts'
import { kitexCallMetrics } from './kitex-call-metrics.ts'
import { ProcessMetrics } from './process-metrics.ts'
import { type ServerSource, serverMetrics, type TransportSource, transportMetrics } from './server-metrics.ts'

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** Names of the metrics of calls: those of the gRPC ecosystem (default), or those of Kitex's Prometheus tracer. */
  readonly names?: 'grpc' | 'kitex' | undefined
  /** Upper bounds of the durations of `grpc` names, in seconds, ascending. Default: 0.005 to 10. */
  readonly buckets?: readonly number[] | undefined
  /** How many different methods have series of their own; later ones are `_OTHER`. Callers likewise. Default 1000. */
  readonly maxMethods?: number | undefined
}

const optionTable: OptionTable<PrometheusOptions> = {
  names: oneOf('grpc', 'kitex'),
  buckets: isAnything,
  maxMethods: atLeast(1),
}

/** What {@link prometheus} makes. */
export interface Prometheus {
  /** Among the layers of servers and clients; one for all of them. */
  readonly layer: Layer
  /** Metrics of a server's connections, memory and refusals. `name`: the value of the label `server`, default `default`. */
  watchServer(server: ServerSource, name?: string): void
  /** Metrics of what a transport tells by `stats`, under the label `transport`. A name that is there is replaced. */
  watchTransport(name: string, transport: TransportSource): void
  /** The text that Prometheus reads, of now. */
  text(): string
  /** The content type of {@link text}. */
  readonly contentType: string
  /** Stops measuring the delay of the event loop. */
  close(): void
}

/**
 * Metrics for Prometheus, without a dependency. {@link Prometheus.text} is what a page must answer, `/metrics` of the admin
 * page does. The number of series is bounded: names that peers invent become `_OTHER`. Throws RangeError on buckets that
 * do not ascend.
 *
 * @example
 * const metrics = prometheus()
 * const server = new Server({ layers: [metrics.layer] })
 * metrics.watchServer(server)
 * createServer((_, response) => response.setHeader('content-type', metrics.contentType).end(metrics.text()))
 */
export function prometheus(options: PrometheusOptions = {}): Prometheus {
  checkOptions('prometheus', options, optionTable)
  const { names = 'grpc', buckets = defaultBuckets, maxMethods = 1000 } = options
  if (buckets.some((bound, i) => !(bound > (buckets[i - 1] ?? Number.NEGATIVE_INFINITY))))
    throw new RangeError(`prometheus: buckets ${buckets.join(', ')} do not ascend`)
  const labels = new MethodLabels(maxMethods)
  const calls =
    names === 'kitex' ? kitexCallMetrics(labels, new MethodLabels(maxMethods)) : grpcCallMetrics(labels, buckets)
  const processMetrics = new ProcessMetrics()
  const servers = new Map<string, ServerSource>()
  const transports = new Map<string, TransportSource>()
  return {
    layer: calls.layer,
    watchServer: (server, name = 'default') => void servers.set(name, server),
    watchTransport: (name, transport) => void transports.set(name, transport),
    text: () =>
      expose([
        ...calls.metrics,
        ...[...servers].flatMap(([name, server]) => serverMetrics(server, name)),
        ...transportMetrics(transports),
        ...processMetrics.metrics,
      ]),
    contentType: expositionType,
    close: () => processMetrics.close(),
  }
}

const defaultBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
