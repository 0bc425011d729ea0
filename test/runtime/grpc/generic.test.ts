import { describe, expect, it } from 'vitest'
import { memoryHost } from '../../../src/compiler/host.ts'
import { loadSchemas } from '../../../src/compiler/load-schemas.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { GenericClient } from '../../../src/runtime/core/generic/generic-client.ts'
import type { JsonValue } from '../../../src/runtime/core/json/json-value.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { createGenericClient, genericHandler, interpretedService } from '../../../src/runtime/grpc/generic.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'
import { all } from '../../support/settle.ts'

const idl = `
  syntax = "proto3";
  package fleet.v1;
  import "google/protobuf/timestamp.proto";
  message Vehicle { string id = 1; google.protobuf.Timestamp seen_at = 2; uint64 metres = 3; }
  service Fleet {
    rpc Get(Vehicle) returns (Vehicle);
    rpc List(Vehicle) returns (stream Vehicle);
    rpc Record(stream Vehicle) returns (Vehicle);
    rpc Talk(stream Vehicle) returns (stream Vehicle);
  }`
const seen = { seenAt: '2024-01-02T03:04:05.500Z' }

function described(): ServiceType {
  const [file] = loadSchemas({ entries: ['fleet.proto'], host: memoryHost({ 'fleet.proto': idl }) }).schemas
  return interpretedService(file!, 'Fleet')
}

interface Vehicle {
  readonly id: string
  readonly metres?: bigint
}

async function listening(server: Server): Promise<number> {
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return port
}

async function generatedServer(): Promise<{ server: Server; port: number; Fleet: ServiceType }> {
  const { Fleet } = await generated({ 'fleet.proto': idl })
  const server = new Server({ onError() {} })
  server.add(Fleet, {
    get(vehicle: Vehicle) {
      if (vehicle.id === 'none') throw new RpcError('NOT_FOUND', 'no such vehicle')
      return { ...vehicle, metres: 2n ** 63n }
    },
    async *list({ id }: Vehicle) {
      for (let i = 0; i < 3; i++) yield { id: `${id}${i}` }
    },
    async record(vehicles: AsyncIterable<Vehicle>) {
      let id = ''
      for await (const one of vehicles) id += one.id
      return { id }
    },
    async *talk(vehicles: AsyncIterable<Vehicle>) {
      for await (const one of vehicles) yield { id: `${one.id}!` }
    },
  } as never)
  return { server, port: await listening(server), Fleet }
}

async function* sending<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

type Way = readonly [name: string, connect: (at: { server: Server; port: number }) => Transport]
const ways: Way[] = [
  ['over gRPC', ({ port }) => grpc(`127.0.0.1:${port}`)],
  ['in process', ({ server }) => inProcess(server)],
]

describe.each(ways)('a generic client %s', (_, connect) => {
  async function client(): Promise<GenericClient> {
    const transport = connect(await generatedServer())
    onCleanup(() => transport.close({ drainMs: 0 }))
    return createGenericClient([described()], transport, { timeoutMs: 5_000 })
  }

  it('calls all four kinds of methods in ProtoJSON', async () => {
    const fleet = await client()
    expect(await fleet.call('Fleet', 'Get', { id: 'a', ...seen })).toEqual({
      id: 'a',
      ...seen,
      metres: '9223372036854775808',
    })
    expect(await all(fleet.stream('fleet.v1.Fleet', 'List', { id: 'v' }))).toEqual([
      { id: 'v0' },
      { id: 'v1' },
      { id: 'v2' },
    ])
    expect(await fleet.call('Fleet', 'Record', sending<JsonValue>({ id: 'a' }, { id: 'b' }))).toEqual({ id: 'ab' })
    expect(await fleet.call('Fleet', 'Record', { id: 'one' })).toEqual({ id: 'one' })
    expect(await all(fleet.stream('Fleet', 'Talk', sending<JsonValue>({ id: 'a' }, { id: 'b' })))).toEqual([
      { id: 'a!' },
      { id: 'b!' },
    ])
  })

  it('rejects as any client does, and says which function a method needs', async () => {
    const fleet = await client()
    await expect(fleet.call('Fleet', 'Get', { id: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(fleet.call('Fleet', 'List', {})).rejects.toThrow(
      'Fleet.List streams its answers: use stream, not call',
    )
    await expect(all(fleet.stream('Fleet', 'Get', {}))).rejects.toThrow('Fleet.Get answers once: use call, not stream')
    await expect(all(fleet.stream('Fleet', 'Nope', {}))).rejects.toThrow('the method Fleet.Nope is not described')
    await expect(fleet.call('Fleet', 'Get', sending<JsonValue>({}))).rejects.toThrow(
      'Get takes one request, not a stream',
    )
    await expect(fleet.call('Fleet', 'Get', { metres: -1 })).rejects.toThrow('fleet.v1.Vehicle.metres')
  })
})

describe('a generic client in bytes', () => {
  it.each(ways)('needs no IDL %s', async (_, connect) => {
    const at = await generatedServer()
    const { Fleet } = at
    const transport = connect(at)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const fleet = createGenericClient([], transport, { timeoutMs: 5_000 })
    const type = Fleet.methods[0]!.request
    const bytes = (id: string): Uint8Array => type.toBytes!({ id })
    const idOf = (message: Uint8Array): string => (type.fromBytes!(message) as Vehicle).id
    const name = 'fleet.v1.Fleet'
    expect(idOf(await fleet.callBytes(name, 'Get', bytes('x')))).toBe('x')
    expect(idOf(await fleet.callBytes(name, 'Record', sending(bytes('x'), bytes('y'))))).toBe('xy')
    expect((await all(fleet.streamBytes(name, 'List', bytes('v')))).map(idOf)).toEqual(['v0', 'v1', 'v2'])
    expect((await all(fleet.streamBytes(name, 'Talk', sending(bytes('p'), bytes('q'))))).map(idOf)).toEqual([
      'p!',
      'q!',
    ])
    await expect(fleet.callBytes(name, 'Get', 'text' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('takes the name of a described service in short', async () => {
    const { port } = await generatedServer()
    const transport = grpc(`127.0.0.1:${port}`)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const service = described()
    const fleet = createGenericClient([service], transport, { timeoutMs: 5_000 })
    const answer = await fleet.callBytes('Fleet', 'Get', service.methods[0]!.request.toBytes!({ id: 's' }))
    expect(service.methods[0]!.response.fromBytes!(answer)).toMatchObject({ id: 's' })
    await expect(fleet.callBytes('Fleet', 'List', new Uint8Array(0))).rejects.toThrow('use streamBytes')
  })
})

describe('a generic handler', () => {
  it('answers all four kinds of methods in ProtoJSON, as a generated client sees it', async () => {
    const service = described()
    const server = new Server({ onError() {} }).add(
      service,
      genericHandler(service, (cx, request) => {
        switch (cx.method.name) {
          case 'List':
            return sending<JsonValue>(request as JsonValue, seen)
          case 'Talk':
            return request as AsyncIterable<JsonValue>
          case 'Record':
            return all(request as AsyncIterable<JsonValue>).then((list) => ({ id: JSON.stringify(list) }))
          default:
            return request as JsonValue
        }
      }),
    )
    const transport = grpc(`127.0.0.1:${await listening(server)}`)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const { Fleet } = await generated({ 'fleet.proto': idl })
    const client = createClient(Fleet, transport) as unknown as Record<string, (request: unknown) => unknown>
    expect(await client['get']!({ id: 'a', metres: 5n })).toEqual({ id: 'a', seenAt: undefined, metres: 5n })
    const listed = await all(client['list']!({ id: 'a' }) as AsyncIterable<Vehicle>)
    expect(listed.map(({ id }) => id)).toEqual(['a', ''])
    expect(await client['record']!([{ id: 'a' }, { id: 'b' }])).toMatchObject({ id: '[{"id":"a"},{"id":"b"}]' })
    const talked = await all(client['talk']!([{ id: 'a' }]) as AsyncIterable<Vehicle>)
    expect(talked.map(({ id }) => id)).toEqual(['a'])
  })
})
