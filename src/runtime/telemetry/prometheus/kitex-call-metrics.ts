/** Metrics of calls under the names of Kitex's Prometheus tracer: `kitex_server_throughput`, `kitex_server_latency_us`. */

import type { Layer } from '../../core/layer.ts'
import { type EndCode, observe } from '../../core/observe.ts'
import { retryAttempt } from '../../middleware/retry.ts'
import type { MethodLabels } from '../method-label.ts'
import { labelText, type Metric, sample } from './exposition.ts'
import type { CallMetrics } from './grpc-call-metrics.ts'
import { Histogram } from './histogram.ts'

type Role = 'client' | 'server'

interface Series {
  readonly labels: string
  readonly microseconds: Histogram
}

/** Kitex's own bounds, in microseconds. */
const buckets = [5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000]

/** Makes them. `labels` bounds the methods, `names` the callers and callees. */
export function kitexCallMetrics(labels: MethodLabels, names: MethodLabels): CallMetrics {
  const all: Record<Role, Map<string, Series>> = { client: new Map(), server: new Map() }
  const layer: Layer = (next) => (cx, request) => {
    const start = performance.now()
    const label = labels.of(cx)
    return observe(next, cx, request, {
      onEnd(code) {
        const text = labelText({
          caller: cx.caller === '' ? 'unknown' : names.bounded(cx.caller),
          callee: names.bounded(cx.callee === '' ? cx.service.fullName : cx.callee),
          method: label.slice(label.lastIndexOf('/') + 1),
          status: isError(code) ? 'error' : 'succeed',
          retry: String((cx.get(retryAttempt) ?? 1) - 1),
        })
        const of = all[cx.role]
        let series = of.get(text)
        if (series === undefined) {
          series = { labels: text, microseconds: new Histogram(buckets) }
          of.set(text, series)
        }
        series.microseconds.observe((performance.now() - start) * 1000)
      },
    })
  }
  return { layer, metrics: (['server', 'client'] as const).flatMap((role) => metricsOf(role, all[role])) }
}

/** As in Kitex, a business error is no failure, and neither is a declared exception. */
function isError(code: EndCode): boolean {
  return code !== 'OK' && code !== 'BIZ' && code !== 'EXCEPTION'
}

function metricsOf(role: Role, all: ReadonlyMap<string, Series>): Metric[] {
  const throughput = `kitex_${role}_throughput`
  const latency = `kitex_${role}_latency_us`
  return [
    {
      name: throughput,
      help: `Calls that the ${role} has ended.`,
      type: 'counter',
      *lines() {
        for (const { labels, microseconds } of all.values()) yield sample(throughput, labels, microseconds.count)
      },
    },
    {
      name: latency,
      help: `Microseconds from the begin of a call to its end on the ${role}.`,
      type: 'histogram',
      *lines() {
        for (const { labels, microseconds } of all.values()) yield* microseconds.lines(latency, labels)
      },
    },
  ]
}
