/** telemetry() with the real SDK: spans, their parents, attributes and durations, over every wire. */

import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { type TelemetryOptions, telemetry } from '../../../src/runtime/telemetry/opentelemetry/telemetry.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import {
  type EchoClient as ThriftClient,
  Echo as ThriftEcho,
  type EchoHandler as ThriftHandler,
  echoHandler as thriftHandler,
} from '../../support/echo-service.ts'
import { all, rejection } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../grpc/echo.ts'

const exporter = new InMemorySpanExporter()

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
const reader = new Reader()

function registerSdk(): void {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
}

beforeEach(() => exporter.reset())
afterAll(() => {
  for (const api of [trace, metrics, context, propagation]) api.disable()
})

const spans = (kind?: SpanKind): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => kind === undefined || span.kind === kind)

/** The one span of a kind. */
function only(kind: SpanKind): ReadableSpan {
  const found = spans(kind)
  expect(found).toHaveLength(1)
  return found[0]!
}

async function serve(server: Server): Promise<string> {
  onCleanup(() => server.close({ drainMs: 0 }))
  return (await server.listen('127.0.0.1:0')).address
}

interface Both {
  readonly client: EchoClient
  readonly thriftClient: ThriftClient
  readonly address: string
}

/** One server with both services, and clients of both. */
async function both(
  handler: Partial<EchoHandler> = {},
  ofThrift: Partial<ThriftHandler> = {},
  options: ClientOptions = {},
  telemetryOptions: TelemetryOptions = {},
): Promise<Both> {
  const server = new Server({ layers: [telemetry(telemetryOptions)], onError: () => {} })
    .add(Echo, { ...echoHandler, ...handler })
    .add(ThriftEcho, thriftHandler(ofThrift))
  const address = await serve(server)
  const transports = [grpc(address), thrift(address)] as const
  for (const transport of transports) onCleanup(() => transport.close({ drainMs: 0 }))
  const layers = [telemetry(telemetryOptions), ...(options.layers ?? [])]
  return {
    client: createClient(Echo, transports[0], { ...options, layers } as ClientOptions<EchoClient>),
    thriftClient: createClient(ThriftEcho, transports[1], { ...options, layers } as ClientOptions<ThriftClient>),
    address,
  }
}

describe('telemetry()', () => {
  it('passes calls through while no SDK is registered, and records them from then on', async () => {
    const { client } = await both()
    expect((await client.unary({ text: 'a' })).text).toBe('a')
    expect(spans()).toEqual([])
    registerSdk()
    await client.unary({ text: 'a' })
    expect(spans().map(({ name }) => name)).toEqual(['test.Echo/Unary', 'test.Echo/Unary'])
  })

  it('makes one trace of a client and a server, with the attributes of the conventions', async () => {
    const { client, address } = await both()
    await client.unary({ text: 'a' }, { timeoutMs: 5000 })
    const [sent, received] = [only(SpanKind.CLIENT), only(SpanKind.SERVER)]
    expect(received.parentSpanContext?.spanId).toBe(sent.spanContext().spanId)
    expect(received.parentSpanContext?.isRemote).toBe(true)
    expect(received.spanContext().traceId).toBe(sent.spanContext().traceId)
    const [host, port] = address.split(':')
    expect(sent.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': 'test.Echo/Unary',
      'rpc.response.status_code': 'OK',
      'volo.deadline_ms': expect.any(Number),
      'network.transport': 'tcp',
      'network.peer.address': host,
      'network.peer.port': Number(port),
      'server.address': host,
      'server.port': Number(port),
    })
    expect(received.attributes['volo.deadline_ms']).toBeLessThanOrEqual(5000)
    expect(received.attributes).not.toHaveProperty('server.address')
    expect(sent.status.code).toBe(SpanStatusCode.UNSET)
  })

  it('is one trace through gRPC, Thrift and in-process calls, with baggage', async () => {
    const heard: (string | undefined)[] = []
    const note = (): void => {
      heard.push(propagation.getActiveBaggage()?.getEntry('tenant')?.value)
    }
    const last = new Server({ layers: [telemetry()] }).add(Echo, {
      ...echoHandler,
      unary(request) {
        note()
        return request
      },
    })
    const local = createClient(Echo, inProcess(last), { layers: [telemetry()] })
    const { thriftClient } = await both(
      {},
      {
        async echo(text) {
          note()
          await new Promise((resolve) => setTimeout(resolve, 1))
          return (await local.unary({ text })).text
        },
      },
    )
    const { client } = await both({
      async unary({ text }) {
        note()
        return { text: await thriftClient.echo(text) }
      },
    })
    const baggage = propagation.createBaggage({ tenant: { value: 'blue' } })
    await context.with(propagation.setBaggage(context.active(), baggage), () => client.unary({ text: 'a' }))
    expect(heard).toEqual(['blue', 'blue', 'blue'])
    const finished = spans()
    expect(finished).toHaveLength(6)
    expect(new Set(finished.map((span) => span.spanContext().traceId)).size).toBe(1)
    // Innermost first: each is the child of the next.
    finished.forEach((span, i) => {
      expect(span.parentSpanContext?.spanId).toBe(finished[i + 1]?.spanContext().spanId)
    })
    expect(finished.map((span) => span.attributes['network.transport'])).toEqual([
      'inproc',
      'inproc',
      'tcp',
      'tcp',
      'tcp',
      'tcp',
    ])
  })

  it('reads the trace context where a peer of another make wrote it: metainfo over both wires', async () => {
    const { address } = await both()
    const transport = thrift(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const bare = createClient(ThriftEcho, transport)
    const trace1 = '0af7651916cd43dd8448eb211c80319c'
    for (const key of ['traceparent', 'TRACEPARENT']) {
      exporter.reset()
      await bare.echo('a', { metainfo: { transient: { [key]: `00-${trace1}-b7ad6b7169203331-01` } } } as never)
      expect(only(SpanKind.SERVER).spanContext().traceId).toBe(trace1)
    }
  })

  it('keeps the span active in the streams of handlers and callers', async () => {
    const seen: (string | undefined)[] = []
    const look = (): void => {
      seen.push(trace.getActiveSpan()?.spanContext().spanId)
    }
    const { client } = await both({
      async *chat(requests) {
        look()
        for await (const note of requests) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          look()
          yield note
        }
        look()
      },
    })
    const answers = await all(client.chat([{ text: 'a' }, { text: 'b' }]))
    expect(answers).toHaveLength(2)
    const id = only(SpanKind.SERVER).spanContext().spanId
    expect(seen).toEqual([id, id, id, id])
  })

  it('tells failures by the rules for servers and for clients', async () => {
    const failures: Record<string, unknown> = {
      a: new RpcError('NOT_FOUND', 'no such note'),
      b: new RpcError('UNAVAILABLE', 'later'),
      c: new BizError(1234, 'sold out'),
      d: new TypeError('a mistake'),
    }
    const { client } = await both({
      unary({ text }) {
        throw failures[text]
      },
    })
    const outcomes: unknown[] = []
    for (const text of Object.keys(failures)) {
      exporter.reset()
      await rejection(client.unary({ text }))
      for (const span of [only(SpanKind.SERVER), only(SpanKind.CLIENT)]) {
        const { attributes, status, events } = span
        const { 'rpc.response.status_code': code, 'error.type': type } = attributes
        outcomes.push([text, code, type, status.code === SpanStatusCode.ERROR, events.map(({ name }) => name)])
      }
    }
    expect(outcomes).toEqual([
      ['a', 'NOT_FOUND', 'NOT_FOUND', false, []],
      ['a', 'NOT_FOUND', 'NOT_FOUND', true, []],
      ['b', 'UNAVAILABLE', 'UNAVAILABLE', true, []],
      ['b', 'UNAVAILABLE', 'UNAVAILABLE', true, []],
      ['c', 'OK', 'BIZ', false, []],
      ['c', 'OK', 'BIZ', false, []],
      ['d', 'INTERNAL', 'TypeError', true, ['exception']],
      ['d', 'INTERNAL', 'INTERNAL', true, []],
    ])
  })

  it.each(['gRPC', 'Thrift'] as const)(
    'has one span per attempt of a call that is tried again over %s',
    async (wire) => {
      let count = 0
      const failing = (): void => {
        if (++count < 3) throw new RpcError('UNAVAILABLE', 'later')
      }
      const layers = [retry({ attempts: 3, idempotent: true, backoff: { initialMs: 0 } })]
      const { client, thriftClient } = await both(
        {
          unary(request) {
            failing()
            return request
          },
        },
        {
          echo(text) {
            failing()
            return text
          },
        },
        { layers },
      )
      if (wire === 'gRPC') await client.unary({ text: 'a' })
      else await thriftClient.echo('a')
      const sent = spans(SpanKind.CLIENT)
      const call = sent.find((span) => span.attributes['volo.attempt'] === undefined)!
      const attempts = sent.filter((span) => span !== call)
      const codes = attempts.map(({ attributes }) => [
        attributes['volo.attempt'],
        attributes['rpc.response.status_code'],
      ])
      expect(codes).toEqual([
        [1, 'UNAVAILABLE'],
        [2, 'UNAVAILABLE'],
        [3, 'OK'],
      ])
      for (const span of attempts) expect(span.parentSpanContext?.spanId).toBe(call.spanContext().spanId)
      expect(attempts.map(({ links }) => links.map((link) => link.context.spanId))).toEqual([
        [],
        [attempts[0]!.spanContext().spanId],
        [attempts[1]!.spanContext().spanId],
      ])
      const parents = spans(SpanKind.SERVER).map((span) => span.parentSpanContext?.spanId)
      expect(parents).toEqual([call, attempts[1]!, attempts[2]!].map((span) => span.spanContext().spanId))
    },
  )

  it('has one span for a call that is made once', async () => {
    const { client } = await both({}, {}, { layers: [retry()] })
    await client.unary({ text: 'a' })
    expect(spans(SpanKind.CLIENT)).toHaveLength(1)
  })

  it('adds events of messages when asked', async () => {
    const { client } = await both({}, {}, {}, { messageEvents: true })
    await all(client.chat([{ text: 'a' }, { text: 'b' }]))
    for (const [kind, first] of [
      [SpanKind.SERVER, 'RECEIVED'],
      [SpanKind.CLIENT, 'SENT'],
    ] as const) {
      const events = only(kind).events.map(
        ({ attributes }) => `${attributes?.['rpc.message.type']} ${attributes?.['rpc.message.id']}`,
      )
      expect(events).toHaveLength(4)
      expect(events[0]).toBe(`${first} 1`)
      expect(new Set(events)).toEqual(new Set(['SENT 1', 'SENT 2', 'RECEIVED 1', 'RECEIVED 2']))
    }
  })

  it('links to callers that are not trusted, and starts a trace of its own', async () => {
    const { client } = await both({}, {}, {}, { trustCallers: false })
    await client.unary({ text: 'a' })
    const [sent, received] = [only(SpanKind.CLIENT), only(SpanKind.SERVER)]
    expect(received.parentSpanContext).toBeUndefined()
    expect(received.spanContext().traceId).not.toBe(sent.spanContext().traceId)
    expect(received.links.map((link) => link.context.spanId)).toEqual([sent.spanContext().spanId])
  })

  it('does not take a span that was active when the connection was made for the parent of its calls', async () => {
    const { client } = await both()
    const tracer = trace.getTracer('test')
    await tracer.startActiveSpan('dial', async (span) => {
      await client.unary({ text: 'a' })
      span.end()
    })
    exporter.reset()
    await client.unary({ text: 'b' })
    expect(only(SpanKind.CLIENT).parentSpanContext).toBeUndefined()
    expect(only(SpanKind.SERVER).spanContext().traceId).toBe(only(SpanKind.CLIENT).spanContext().traceId)
  })
})

describe('the durations', () => {
  interface Point {
    readonly name: string
    readonly count: number
    readonly method: unknown
    readonly code: unknown
    readonly buckets: readonly number[]
  }

  async function points(): Promise<Point[]> {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap(({ metrics: found }) =>
      found.flatMap((metric) =>
        metric.dataPointType === DataPointType.HISTOGRAM
          ? metric.dataPoints.map(({ attributes, value }) => ({
              name: `${metric.descriptor.name} ${metric.descriptor.unit}`,
              count: value.count,
              method: attributes['rpc.method'],
              code: attributes['rpc.response.status_code'],
              buckets: value.buckets.boundaries,
            }))
          : [],
      ),
    )
  }

  it('are histograms in seconds by method and status, on both sides', async () => {
    const { thriftClient } = await both()
    for (let i = 0; i < 3; i++) await thriftClient.echo('a')
    const found = (await points()).filter(({ method, code }) => method === 'Echo/echo' && code === 'OK')
    expect(found.map(({ name }) => name).sort()).toEqual(['rpc.client.call.duration s', 'rpc.server.call.duration s'])
    for (const point of found) {
      expect(point.code).toBe('OK')
      expect(point.buckets[0]).toBe(0.005)
      expect(point.buckets.at(-1)).toBe(10)
    }
  })

  it('have no series without bound: names beyond the limit, and those of refused requests, are _OTHER', async () => {
    const { client } = await both({}, {}, {}, { maxMethods: 1 })
    await client.unary({ text: 'a' })
    exporter.reset()
    await all(client.expand({ text: 'b' }))
    expect(only(SpanKind.CLIENT).name).toBe('_OTHER')
    expect(only(SpanKind.CLIENT).attributes['rpc.method_original']).toBe('test.Echo/Expand')
    const { address } = await both()
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const missing = { ...Echo, fullName: 'test.Missing', methods: Echo.methods }
    await rejection(createClient(missing as typeof Echo, transport).unary({ text: 'a' }))
    const found = (await points()).filter(({ method }) => method === '_OTHER')
    expect(found.map(({ name, code }) => `${name} ${String(code)}`)).toContain(
      'rpc.server.call.duration s UNIMPLEMENTED',
    )
    expect((await points()).some(({ method }) => String(method).includes('Missing'))).toBe(false)
  })
})
