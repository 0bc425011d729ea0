/** Metrics of calls under the names of the gRPC ecosystem: `grpc_server_handled_total` and its like, for every IDL. */

import type { Context } from '../../core/context/context.ts'
import type { Layer } from '../../core/layer.ts'
import type { MethodKind } from '../../core/message/schema.ts'
import { type EndCode, observe } from '../../core/observe.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type MethodLabels, otherMethod } from '../method-label.ts'
import { codeName } from './code-name.ts'
import { labelText, type Metric, sample } from './exposition.ts'
import { Histogram } from './histogram.ts'

type Role = 'client' | 'server'

/** One method on one side. */
interface MethodSeries {
  readonly labels: string
  started: number
  received: number
  sent: number
  readonly handled: Map<EndCode, number>
  readonly seconds: Histogram
}

/** What calls are measured by, whatever the names. */
export interface CallMetrics {
  readonly layer: Layer
  readonly metrics: readonly Metric[]
}

const typeNames: Readonly<Record<MethodKind, string>> = {
  unary: 'unary',
  oneway: 'unary',
  client_streaming: 'client_stream',
  server_streaming: 'server_stream',
  bidi_streaming: 'bidi_stream',
}

/** Makes them. `buckets`: upper bounds of the durations in seconds. */
export function grpcCallMetrics(labels: MethodLabels, buckets: readonly number[]): CallMetrics {
  const all: Record<Role, Map<string, MethodSeries>> = { client: new Map(), server: new Map() }
  const seriesOf = (role: Role, label: string, kind: MethodKind): MethodSeries => {
    const key = `${kind} ${label}`
    let series = all[role].get(key)
    if (series === undefined) {
      const slash = label.lastIndexOf('/')
      const [service, method] = slash < 0 ? [label, label] : [label.slice(0, slash), label.slice(slash + 1)]
      const text = labelText({ grpc_type: typeNames[kind], grpc_service: service, grpc_method: method })
      series = { labels: text, started: 0, received: 0, sent: 0, handled: new Map(), seconds: new Histogram(buckets) }
      all[role].set(key, series)
    }
    return series
  }
  const layer: Layer = (next) => (cx, request) =>
    measured(seriesOf(cx.role, labels.of(cx), cx.method.kind), next, cx, request)
  const onRefused = ({ error }: Refusal): void => {
    const series = seriesOf('server', otherMethod, 'unary')
    series.started++
    count(series, error.code)
  }
  const metrics = (['server', 'client'] as const).flatMap((role) => metricsOf(role, all[role]))
  return { layer: Object.assign(layer, { onRefused }), metrics }
}

function measured(series: MethodSeries, next: Parameters<Layer>[0], cx: Context, request: unknown): Promise<unknown> {
  const start = performance.now()
  series.started++
  const isServer = cx.role === 'server'
  return observe(next, cx, request, {
    onRequest() {
      if (isServer) series.received++
      else series.sent++
    },
    onResponse() {
      if (isServer) series.sent++
      else series.received++
    },
    onEnd(code) {
      count(series, code)
      series.seconds.observe((performance.now() - start) / 1000)
    },
  })
}

function count({ handled }: MethodSeries, code: EndCode): void {
  handled.set(code, (handled.get(code) ?? 0) + 1)
}

function metricsOf(role: Role, all: ReadonlyMap<string, MethodSeries>): Metric[] {
  const counter = (name: string, help: string, read: (series: MethodSeries) => number): Metric => ({
    name,
    help,
    type: 'counter',
    *lines() {
      for (const series of all.values()) yield sample(name, series.labels, read(series))
    },
  })
  const handled = `grpc_${role}_handled_total`
  const handling = `grpc_${role}_handling_seconds`
  return [
    counter(`grpc_${role}_started_total`, `Calls that the ${role} has begun.`, ({ started }) => started),
    {
      name: handled,
      help: `Calls that the ${role} has ended, by status.`,
      type: 'counter',
      *lines() {
        for (const series of all.values()) {
          const byName = new Map<string, number>()
          for (const [code, number] of series.handled) {
            const name = codeName(code)
            byName.set(name, (byName.get(name) ?? 0) + number)
          }
          for (const [code, number] of byName) yield sample(handled, `${series.labels},grpc_code="${code}"`, number)
        }
      },
    },
    {
      name: handling,
      help: `Seconds from the begin of a call to its end, streams included, on the ${role}.`,
      type: 'histogram',
      *lines() {
        for (const series of all.values()) {
          if (series.seconds.count > 0) yield* series.seconds.lines(handling, series.labels)
        }
      },
    },
    counter(`grpc_${role}_msg_received_total`, `Messages that the ${role} has received.`, ({ received }) => received),
    counter(`grpc_${role}_msg_sent_total`, `Messages that the ${role} has sent.`, ({ sent }) => sent),
  ]
}
