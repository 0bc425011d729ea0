/** The memory that a server grants to requests, over every wire. */

import { describe, expect, it, vi } from 'vitest'
import { arrayWeight, tableWeight } from '../../src/runtime/core/bytes/memory-budget.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { RpcError } from '../../src/runtime/core/error.ts'
import { createRouter } from '../../src/runtime/core/server/router.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { createGenericClient, genericHandler } from '../../src/runtime/grpc/generic.ts'
import { inProcess } from '../../src/runtime/inproc/direct.ts'
import { toBinary } from '../../src/runtime/protobuf/bytes.ts'
import { ListValue } from '../../src/runtime/protobuf/gen/google/protobuf/struct.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'
import { failure } from '../support/settle.ts'

const proto = {
  'fat.proto': `syntax = "proto3";
package fat;
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
message Fat { string a = 1; repeated string c = 2; map<string, string> d = 3; bytes k = 4; }
message Req {
  repeated Fat fats = 1; google.protobuf.FieldMask mask = 2; google.protobuf.Value data = 3; google.protobuf.Any any = 4;
  map<string, int32> numbers = 5; repeated bytes parts = 6;
}
message Res { int32 n = 1; }
service Eater { rpc Eat(Req) returns (Res); rpc Collect(stream Req) returns (Res); }`,
}
const idl = {
  'thin.thrift': `struct Empty {}
service Thin { i32 eat(1: list<Empty> all) (idempotent = "") }`,
}

const limit = 1024 * 1024

async function served() {
  const { Eater } = await generated(proto)
  const { Thin } = await generated(idl)
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const server = new Server({ http: {}, onError: () => {}, limits: { maxRequestMemoryBytes: limit } })
    .add(Eater, {
      async eat({ fats }: { fats: unknown[] }) {
        if (fats.length === 1_000) await gate
        return { n: fats.length }
      },
      async collect(all: AsyncIterable<{ fats: unknown[] }>) {
        let n = 0
        for await (const { fats } of all) n += fats.length
        return { n }
      },
    })
    .add(Thin, { eat: (all: unknown[]) => all.length })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const channel = grpc(`127.0.0.1:${port}`)
  const framed = thrift(`127.0.0.1:${port}`, { transport: 'framed' })
  onCleanup(async () => {
    await channel.close()
    await framed.close()
  })
  return {
    server,
    port,
    go,
    eater: createClient(Eater, channel) as GeneratedModule,
    thin: createClient(Thin, framed) as GeneratedModule,
  }
}

async function post(port: number, body: string): Promise<{ code?: string; message?: string; n?: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}/fat.Eater/Eat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return (await answer.json()) as object
}

const fats = (count: number): object => ({ fats: Array.from({ length: count }, () => ({})) })

describe('the memory of requests', () => {
  it('refuses a message of tiny parts before it takes the memory, over gRPC, JSON and Thrift', async () => {
    const { server, port, eater, thin } = await served()
    const refused = { code: 'RESOURCE_EXHAUSTED', message: expect.stringContaining('limits.maxRequestMemoryBytes') }
    expect(await failure(eater.eat(fats(50_000)))).toMatchObject(refused)
    expect(await failure(thin.eat(Array.from({ length: 50_000 }, () => ({}))))).toMatchObject({
      message: expect.stringContaining('limits.maxRequestMemoryBytes'),
    })
    expect(await post(port, JSON.stringify(fats(50_000)))).toMatchObject({ code: 'resource_exhausted' })
    expect((await eater.eat(fats(10))).n).toBe(10)
    expect(await thin.eat([{}])).toBe(1)
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('bounds JSON before it is parsed, also what is no message or no JSON', async () => {
    const { server, port } = await served()
    const parse = vi.spyOn(JSON, 'parse')
    onCleanup(() => parse.mockRestore())
    const many = (item: string): string => Array.from({ length: 20_000 }, () => item).join()
    for (const body of [
      `{"fats":[${many('{}')}]}`,
      `{"nothing":[${many('[]')}]}`,
      `{"nothing":[${many('{"33":1}')}]}`,
      `{"nothing":[${many('{"a":1}')}`,
      '['.repeat(100_000),
    ]) {
      parse.mockClear()
      const refused = await fetch(`http://127.0.0.1:${port}/fat.Eater/Eat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const text = await refused.text()
      expect(parse).not.toHaveBeenCalledWith(body)
      expect(text).toMatch(
        /"resource_exhausted".* \d+ bytes of memory.* \d+ of limits\.maxRequestMemoryBytes \(1048576\)/,
      )
    }
    expect(await post(port, `{"fats":[{}],"numbers":{"a":1}}`)).toEqual({ n: 1 })
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('counts what JSON becomes where no object stands for it: field masks, Values, Any, bytes and map entries', async () => {
    const { server, port } = await served()
    const refused = { code: 'resource_exhausted', message: expect.stringContaining('limits.maxRequestMemoryBytes') }
    const many = (item: string, count: number): string => Array.from({ length: count }, () => item).join()
    expect(await post(port, `{"mask":"${many('ab', 20_000)}"}`)).toMatchObject(refused)
    expect(await post(port, `{"data":[${many('1', 9_000)}]}`)).toMatchObject(refused)
    const mask = `{"@type":"type.googleapis.com/google.protobuf.FieldMask","value":"${many('ab', 20_000)}"}`
    expect(await post(port, `{"any":${mask}}`)).toMatchObject(refused)
    expect(await post(port, `{"parts":[${many('""', 6_000)}]}`)).toMatchObject(refused)
    expect(await post(port, `{"mask":"ab,ac","data":[1,{"a":null}],"any":{},"parts":["AA=="]}`)).toEqual({})
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('bounds the objects of one message by limits.maxObjects, and says how many there are and may be', async () => {
    const { Eater } = await generated(proto)
    const { Thin } = await generated(idl)
    const server = new Server({
      http: {},
      onError: () => {},
      limits: { maxRequestMemoryBytes: 2 ** 40, maxObjects: 100 },
    })
      .add(Eater, {
        eat: ({ fats, parts }: { fats: unknown[]; parts: unknown[] }) => ({ n: fats.length + parts.length }),
        collect: () => ({}),
      })
      .add(Thin, { eat: (all: unknown[]) => all.length })
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    const channel = grpc(`127.0.0.1:${port}`)
    const compact = thrift(`127.0.0.1:${port}`, { transport: 'framed', protocol: 'compact' })
    const binary = thrift(`127.0.0.1:${port}`, { transport: 'ttheader' })
    onCleanup(async () => {
      for (const one of [channel, compact, binary]) await one.close()
    })
    const eater = createClient(Eater, channel) as GeneratedModule
    const message = expect.stringMatching(
      /at least \d{3} structs, containers and map entries, and limits\.maxObjects is 100/,
    )
    expect(await failure(eater.eat(fats(101)))).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message })
    expect((await eater.eat(fats(99))).n).toBe(99)
    expect(await post(port, JSON.stringify(fats(101)))).toMatchObject({ code: 'resource_exhausted', message })
    const numbers = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`n${i}`, i]))
    expect(await post(port, JSON.stringify({ numbers }))).toMatchObject({ code: 'resource_exhausted', message })
    expect(await failure(eater.eat({ numbers }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message })
    for (const transport of [compact, binary]) {
      const thin = createClient(Thin, transport) as GeneratedModule
      expect(await failure(thin.eat(Array.from({ length: 101 }, () => ({}))))).toMatchObject({ message })
      expect(await thin.eat([{}])).toBe(1)
    }
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('lets a message hold a million objects by default', async () => {
    const { Eater } = await generated(proto)
    const server = new Server({ http: {}, onError: () => {}, limits: { maxRequestMemoryBytes: 2 ** 40 } }).add(Eater, {
      eat: () => ({}),
      collect: () => ({}),
    })
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    expect(await post(port, `{"fats":[${Array.from({ length: 1_000_001 }, () => '{}').join()}]}`)).toMatchObject({
      code: 'resource_exhausted',
      message: expect.stringMatching(/at least 1000003 structs.*limits\.maxObjects is 1000000/),
    })
  })

  it('is held while handlers run, so that many calls together stay within it', async () => {
    const { server, go, eater } = await served()
    const waiting = [eater.eat(fats(1_000)), eater.eat(fats(1_000))]
    await expect.poll(() => server.stats().inFlight).toBe(2)
    const held = server.stats().requestMemoryBytes
    expect(held).toBeGreaterThan(2 * 1_000 * 16 * (arrayWeight + tableWeight))
    expect(held).toBeLessThan(limit)
    const more = await Promise.all(
      [eater.eat(fats(1_000)), eater.eat(fats(1_000))].map((call) =>
        call.catch((error: { code: string }) => error.code),
      ),
    )
    expect(more).toContain('RESOURCE_EXHAUSTED')
    go()
    await Promise.all(waiting)
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
  })

  it('counts one message of a stream at a time', async () => {
    const { server, eater } = await served()
    const messages = Array.from({ length: 50 }, () => fats(500))
    expect((await eater.collect(messages)).n).toBe(25_000)
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('is released by calls that end before or while their handler runs, however they end', async () => {
    const { server, port, go, eater, thin } = await served()
    const zipped = grpc(`127.0.0.1:${port}`, { compression: 'gzip' })
    onCleanup(() => zipped.close())
    const { Eater } = await generated(proto)
    const packed = createClient(Eater, zipped) as GeneratedModule
    const text = { fats: [{ a: Array.from({ length: 60_000 }, (_, i) => String(i * 7919)).join() }] }
    const outcomes = []
    for (let i = 0; i < 40; i++) {
      // Some are cancelled while the server inflates, some while the handler runs.
      const abort = new AbortController()
      outcomes.push(packed.eat(text, { signal: abort.signal }).catch(() => {}))
      setTimeout(() => abort.abort(), i % 20)
      outcomes.push(eater.eat(fats(1_000), { timeoutMs: (i % 10) + 1 }).catch(() => {}))
      outcomes.push(thin.eat([{}], { timeoutMs: i % 3 }).catch(() => {}))
    }
    await Promise.all(outcomes)
    go()
    await expect.poll(() => server.stats().inFlight + server.stats().abandoned).toBe(0)
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
  })

  it('is not held by a call that was cancelled before its handler ran, whichever came first', async () => {
    const { Eater } = await generated(proto)
    const router = createRouter({
      services: [{ service: Eater as never, handler: { eat: () => ({}), collect: () => ({}) } }],
    })
    const open = () =>
      router.open(router.find('protobuf', 'fat.Eater', 'Eat')!, { peer: { address: 'test', kind: 'inproc' } })
    const early = open()
    early.cancel(new RpcError('CANCELLED', 'gone'))
    early.holdMemory(1_000)
    expect(router.memory.used).toBe(0)
    const late = open()
    late.holdMemory(1_000)
    expect(router.memory.used).toBe(1_000)
    late.cancel(new RpcError('CANCELLED', 'gone'))
    expect(router.memory.used).toBe(0)
  })

  it.each([['codec'], ['bytes']] as const)('counts what is decoded in process: %s', async (way) => {
    const { Eater } = await generated(proto)
    const held: number[] = []
    const router = createRouter({
      maxRequestMemoryBytes: limit,
      services: [
        {
          service: Eater as never,
          handler: {
            eat({ fats }: { fats: unknown[] }) {
              held.push(router.memory.used)
              return { n: fats.length }
            },
            collect: () => ({}),
          } as never,
        },
      ],
    })
    const transport = inProcess(router, way === 'codec' ? { isolate: 'codec' } : {})
    const direct = createClient(Eater, transport) as GeneratedModule
    const generic = createGenericClient([], transport)
    const { Req } = await generated(proto)
    const eat = (count: number): Promise<unknown> =>
      way === 'codec'
        ? (direct.eat(fats(count)) as Promise<unknown>)
        : generic.callBytes('fat.Eater', 'Eat', (Req as GeneratedModule)['toBytes']!(fats(count)) as Uint8Array)
    expect(await failure(eat(50_000))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    await eat(10)
    expect(held).toEqual([expect.any(Number)])
    expect(held[0]).toBeGreaterThan(10 * 16 * (arrayWeight + tableWeight))
    expect(router.memory.used).toBe(0)
  })

  it('counts the JSON of a generic handler beside the message, and what an Any in it unfolds into', async () => {
    const { Eater } = await generated(proto)
    let used = 0
    const server = new Server({ onError: () => {}, limits: { maxRequestMemoryBytes: limit } }).add(
      Eater,
      genericHandler(Eater as never, () => {
        used = server.stats().requestMemoryBytes
        return {}
      }),
    )
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    const channel = grpc(`127.0.0.1:${port}`)
    onCleanup(() => channel.close())
    const eater = createClient(Eater, channel) as GeneratedModule
    const weight = 1_000 * 16 * (arrayWeight + tableWeight)
    await eater.eat(fats(1_000))
    expect(used).toBeGreaterThan(2 * weight)
    // The message has room, its JSON has none.
    expect(await failure(eater.eat(fats(1_800)))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('limits.maxRequestMemoryBytes (1048576)'),
    })
    const nulls = { values: Array.from({ length: 20_000 }, () => ({ kind: { case: 'nullValue', value: 0 } })) }
    const any = { typeUrl: 'type.googleapis.com/google.protobuf.ListValue', value: toBinary(ListValue, nulls as never) }
    expect(any.value.length).toBeLessThan(limit / 10)
    expect(await failure(eater.eat({ any }))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
  })
})
