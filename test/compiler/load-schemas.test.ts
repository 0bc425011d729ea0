import { describe, expect, it } from 'vitest'
import { memoryHost } from '../../src/compiler/host.ts'
import { loadSchemas } from '../../src/compiler/load-schemas.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { describeFile } from '../../src/runtime/core/message/describe-file.ts'
import type { FileSchema } from '../../src/runtime/core/message/schema.ts'
import { interpretedService as grpcService } from '../../src/runtime/grpc/generic.ts'
import { readDescription, writeDescription } from '../../src/runtime/thrift/description.ts'
import { interpretedService as thriftService } from '../../src/runtime/thrift/generic.ts'
import { generated } from '../support/generated.ts'

const files = {
  'shop.thrift': `
    include "common.thrift"
    enum Colour { RED = 1, BLUE = 5 }
    exception Sold { 1: required string sku, 2: i32 left = 3, 3: optional string message }
    struct Cart { 1: required string id, 2: map<string, i64> lines, 3: Colour colour = Colour.BLUE, 4: common.Money paid }
    service Shop extends common.Base {
      Cart buy(1: Cart cart, 2: optional string note) throws (1: Sold sold) (idempotent = "true"),
      void forget(1: string id),
      oneway void ring(1: i32 times),
    }`,
  'common.thrift': `
    struct Money { 1: i64 units }
    service Base { string ping() }`,
  'fleet.proto': `
    syntax = "proto3";
    package fleet.v1;
    import "google/protobuf/timestamp.proto";
    message Vehicle { string id = 1; google.protobuf.Timestamp seen_at = 2; }
    service Fleet {
      rpc GetVehicle(Vehicle) returns (Vehicle) { option idempotency_level = NO_SIDE_EFFECTS; }
      rpc WatchAll(stream Vehicle) returns (stream Vehicle);
    }`,
}

function load(entry: keyof typeof files): FileSchema {
  const { schemas, diagnostics } = loadSchemas({ entries: [entry], host: memoryHost(files) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(schemas).toHaveLength(1)
  return schemas[0]!
}

/** All that wires and stubs read of a method but its types, which are compared by what they are called. */
function methodsOf(service: { methods: readonly unknown[] }): unknown[] {
  return (service.methods as Record<string, { typeName: string }>[]).map((method) => {
    const { request, response, throws, ...rest } = method as unknown as Record<string, { typeName: string }>
    const members = (throws as unknown as { member: string }[] | undefined) ?? []
    const settled = { isVoid: false, idempotent: false, ...(rest as object) }
    return {
      ...settled,
      request: request!.typeName,
      response: response!.typeName,
      throws: members.map((one) => one.member),
    }
  })
}

describe('loadSchemas', () => {
  it('gives the description that generated code carries, imported files included', async () => {
    const { $file, Shop } = await generated({
      'shop.thrift': files['shop.thrift'],
      'common.thrift': files['common.thrift'],
    })
    const read = load('shop.thrift')
    expect(describeFile(read)).toEqual(describeFile($file as FileSchema))
    expect(read.imports.map((one) => describeFile(one))).toEqual(
      ($file as FileSchema).imports.map((one) => describeFile(one)),
    )
    expect(methodsOf(thriftService(read, 'Shop'))).toEqual(methodsOf(Shop))
    expect(methodsOf(thriftService(read, 'shop.Shop'))).toEqual(methodsOf(Shop))
  })

  it('agrees with generated code which methods are idempotent, however the annotation is written', async () => {
    const text = `service S {
      void none(), void bare() (idempotent), void yes() (idempotent = "true"), void one() (idempotent = "1"),
      void upper() (Idempotent = "true"), void empty() (idempotent = ""), void no() (idempotent = "false"),
      void odd() (idempotent = "no"), void twice() (idempotent = "false", idempotent = "true"),
    }`
    const { S } = await generated({ 'marks.thrift': text })
    const [file] = loadSchemas({ entries: ['marks.thrift'], host: memoryHost({ 'marks.thrift': text }) }).schemas
    const reflected = readDescription('marks.thrift', writeDescription(file!), () => [])
    type Marked = { methods: readonly { name: string; idempotent?: boolean }[] }
    const marked = ({ methods }: Marked) => methods.filter((one) => one.idempotent).map(({ name }) => name)
    expect(marked(S)).toEqual(['bare', 'yes', 'one', 'upper'])
    expect(marked(thriftService(file!, 'S'))).toEqual(marked(S))
    expect(marked(thriftService(reflected, 'S'))).toEqual(marked(S))
  })

  it('does the same for protobuf, well-known types included', async () => {
    const { Fleet } = await generated({ 'fleet.proto': files['fleet.proto'] })
    const service = grpcService(load('fleet.proto'), 'Fleet')
    expect(methodsOf(service)).toEqual(methodsOf(Fleet))
    expect([service.name, service.fullName, service.idl]).toEqual([Fleet.name, Fleet.fullName, Fleet.idl])
    expect(service.methods[0]?.request.create({ id: 'a', seenAt: { seconds: 5n } })).toEqual({
      id: 'a',
      seenAt: { seconds: 5n, nanos: 0 },
    })
  })

  it('makes exceptions that are Errors with the IDL’s members, told apart by their class', async () => {
    const shop = thriftService(load('shop.thrift'), 'Shop')
    const Sold = shop.methods.find(({ name }) => name === 'buy')!.throws![0]!.type as new (init: object) => Error
    const sold = new Sold({ sku: 'a', message: 'gone' })
    expect(sold).toMatchObject({ name: 'Sold', sku: 'a', left: 3, message: 'gone' })
    expect(sold).toBeInstanceOf(Error)
    expect(() => new Sold({})).toThrow('shop.Sold.sku is required and missing')
    const client = createClient(shop, {
      ping: () => 'pong',
      buy: () => Promise.reject(sold),
      forget() {},
      ring() {},
    }) as unknown as { buy(cart: object): Promise<unknown>; ping(): Promise<string> }
    await expect(client.buy({ id: '1' })).rejects.toBe(sold)
    expect(await client.ping()).toBe('pong')
  })

  it('follows the options that say how values look', () => {
    const options = { int64: 'string', map: 'map', enum: 'string' } as const
    const [file] = loadSchemas({ entries: ['shop.thrift'], host: memoryHost(files), options }).schemas
    const buy = thriftService(file!, 'Shop').methods.find(({ name }) => name === 'buy')!
    expect(buy.request.create({ cart: { id: '1', lines: new Map([['x', '5']]) } })).toMatchObject({
      cart: { lines: new Map([['x', '5']]), colour: 'BLUE' },
    })
  })

  it('tells what is wrong with an IDL, and gives no description then', () => {
    const host = memoryHost({ 'bad.thrift': 'struct A { 1: Missing m }' })
    const { schemas, diagnostics } = loadSchemas({ entries: ['bad.thrift'], host })
    expect(schemas).toEqual([])
    expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-type'])
  })

  it('says which service a file does not declare', () => {
    expect(() => thriftService(load('shop.thrift'), 'Nope')).toThrow('shop.thrift declares no service Nope')
  })
})
