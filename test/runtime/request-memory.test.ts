/** The memory that a server grants to requests, over every wire. */

import { describe, expect, it } from 'vitest'
import { arrayWeight, tableWeight } from '../../src/runtime/core/bytes/memory-budget.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { RpcError } from '../../src/runtime/core/error.ts'
import { createRouter } from '../../src/runtime/core/server/router.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'
import { failure } from '../support/settle.ts'

const proto = {
  'fat.proto': `syntax = "proto3";
package fat;
message Fat { string a = 1; repeated string c = 2; map<string, string> d = 3; bytes k = 4; }
message Req { repeated Fat fats = 1; }
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

const fats = (count: number): object => ({ fats: Array.from({ length: count }, () => ({})) })

describe('the memory of requests', () => {
  it('refuses a message of tiny parts before it takes the memory, over gRPC, JSON and Thrift', async () => {
    const { server, port, eater, thin } = await served()
    const refused = { code: 'RESOURCE_EXHAUSTED', message: expect.stringContaining('limits.maxRequestMemoryBytes') }
    expect(await failure(eater.eat(fats(50_000)))).toMatchObject(refused)
    expect(await failure(thin.eat(Array.from({ length: 50_000 }, () => ({}))))).toMatchObject({
      message: expect.stringContaining('limits.maxRequestMemoryBytes'),
    })
    const answer = await fetch(`http://127.0.0.1:${port}/fat.Eater/Eat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fats(50_000)),
    })
    expect(await answer.json()).toMatchObject({ code: 'resource_exhausted' })
    expect((await eater.eat(fats(10))).n).toBe(10)
    expect(await thin.eat([{}])).toBe(1)
    expect(server.stats().requestMemoryBytes).toBe(0)
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
})
