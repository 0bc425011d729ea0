import { describe, expect, it } from 'vitest'
import { memoryHost } from '../../../src/compiler/host.ts'
import { loadSchemas } from '../../../src/compiler/load-schemas.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, isRpcError, RpcError } from '../../../src/runtime/core/error.ts'
import type { GenericClient } from '../../../src/runtime/core/generic/generic-client.ts'
import type { JsonValue } from '../../../src/runtime/core/json/json-value.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { createGenericClient, genericHandler, interpretedService } from '../../../src/runtime/thrift/generic.ts'
import { fromBinary, toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import type { ThriftStruct } from '../../../src/runtime/thrift/protocol/protocol.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'

const idl = `
  exception Sold { 1: required string sku, 2: i32 left }
  enum Colour { RED = 1, BLUE = 5 }
  struct Cart { 1: required string id, 2: map<string, i64> lines, 3: Colour colour = Colour.BLUE, 4: binary seal }
  service Shop {
    Cart buy(1: Cart cart, 2: string note) throws (1: Sold sold),
    void forget(1: string id),
    oneway void ring(1: i32 times),
    i64 bind(1: i64 big),
    string then(),
  }
  service Other { string hello() }`

function described(): { Shop: ServiceType; Other: ServiceType } {
  const [file] = loadSchemas({ entries: ['shop.thrift'], host: memoryHost({ 'shop.thrift': idl }) }).schemas
  return { Shop: interpretedService(file!, 'Shop'), Other: interpretedService(file!, 'Other') }
}

const rings: number[] = []

async function generatedServer(): Promise<{
  server: Server
  port: number
  module: Awaited<ReturnType<typeof generated>>
}> {
  const module = await generated({ 'shop.thrift': idl })
  const server = new Server({ onError() {} })
  server.add(module['Shop'], {
    async buy(cart: { id: string }, note: string, cx: Context) {
      if (cart.id === 'sold') throw new module['Sold']({ sku: 'x', left: 2 })
      if (cart.id === 'biz') throw new BizError(7, 'no', { a: 'b' })
      if (cart.id === 'slow') await new Promise((resolve) => cx.onCancel(resolve))
      return { ...cart, id: `${cart.id} ${note}` }
    },
    forget() {},
    ring(times: number) {
      rings.push(times)
    },
    bind: (big: bigint) => big + 1n,
    then_: () => 'after',
  } as never)
  server.add(module['Other'], { hello: () => 'hi' } as never)
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port, module }
}

type Way = readonly [name: string, connect: (at: { server: Server; port: number }) => Transport]
const ways: Way[] = [
  ['over TTHeader', ({ port }) => thrift(`127.0.0.1:${port}`)],
  ['over TTHeader compact', ({ port }) => thrift(`127.0.0.1:${port}`, { protocol: 'compact' })],
  ['over a buffered transport', ({ port }) => thrift(`127.0.0.1:${port}`, { transport: 'buffered' })],
  ['in process', ({ server }) => inProcess(server)],
]

describe.each(ways)('a generic client %s', (_, connect) => {
  async function client(): Promise<GenericClient> {
    const at = await generatedServer()
    const transport = connect(at)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const { Shop, Other } = described()
    return createGenericClient([Shop, Other], transport, { timeoutMs: 5_000 })
  }

  it('calls a server with JSON by the names of the IDL', async () => {
    const shop = await client()
    const cart = { id: 'a', lines: { x: '9007199254740993' }, seal: 'AQI=' }
    expect(await shop.call('Shop', 'buy', { cart, note: 'now' })).toEqual({
      id: 'a now',
      lines: { x: '9007199254740993' },
      colour: 'BLUE',
      seal: 'AQI=',
    })
    expect(await shop.call('Shop', 'forget', { id: 'a' })).toBeNull()
    expect(await shop.call('Shop', 'bind', { big: 41 })).toBe('42')
    expect(await shop.call('Shop', 'then', {})).toBe('after')
    expect(await shop.call('Other', 'hello', {})).toBe('hi')
  })

  it('rejects as any client does', async () => {
    const shop = await client()
    const buy = (id: string) => shop.call('Shop', 'buy', { cart: { id }, note: '' })
    await expect(buy('sold')).rejects.toMatchObject({ name: 'Sold', sku: 'x', left: 2 })
    await expect(shop.call('Shop', 'buy', { cart: { id: 'slow' }, note: '' }, { timeoutMs: 30 })).rejects.toMatchObject(
      {
        code: 'DEADLINE_EXCEEDED',
      },
    )
  })

  it('sends a oneway call and does not wait', async () => {
    const shop = await client()
    rings.length = 0
    expect(await shop.call('Shop', 'ring', { times: 3 })).toBeNull()
    await expect.poll(() => rings).toEqual([3])
  })

  it.each<[string, string, string, JsonValue, RegExp, string]>([
    ['a service that is not described', 'Nope', 'buy', {}, /the service Nope is not described/, 'UNIMPLEMENTED'],
    ['a method that is not described', 'Shop', 'sell', {}, /the method Shop.sell is not described/, 'UNIMPLEMENTED'],
    ['a value that does not fit', 'Shop', 'bind', { big: 'x' }, /shop.Shop.bind_args.big: "x"/, 'INVALID_ARGUMENT'],
    ['a required member that is missing', 'Shop', 'buy', { cart: {} }, /shop.Cart.id is required/, 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_title, service, method, request, message, code) => {
    const error = await (await client()).call(service, method, request).catch((reason: unknown) => reason)
    expect(isRpcError(error)).toBe(true)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

describe('a generic client in bytes', () => {
  it.each(['binary', 'compact', 'in process'] as const)(
    'needs no IDL, and moves results and exceptions whole over %s',
    async (protocol) => {
      const { server, port, module } = await generatedServer()
      const transport = protocol === 'in process' ? inProcess(server) : thrift(`127.0.0.1:${port}`, { protocol })
      onCleanup(() => transport.close({ drainMs: 0 }))
      const client = createGenericClient([], transport, { timeoutMs: 5_000 })
      const buy = module['Shop'].methods[0] as { request: ThriftStruct; response: ThriftStruct }
      const ask = async (id: string): Promise<unknown> => {
        const bytes = toBinary(buy.request, { cart: { id, lines: { x: 1n }, seal: Uint8Array.of(1) }, note: 'n' })
        return fromBinary(buy.response as ThriftStruct<unknown, never>, await client.callBytes('Shop', 'buy', bytes))
      }
      expect(await ask('a')).toMatchObject({
        success: { id: 'a n', lines: { x: 1n }, colour: 5, seal: Uint8Array.of(1) },
      })
      expect(await ask('sold')).toMatchObject({ sold: { name: 'Sold', sku: 'x' } })
      await expect(ask('biz')).rejects.toMatchObject({ status: 7, extra: { a: 'b' } })
      rings.length = 0
      const times = Uint8Array.of(8, 0, 1, 0, 0, 0, 9, 0)
      expect(await client.callBytes('Shop', 'ring', times, { oneway: true })).toEqual(new Uint8Array(0))
      await expect.poll(() => rings).toEqual([9])
    },
  )

  it.each<[string, unknown]>([
    ['are cut off', Uint8Array.of(8, 0, 1, 0)],
    ['go on after the struct', Uint8Array.of(0, 0)],
    ['are none', 'text'],
  ])('refuses bytes that %s before they are sent', async (_, bytes) => {
    const { port } = await generatedServer()
    const transport = thrift(`127.0.0.1:${port}`)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const client = createGenericClient([], transport)
    await expect(client.callBytes('Shop', 'buy', bytes as Uint8Array)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('not a struct in the binary protocol'),
    })
  })

  it('has no streams', async () => {
    const { server } = await generatedServer()
    const client = createGenericClient([], inProcess(server))
    const next = client.streamBytes('Shop', 'buy', Uint8Array.of(0))[Symbol.asyncIterator]().next()
    await expect(next).rejects.toThrow('Thrift has no streams')
  })
})

describe('a generic handler', () => {
  it('answers every method of a described service in JSON, as a generated client sees it', async () => {
    const { Shop } = described()
    const Sold = Shop.methods[0]!.throws![0]!.type as new (init: object) => Error
    const heard: [string, JsonValue][] = []
    const server = new Server({ onError() {} }).add(
      Shop,
      genericHandler(Shop, async (cx, request) => {
        heard.push([cx.method.name, request as JsonValue])
        const { cart } = request as { cart?: { id: string } }
        if (cart?.id === 'sold') throw new Sold({ sku: 'y' })
        if (cart?.id === 'rpc') throw new RpcError('NOT_FOUND', 'no such cart')
        if (cart?.id === 'wrong') return { nonsense: true }
        if (cart !== undefined) return { id: 'made', lines: { z: '5' } }
        return cx.method.name === 'bind' ? '77' : undefined
      }),
    )
    const { port } = await server.listen('127.0.0.1:0')
    const transport = thrift(`127.0.0.1:${port}`)
    onCleanup(() => server.close({ drainMs: 0 }))
    onCleanup(() => transport.close({ drainMs: 0 }))
    const module = await generated({ 'shop.thrift': idl })
    const client = createClient(module['Shop'], transport) as unknown as {
      buy(cart: object, note: string): Promise<unknown>
      forget(id: string): Promise<void>
      bind(big: bigint): Promise<bigint>
    }
    expect(await client.buy({ id: 'a', lines: { q: 2n } }, 'n')).toEqual({
      id: 'made',
      lines: { z: 5n },
      colour: 5,
      seal: new Uint8Array(0),
    })
    expect(heard).toEqual([['buy', { cart: { id: 'a', lines: { q: '2' }, colour: 'BLUE', seal: '' }, note: 'n' }]])
    expect(await client.forget('a')).toBeUndefined()
    expect(await client.bind(1n)).toBe(77n)
    await expect(client.buy({ id: 'sold' }, '')).rejects.toBeInstanceOf(module['Sold'])
    await expect(client.buy({ id: 'rpc' }, '')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(client.buy({ id: 'wrong' }, '')).rejects.toMatchObject({ code: 'INTERNAL', message: 'internal error' })
  })

  it('is for Thrift services here', () => {
    const { Shop } = described()
    expect(() => genericHandler({ ...Shop, methods: [], idl: 'protobuf' }, () => null)).toThrow(TypeError)
  })
})
