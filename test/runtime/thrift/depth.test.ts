import { beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { forward, interpretedService } from '../../../src/runtime/thrift/generic.ts'
import { BinaryReader } from '../../../src/runtime/thrift/protocol/binary-reader.ts'
import { fromBinary, toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const idl = `
  struct Node { 1: i32 id, 2: optional list<map<string, Node>> below }
  service Trees { i32 depth(1: Node root), Node grow(1: i32 depth), Node echo(1: Node root) }`

interface Node {
  readonly id: number
  readonly below?: readonly Readonly<Record<string, Node>>[]
}

/** The arguments and the result are a struct of their own around it. */
function tree(depth: number): Node {
  let node: Node = { id: 0 }
  for (let i = 1; i < depth; i++) node = { id: i, below: [{ a: node }] }
  return node
}

function depthOf(node: Node): number {
  const below = node.below?.[0]?.['a']
  return below === undefined ? 1 : 1 + depthOf(below)
}

/** What servers have said to `onError`. */
const told: unknown[] = []

const forms = (['ttheader', 'framed', 'buffered'] as const).flatMap((transport) =>
  (['binary', 'compact'] as const).map((protocol) => ({ transport, protocol })),
)

describe.each(['printed', 'interpreted'] as const)('the depth of Thrift messages (%s)', (codec) => {
  let module: GeneratedModule
  let service: never
  beforeAll(async () => {
    module = await generated({ 't.thrift': idl })
    service = (codec === 'printed' ? module['Trees'] : interpretedService(module['$file'], 'Trees')) as never
  })

  async function serve(maxDepth?: number): Promise<number> {
    const server = new Server({ onError: (error) => void told.push(error), thrift: { maxDepth } }).add(service, {
      depth: (root: Node) => depthOf(root),
      grow: (depth: number) => tree(depth),
      echo: (root: Node) => root,
    } as never)
    onCleanup(() => server.close({ drainMs: 0 }))
    return (await server.listen('127.0.0.1:0')).port
  }

  function connect(port: number, options: ThriftOptions): GeneratedModule {
    const wire = thrift(`127.0.0.1:${port}`, options)
    onCleanup(() => wire.close({ drainMs: 0 }))
    return createClient<GeneratedModule, unknown>(service, wire, { timeoutMs: 20_000 })
  }

  it.each(forms)('is 64 structs over $transport, $protocol, and containers count for nothing', async (form) => {
    const client = connect(await serve(), form)
    expect(await client['depth'](tree(63))).toBe(63)
    expect(depthOf(await client['grow'](63))).toBe(63)
  })

  it.each(forms)('is said, with the option, by client and server ($transport, $protocol)', async (form) => {
    const port = await serve()
    const strict = connect(port, form)
    const reason = expect.stringContaining('nested deeper than 64 (option maxDepth)')
    await expect(strict['depth'](tree(64))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: reason })
    const loose = connect(port, { ...form, maxDepth: 100 })
    await expect(loose['depth'](tree(64))).rejects.toMatchObject({ message: reason })
    const deep = await serve(100)
    await expect(connect(deep, form)['grow'](64)).rejects.toMatchObject({ code: 'INTERNAL', message: reason })
    // An answer of the server's own that is too deep is its fault, and told to its operator.
    await expect(loose['grow'](64)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(told).toContainEqual(expect.objectContaining({ message: reason }))
  })

  it.each(forms)('is what maxDepth says over $transport, $protocol', async (form) => {
    const client = connect(await serve(400), { ...form, maxDepth: 400 })
    expect(depthOf(await client['echo'](tree(399)))).toBe(399)
    const message = expect.stringContaining('deeper than 400')
    await expect(client['echo'](tree(400))).rejects.toMatchObject({ message })
  })

  it.each(['binary', 'compact'] as const)('passes a proxy that has the option too (%s)', async (protocol) => {
    const behind = await serve(200)
    const upstream = thrift(`127.0.0.1:${behind}`, { protocol, maxDepth: 200 })
    onCleanup(() => upstream.close({ drainMs: 0 }))
    const proxy = new Server({ onError() {}, thrift: { maxDepth: 200 }, unknown: forward(upstream) })
    onCleanup(() => proxy.close({ drainMs: 0 }))
    const { port } = await proxy.listen('127.0.0.1:0')
    expect(depthOf(await connect(port, { protocol: 'compact', maxDepth: 200 })['echo'](tree(150)))).toBe(150)
  })
})

it('maxDepth is an integer from 1 to 500', () => {
  const reason = 'an integer from 1 to 500'
  expect(() => thrift('127.0.0.1:1', { maxDepth: 501 })).toThrow(reason)
  expect(() => new Server({ thrift: { maxDepth: 0 } })).toThrow(reason)
  expect(() => thrift('127.0.0.1:1', { maxDepth: 1.5 })).toThrow(reason)
})

it('a set or the keys of a map tell the two zeros apart as little as JavaScript does; lists and fields keep them', async () => {
  const { S } = await generated({
    's.thrift': 'struct S { 1: set<double> some, 2: list<double> all, 3: double one, 4: map<double, double> pairs }',
  })
  const value = { some: new Set([-0]), all: [-0, 0], one: -0, pairs: new Map([[-0, -0]]) }
  for (const protocol of ['binary', 'compact'] as const) {
    const read = fromBinary<typeof value>(S, toBinary(S, value, protocol), protocol)
    expect(read.all).toEqual([-0, 0])
    expect(read.one).toBe(-0)
    expect([...read.some]).toEqual([0])
    expect([...read.pairs]).toEqual([[0, -0]])
  }
})

it('containers that no IDL describes nest four times as deep, also at the highest maxDepth, and no deeper', async () => {
  const idls = { 'u.thrift': 'struct S { 1: optional i32 one }' }
  const nested = (depth: number): Buffer =>
    Buffer.concat([
      Buffer.from([15, 0, 9]),
      ...Array.from({ length: depth - 1 }, () => Buffer.from([15, 0, 0, 0, 1])),
      Buffer.from([8, 0, 0, 0, 1, 0, 0, 0, 5, 0]),
    ])
  for (const keepUnknownFields of [false, true]) {
    const { S } = await generated(idls, { keepUnknownFields })
    for (const maxDepth of [64, 500]) {
      const reader = new BinaryReader(nested(maxDepth * 4))
      reader.maxDepth = maxDepth
      S.decode(reader)
      expect(reader.remaining).toBe(0)
      reader.reset(nested(maxDepth * 4 + 1))
      expect(() => S.decode(reader)).toThrow(`nested deeper than ${maxDepth} (option maxDepth)`)
    }
  }
})
