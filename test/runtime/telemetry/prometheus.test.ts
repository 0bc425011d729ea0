/** prometheus(): what a server and its clients tell Prometheus. */

import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import {
  type Prometheus,
  type PrometheusOptions,
  prometheus,
} from '../../../src/runtime/telemetry/prometheus/prometheus.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import {
  type EchoClient as ThriftClient,
  Echo as ThriftEcho,
  echoHandler as thriftHandler,
} from '../../support/echo-service.ts'
import { all, rejection } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../grpc/echo.ts'

/** The values of the samples, by name and labels. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('#')) continue
    const match = /^([a-z_0-9]+(?:\{.*\})?) (\S+)$/.exec(line)
    expect(line).toBe(match?.[0])
    expect(found.has(match![1]!)).toBe(false)
    found.set(match![1]!, Number(match![2]))
  }
  return found
}

interface Setup {
  readonly metrics: Prometheus
  readonly client: EchoClient
  readonly thriftClient: ThriftClient
  readonly address: string
  readonly server: Server
}

async function setUp(handler: Partial<EchoHandler> = {}, options: PrometheusOptions = {}): Promise<Setup> {
  const metrics = prometheus(options)
  onCleanup(() => metrics.close())
  const server = new Server({ layers: [metrics.layer], onError: () => {} })
    .add(Echo, { ...echoHandler, ...handler })
    .add(ThriftEcho, thriftHandler())
  const { address } = await server.listen('127.0.0.1:0')
  const transports = [grpc(address), thrift(address, { caller: 'shop' })] as const
  onCleanup(async () => {
    for (const transport of transports) await transport.close({ drainMs: 0 })
    await server.close({ drainMs: 0 })
  })
  metrics.watchServer(server)
  metrics.watchTransport('echo', transports[0])
  metrics.watchTransport('thrift "echo"', transports[1])
  const layers = [metrics.layer]
  return {
    metrics,
    server,
    address,
    client: createClient(Echo, transports[0], { layers }),
    thriftClient: createClient(ThriftEcho, transports[1], { layers, caller: 'shop' }),
  }
}

describe('prometheus()', () => {
  it('counts calls under the names of the gRPC ecosystem, for both IDLs and both sides', async () => {
    const failures: Record<string, unknown> = {
      a: new RpcError('NOT_FOUND', 'no'),
      b: new RpcError('CANCELLED', 'no'),
      c: new BizError(1, 'no'),
    }
    const { metrics, client, thriftClient } = await setUp({
      unary(request) {
        if (failures[request.text] !== undefined) throw failures[request.text]
        return request
      },
    })
    for (const text of ['ok', 'ok', 'a', 'b', 'c']) await client.unary({ text }).catch(() => {})
    expect(await all(client.chat([{ text: 'a' }, { text: 'b' }]))).toHaveLength(2)
    await thriftClient.echo('a')
    const found = samples(metrics.text())
    const unary = 'grpc_type="unary",grpc_service="test.Echo",grpc_method="Unary"'
    const chat = 'grpc_type="bidi_stream",grpc_service="test.Echo",grpc_method="Chat"'
    for (const side of ['server', 'client']) {
      expect(found.get(`grpc_${side}_started_total{${unary}}`)).toBe(5)
      expect(found.get(`grpc_${side}_handled_total{${unary},grpc_code="OK"}`)).toBe(3)
      expect(found.get(`grpc_${side}_handled_total{${unary},grpc_code="NotFound"}`)).toBe(1)
      expect(found.get(`grpc_${side}_handled_total{${unary},grpc_code="Canceled"}`)).toBe(1)
      expect(found.get(`grpc_${side}_handling_seconds_count{${unary}}`)).toBe(5)
      expect(found.get(`grpc_${side}_handling_seconds_bucket{${unary},le="+Inf"}`)).toBe(5)
      expect(found.get(`grpc_${side}_msg_received_total{${chat}}`)).toBe(2)
      expect(found.get(`grpc_${side}_msg_sent_total{${chat}}`)).toBe(2)
      expect(
        found.get(
          `grpc_${side}_handled_total{grpc_type="unary",grpc_service="Echo",grpc_method="echo",grpc_code="OK"}`,
        ),
      ).toBe(1)
    }
  })

  it('counts under the names of Kitex', async () => {
    const { metrics, client, thriftClient } = await setUp(
      {
        unary() {
          throw new RpcError('UNAVAILABLE', 'no')
        },
      },
      { names: 'kitex' },
    )
    await thriftClient.echo('a')
    await rejection(client.unary({ text: 'a' }))
    const found = samples(metrics.text())
    const echo = 'caller="shop",callee="Echo",method="echo",status="succeed",retry="0"'
    expect(found.get(`kitex_server_throughput{${echo}}`)).toBe(1)
    expect(found.get(`kitex_client_throughput{${echo}}`)).toBe(1)
    expect(found.get(`kitex_server_latency_us_bucket{${echo},le="1000000"}`)).toBe(1)
    const unary = 'caller="unknown",callee="Echo",method="Unary",status="error",retry="0"'
    expect(found.get(`kitex_server_throughput{${unary}}`)).toBe(1)
  })

  it('tells of servers, transports and the process', async () => {
    let release = (): void => {}
    const { metrics, client, thriftClient } = await setUp({
      unary: (request) =>
        new Promise((resolve) => {
          release = () => resolve(request)
        }),
    })
    await thriftClient.echo('a')
    const call = client.unary({ text: 'a' })
    await expect.poll(() => samples(metrics.text()).get('volo_server_calls_in_flight{server="default"}')).toBe(1)
    const found = samples(metrics.text())
    expect(found.get('volo_server_connections{server="default",wire="grpc"}')).toBe(1)
    expect(found.get('volo_server_connections{server="default",wire="thrift"}')).toBe(1)
    expect(found.get('volo_client_state{transport="echo",state="READY"}')).toBe(1)
    expect(found.get('volo_client_connections{transport="echo"}')).toBe(1)
    expect(found.get('volo_client_opened{transport="thrift \\"echo\\""}')).toBe(1)
    expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(found.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
    release()
    await call
  })

  it('has no series without bound: unknown methods of peers are one', async () => {
    const { metrics, address, server } = await setUp({}, { maxMethods: 2 })
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    for (let i = 0; i < 5; i++) {
      const service = { ...Echo, fullName: `test.Missing${i}`, methods: Echo.methods }
      await rejection(createClient(service as typeof Echo, transport).unary({ text: 'a' }))
      await rejection(createClient(service as typeof Echo, transport, { layers: [metrics.layer] }).unary({ text: 'a' }))
    }
    expect(server.stats().refused).toBe(10)
    const other = [...samples(metrics.text())].filter(([name]) => name.includes('handled_total'))
    expect(other).toEqual([
      [
        'grpc_server_handled_total{grpc_type="unary",grpc_service="_OTHER",grpc_method="_OTHER",grpc_code="Unimplemented"}',
        10,
      ],
      [
        'grpc_client_handled_total{grpc_type="unary",grpc_service="test.Missing0",grpc_method="Unary",grpc_code="Unimplemented"}',
        5,
      ],
    ])
  })

  it('counts calls in process, and refuses buckets that do not ascend', async () => {
    const metrics = prometheus({ buckets: [1, 2] })
    onCleanup(() => metrics.close())
    const client = createClient(Echo, inProcess(new Server().add(Echo, echoHandler)), { layers: [metrics.layer] })
    await client.unary({ text: 'a' })
    const buckets = [...samples(metrics.text()).keys()].filter((name) => name.includes('_bucket'))
    expect(buckets.map((name) => /le="(.*)"/.exec(name)?.[1])).toEqual(['1', '2', '+Inf'])
    expect(() => prometheus({ buckets: [2, 1] })).toThrow('buckets 2, 1 do not ascend')
  })
})
