/** volo-ts/prometheus: metrics of calls, servers, transports and the process, as text for Prometheus. */

export { type Prometheus, type PrometheusOptions, prometheus } from './runtime/telemetry/prometheus/prometheus.ts'
export type { ServerSource, TransportSource } from './runtime/telemetry/prometheus/server-metrics.ts'
