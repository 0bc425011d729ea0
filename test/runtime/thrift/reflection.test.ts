import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateThriftReflection } from '../../../scripts/thrift-reflection.mjs'
import { memoryHost } from '../../../src/compiler/host.ts'
import { loadSchemas } from '../../../src/compiler/load-schemas.ts'
import * as compiler from '../../../src/compiler.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { DeclaredException, isRpcError } from '../../../src/runtime/core/error.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { readDescription, writeDescription } from '../../../src/runtime/thrift/description.ts'
import { ThriftReflection } from '../../../src/runtime/thrift/gen/reflection.ts'
import { createGenericClient, interpretedService } from '../../../src/runtime/thrift/generic.ts'
import { addReflection, reflectServices } from '../../../src/runtime/thrift/reflection.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'

const files = {
  'shop.thrift': `
    include "common.thrift"
    enum Colour { RED = 1, BLUE = 5 }
    exception Sold { 1: required string sku, 2: i32 name, 3: string message }
    union Pay { 1: string card, 2: i64 cash }
    struct Cart {
      1: required string id, 2: map<i32, list<set<i64>>> lines, 3: Colour colour = Colour.BLUE,
      4: common.Money paid = { "units": 9007199254740993 }, 5: Pay pay, 6: binary toString = "ab",
    } (owner = "sales")
    service Shop extends common.Base { Cart buy(1: Cart cart) throws (1: Sold sold), oneway void ring(1: i32 times) }`,
  'common.thrift': `
    struct Money { 1: i64 units }
    service Base { string ping() }`,
}

async function shopServer(): Promise<Server> {
  const { Shop, Sold } = await generated(files, { int64: 'string', naming: 'camel', map: 'map' })
  const server = new Server({ onError() {} })
  addReflection(server)
  server.add(Shop, {
    ping: () => 'pong',
    ring() {},
    buy(cart: { id: string }) {
      if (cart.id === 'sold') throw new Sold({ sku: 's', name_: 3, message: 'gone' })
      return cart
    },
  } as never)
  return server
}

describe('Thrift reflection', () => {
  it.each(['ttheader', 'framed'] as const)('is all that a generic client needs, over %s', async (transport) => {
    const server = await shopServer()
    const { port } = await server.listen('127.0.0.1:0')
    const wire = thrift(`127.0.0.1:${port}`, { transport })
    onCleanup(() => server.close({ drainMs: 0 }))
    onCleanup(() => wire.close({ drainMs: 0 }))
    const services = await reflectServices(wire)
    expect(services.map(({ name }) => name)).toEqual(['ThriftReflection', 'Shop'])
    const client = createGenericClient(services, wire)
    expect(await client.call('Shop', 'ping', {})).toBe('pong')
    const lines = { '7': [['1', '-9223372036854775808'], []] }
    expect(await client.call('Shop', 'buy', { cart: { id: 'a', lines, pay: { cash: 5 } } })).toEqual({
      id: 'a',
      lines,
      colour: 'BLUE',
      paid: { units: '9007199254740993' },
      pay: { cash: '5' },
      toString: 'YWI=',
    })
    const sold = await client.call('Shop', 'buy', { cart: { id: 'sold' } }).catch((error: unknown) => error)
    expect(sold).toBeInstanceOf(DeclaredException)
    expect(sold).toMatchObject({ name: 'Sold', sku: 's', name_: 3, message: 'gone' })
    const itself = await client.call('ThriftReflection', 'listServices', {})
    expect(itself).toEqual([
      { name: 'ThriftReflection', file: 'reflection.thrift' },
      { name: 'Shop', file: 'shop.thrift' },
    ])
  })

  it('describes as the IDL itself does, whatever TypeScript forms the server chose', async () => {
    const server = await shopServer()
    const described = await reflectServices(inProcess(server))
    const [file] = loadSchemas({ entries: ['shop.thrift'], host: memoryHost(files) }).schemas
    const shop = described.find(({ name }) => name === 'Shop')!
    expect(writeDescription(shop.file)).toBe(writeDescription(file!))
    expect(shop.file.imports.map((one) => writeDescription(one))).toEqual(
      file!.imports.map((one) => writeDescription(one)),
    )
    const names = (service: typeof shop): unknown[] =>
      service.methods.map((one) => [one.localName, one.args, one.isVoid])
    expect(names(shop)).toEqual(names(interpretedService(file!, 'Shop')))
  })

  it('describes the services that are asked for, with all that their files include, and no others', async () => {
    const server = await shopServer()
    const reflection = createClient(ThriftReflection, inProcess(server))
    const named = await reflection.describeServices(['Shop'])
    expect(named.map(({ name, includes }) => [name, includes])).toEqual([
      ['shop.thrift', ['common.thrift']],
      ['common.thrift', []],
    ])
    await expect(reflection.describeServices(['Nope'])).rejects.toMatchObject({ name: 'NotReflected', service: 'Nope' })
  })

  it('tells of what the filter lets through, and of services that come later', async () => {
    const { Base } = await generated({ 'common.thrift': files['common.thrift'] })
    const router = createRouter()
    addReflection({ router }, { filter: ({ name }) => name !== 'ThriftReflection' })
    const reflection = createClient(ThriftReflection, inProcess(router))
    expect(await reflection.listServices()).toEqual([])
    router.add(Base, { ping: () => '' } as never)
    expect(await reflection.listServices()).toEqual([{ name: 'Base', file: 'common.thrift' }])
  })

  it('tells two files of one path apart', async () => {
    const one = await generated({ 'a.thrift': 'struct S { 1: i32 x } service One { S get() }' })
    const two = await generated({ 'a.thrift': 'struct S { 1: string y } service Two { S get() }' })
    const router = createRouter()
    addReflection({ router })
    router.add(one['One'], { get: () => ({ x: 1 }) } as never)
    router.add(two['Two'], { get: () => ({ y: 'z' }) } as never)
    const transport = inProcess(router)
    const client = createGenericClient(await reflectServices(transport), transport)
    expect(await client.call('One', 'get', {})).toEqual({ x: 1 })
    expect(await client.call('Two', 'get', {})).toEqual({ y: 'z' })
  })

  it('is UNIMPLEMENTED where a server has it not', async () => {
    await expect(reflectServices(inProcess(createRouter()))).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
  })
})

describe('a description from a peer', () => {
  const whole = { messages: [], enums: [], services: [] }
  const field = { id: 1, name: 'x', presence: 'default', type: { kind: 'scalar', scalar: 'i32' } }
  let nested: object = field.type
  for (let i = 0; i < 100; i++) nested = { kind: 'list', element: nested }

  it.each<[string, unknown, string]>([
    ['no object', [], 'is no object'],
    ['no messages', { ...whole, messages: 1 }, 'has no list messages'],
    [
      'a shape of protobuf',
      { ...whole, messages: [{ kind: 'message' }] },
      '.messages[0] has a kind that is none of struct',
    ],
    ['a field without an id', message({ ...field, id: '1' }), '.messages[0].fields[0] has no integer id'],
    ['an id beyond 16 bits', message({ ...field, id: 70_000 }), 'has no integer id'],
    [
      'a scalar of protobuf',
      message({ ...field, type: { kind: 'scalar', scalar: 'u32' } }),
      '.type has a scalar that is none of',
    ],
    ['types without end', message({ ...field, type: nested }), 'nests deeper than 64'],
    [
      'a method of protobuf',
      { ...whole, services: [{ name: 'S', methods: [{ name: 'm', kind: 'bidi_streaming' }] }] },
      'has a kind',
    ],
  ])('is refused with the place when it holds %s', (_, json, message) => {
    const read = (): unknown => readDescription('a.thrift', JSON.stringify(json), () => [])
    expect(read).toThrow(message)
    expect(read).toThrow('the description of a.thrift')
  })

  it('is refused when it is no JSON', () => {
    expect(() => readDescription('a.thrift', '{', () => [])).toThrow('the description of a.thrift is no JSON')
  })

  it('never names a member after what every object inherits, or what Error has', () => {
    const fields = ['__proto__', 'constructor', 'stack', 'message'].map((name, i) => ({ ...field, id: i, name }))
    const { messages } = readDescription(
      'a',
      JSON.stringify({ ...whole, messages: [{ kind: 'exception', name: 'a.X', fields }] }),
      () => [],
    )
    expect(messages[0]!.fields.map(({ localName }) => localName)).toEqual([
      '__proto___',
      'constructor_',
      'stack_',
      'message_',
    ])
  })

  it('is read, or refused with an RpcError, whatever it is', () => {
    const [file] = loadSchemas({ entries: ['shop.thrift'], host: memoryHost(files) }).schemas
    const text = writeDescription(file!)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(20), (at, put, cut) => {
        try {
          readDescription('a', text.slice(0, at) + put + text.slice(at + cut), () => [])
        } catch (error) {
          if (!isRpcError(error)) throw error
        }
      }),
      { numRuns: 300 },
    )
  })

  it('fails the reflection when it does not hold what it should', async () => {
    const router = createRouter().add(ThriftReflection, {
      listServices: () => [{ name: 'Shop', file: 'shop.thrift' }],
      describeServices: () => [{ name: 'shop.thrift', includes: ['shop.thrift'], description: JSON.stringify(whole) }],
    })
    await expect(reflectServices(inProcess(router))).rejects.toThrow('shop.thrift declares no service Shop')
  })

  function message(of: object): object {
    return { ...whole, messages: [{ kind: 'struct', name: 'a.S', fields: [of] }] }
  }
})

it('is generated from its own IDL', () => {
  for (const { path, text } of generateThriftReflection(compiler) as { path: string; text: string }[]) {
    expect(readFileSync(new URL(`../../../src/runtime/thrift/gen/${path}`, import.meta.url), 'utf8')).toBe(text)
  }
})
