import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { UnknownCall } from '../../../src/runtime/core/router.ts'
import type { UnknownHandler } from '../../../src/runtime/core/server/unknown-service.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { createGenericClient as grpcClient } from '../../../src/runtime/grpc/generic.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { createGenericClient as thriftClient } from '../../../src/runtime/thrift/generic.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'
import { all } from '../../support/settle.ts'

async function serverOf(
  unknown: UnknownHandler | undefined,
  options: ServerOptions = {},
): Promise<{ server: Server; port: number }> {
  const server = new Server({ onError() {}, ...options, unknown })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port }
}

function overThrift(port: number, options: ThriftOptions = {}): ReturnType<typeof thriftClient> {
  const transport = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return thriftClient([], transport, { timeoutMs: 5_000 })
}

function overGrpc(port: number): ReturnType<typeof grpcClient> {
  const transport = grpc(`127.0.0.1:${port}`)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return grpcClient([], transport, { timeoutMs: 5_000 })
}

/** `1: i32 7`, and nothing. */
const seven = Uint8Array.of(8, 0, 1, 0, 0, 0, 7, 0)
const empty = Uint8Array.of(0)

async function* sending(...values: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* values
}

describe('the answer of unknown calls', () => {
  it.each<[string, ThriftOptions, string]>([
    ['TTHeader', {}, 'Shop'],
    ['TTHeader compact', { protocol: 'compact' }, 'Shop'],
    ['multiplexed', { connections: 'multiplexed' }, 'Shop'],
    ['framed', { transport: 'framed' }, ''],
    ['buffered compact', { transport: 'buffered', protocol: 'compact' }, ''],
  ])('gets and gives Thrift structs in bytes over %s', async (_, options, service) => {
    const calls: string[] = []
    const { port } = await serverOf(async (cx, request) => {
      calls.push(`${cx.service.idl} ${cx.service.fullName}.${cx.method.name} ${cx.method.kind}`)
      return request
    })
    const client = overThrift(port, options)
    expect(await client.callBytes('Shop', 'buy', seven)).toEqual(seven)
    await client.callBytes('Shop', 'ring', empty, { oneway: true })
    await expect.poll(() => calls).toEqual([`thrift ${service}.buy unary`, `thrift ${service}.ring oneway`])
  })

  it('gets and gives gRPC messages in bytes, whatever the kind of the call', async () => {
    const calls: string[] = []
    const { port } = await serverOf(async (cx, request) => {
      calls.push(`${cx.service.idl} ${cx.service.fullName} ${cx.service.name} ${cx.method.name}`)
      return request
    })
    const client = overGrpc(port)
    expect(await client.callBytes('shop.v1.Shop', 'Buy', seven)).toEqual(seven)
    expect(await all(client.streamBytes('shop.v1.Shop', 'Talk', sending(seven, empty)))).toEqual([seven, empty])
    expect(calls).toEqual(['protobuf shop.v1.Shop Shop Buy', 'protobuf shop.v1.Shop Shop Talk'])
  })

  it('stands inside the layers of the server, beside the services that are registered', async () => {
    const { Shop } = await generated({ 'shop.thrift': 'service Shop { i32 known() }' })
    const seen: string[] = []
    const layers: ServerOptions['layers'] = [
      (next) => (cx, request) => {
        seen.push(cx.method.name)
        return next(cx, request)
      },
    ]
    const { server, port } = await serverOf(async () => empty, { layers })
    server.add(Shop, { known: () => 5 } as never)
    const client = overThrift(port)
    expect(await client.callBytes('Shop', 'known', empty)).toEqual(Uint8Array.of(8, 0, 0, 0, 0, 0, 5, 0))
    expect(await client.callBytes('Shop', 'unknown', empty)).toEqual(empty)
    expect(await client.callBytes('Elsewhere', 'known', empty)).toEqual(empty)
    expect(seen).toEqual(['known', 'unknown', 'known'])
  })

  it('may fail as any handler does', async () => {
    const reported: unknown[] = []
    const { port } = await serverOf(
      async (cx) => {
        if (cx.method.name === 'bug') throw new TypeError('secret')
        if (cx.method.name === 'broken') return Uint8Array.of(8, 0)
        throw new RpcError('PERMISSION_DENIED', 'not you')
      },
      { onError: (error) => reported.push((error as Error).message) },
    )
    const client = overThrift(port)
    await expect(client.callBytes('Shop', 'buy', empty)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(client.callBytes('Shop', 'bug', empty)).rejects.toMatchObject({ message: 'internal error' })
    await expect(client.callBytes('Shop', 'broken', empty)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(overGrpc(port).callBytes('shop.Shop', 'Buy', empty)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    expect(reported).toEqual(['secret', 'not a struct in the binary protocol: it is cut off or malformed'])
  })

  it('is decoded by a description where there is one, and refuses methods that it does not have', async () => {
    const shop = await generated({ 'shop.thrift': 'service Shop { string buy(1: i32 count, 2: string what) }' })
    const fleet = await generated({
      'fleet.proto':
        'syntax = "proto3"; package f; message A { string id = 1; } service Fleet { rpc Get(A) returns (A); }',
    })
    const types: Record<string, ServiceType> = { Shop: shop['Shop'], 'f.Fleet': fleet['Fleet'] }
    const asked: UnknownCall[] = []
    const { port } = await serverOf({
      describe(call) {
        asked.push(call)
        return types[call.service]
      },
      handle: async (cx: Context, request: unknown) => {
        if (cx.service.idl === 'protobuf') return { id: `${(request as { id: string }).id}!` }
        const { count, what } = request as { count: number; what: string }
        return what.repeat(count)
      },
    })
    const wire = thrift(`127.0.0.1:${port}`)
    const http2 = grpc(`127.0.0.1:${port}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    onCleanup(() => http2.close())
    const buyer = createClient(shop['Shop'], wire) as unknown as { buy(count: number, what: string): Promise<string> }
    expect(await buyer.buy(3, 'ab')).toBe('ababab')
    const getter = createClient(fleet['Fleet'], http2) as unknown as { get(a: object): Promise<{ id: string }> }
    expect(await getter.get({ id: 'x' })).toEqual({ id: 'x!' })
    expect(asked).toEqual([
      { idl: 'thrift', service: 'Shop', method: 'buy', oneway: false },
      { idl: 'protobuf', service: 'f.Fleet', method: 'Get', oneway: false },
    ])
    const refused = overThrift(port).callBytes('Shop', 'sell', empty)
    await expect(refused).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
  })

  it('is UNIMPLEMENTED without a handler', async () => {
    const { port } = await serverOf(undefined)
    await expect(overThrift(port).callBytes('Shop', 'buy', empty)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
    await expect(overGrpc(port).callBytes('shop.Shop', 'Buy', empty)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
  })

  it('holds no memory for the names that peers make up', async () => {
    const { server, port } = await serverOf(async (_, request) => request)
    const client = overGrpc(port)
    for (let i = 0; i < 50; i++) await client.callBytes(`made.Up${i}`, 'Call', empty)
    expect(server.router.services).toEqual([])
    expect(server.router.find('protobuf', 'made.Up1', 'Call')).toBeUndefined()
  })
})
