/** Metrics of a server and of a client's transport, read from their `stats()` when Prometheus asks. */

import type { ServerStats } from '../../core/server/server-stats.ts'
import { type Metric, readMetric } from './exposition.ts'

/** What has statistics of a server. */
export interface ServerSource {
  stats(): ServerStats
}

/** What has statistics of a transport: `stats()` or `stats`, an object whose members that are numbers become gauges. */
export interface TransportSource {
  readonly stats: object | (() => object)
}

/** Connections, calls, memory and refusals of one server. */
export function serverMetrics(server: ServerSource, name: string): Metric[] {
  const labels = { server: name }
  const gauge = (metric: string, help: string, read: (stats: ServerStats) => number): Metric =>
    readMetric('gauge', `volo_server_${metric}`, help, () => [[labels, read(server.stats())]])
  return [
    gauge('calls_in_flight', 'Calls whose handler runs or whose response is open.', ({ inFlight }) => inFlight),
    gauge('calls_abandoned', 'Calls that ended early and whose handlers still run.', ({ abandoned }) => abandoned),
    gauge('answers_unsent', 'Calls that have ended and whose answers are not read yet.', ({ unsent }) => unsent),
    gauge('request_memory_bytes', 'Memory held by requests and unsent answers.', (stats) => stats.requestMemoryBytes),
    gauge('draining', '1 while the server shuts down.', ({ isDraining }) => Number(isDraining)),
    readMetric('counter', 'volo_server_refused_total', 'Requests refused before any layer ran.', () => [
      [labels, server.stats().refused],
    ]),
    readMetric('gauge', 'volo_server_connections', 'Open connections, by wire.', () => {
      const byWire = new Map<string, number>()
      for (const { wire } of server.stats().connections) byWire.set(wire, (byWire.get(wire) ?? 0) + 1)
      return [...byWire].map(([wire, count]) => [{ ...labels, wire }, count] as const)
    }),
  ]
}

/**
 * Every number that a transport tells, as a gauge: `waiting` of a pool is `volo_client_waiting{transport="shop"}`. A list
 * counts its items; the state of a channel is 1 for the state that it is in.
 */
export function transportMetrics(sources: ReadonlyMap<string, TransportSource>): Iterable<Metric> {
  const samples = new Map<string, (readonly [Record<string, string>, number])[]>()
  for (const [transport, { stats }] of sources) {
    for (const [key, value] of Object.entries(typeof stats === 'function' ? stats() : stats)) {
      if (key === 'id') continue
      const reading =
        typeof value === 'number'
          ? ([{ transport }, value] as const)
          : Array.isArray(value)
            ? ([{ transport }, value.length] as const)
            : key === 'state' && typeof value === 'string'
              ? ([{ transport, state: value }, 1] as const)
              : undefined
      if (reading === undefined) continue
      const name = `volo_client_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
      const known = samples.get(name)
      if (known === undefined) samples.set(name, [reading])
      else known.push(reading)
    }
  }
  return [...samples].map(([name, readings]) =>
    readMetric('gauge', name, 'What stats() of a transport tells.', () => readings),
  )
}
