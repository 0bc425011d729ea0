/** What requests that are not whole, not read or still being inflated cost a server, over every wire. */

import { type ClientHttp2Stream, connect as http2Connect } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MemoryAccount } from '../../src/runtime/core/bytes/memory-account.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { inflate } from '../../src/runtime/grpc/inflate.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'
import { failure } from '../support/settle.ts'

const proto = {
  'sink.proto': `syntax = "proto3";
package sink;
message Data { bytes data = 1; }
message Size { int64 size = 1; }
service Sink { rpc Put(Data) returns (Size); rpc Pour(stream Data) returns (Size); }`,
}
const idl = { 'drain.thrift': 'service Drain { i32 put(1: binary data) }' }

const mebibyte = 1024 * 1024
const limit = 8 * mebibyte
/** What requests that are not whole may take, with what each of ten connections may besides. */
const most = limit / 4 + 10 * 2 * 64 * 1024

async function served() {
  const { Sink } = await generated(proto)
  const { Drain } = await generated(idl)
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const server = new Server({ http: {}, onError: () => {}, limits: { maxRequestMemoryBytes: limit } })
    .add(Sink, {
      put: ({ data }: { data: Uint8Array }) => ({ size: data.length }),
      async pour(all: AsyncIterable<{ data: Uint8Array }>) {
        await gate
        let size = 0
        for await (const { data } of all) size += data.length
        return { size }
      },
    })
    .add(Drain, { put: (data: Uint8Array) => data.length })
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
    sink: createClient(Sink, channel) as GeneratedModule,
    drain: createClient(Drain, framed) as GeneratedModule,
  }
}

/** A message of gRPC with its prefix. */
function framedData(size: number): Buffer {
  const frame = Buffer.alloc(5 + 5 + size)
  frame.writeUInt32BE(5 + size, 1)
  frame[5] = 10
  let left = size
  for (let i = 6; i < 10; i++, left >>>= 7) frame[i] = (left & 0x7f) | (i < 9 ? 0x80 : 0)
  return frame
}

const open: { status: (stream: ClientHttp2Stream) => Promise<string> } = {
  status: (stream) =>
    new Promise((resolve) => {
      stream.on('response', (headers) => resolve(String(headers['grpc-status'] ?? 'headers')))
      stream.on('error', () => resolve('reset'))
      stream.on('close', () => resolve('reset'))
    }),
}

function session(port: number): (path: string) => ClientHttp2Stream {
  const client = http2Connect(`http://127.0.0.1:${port}`)
  client.on('error', () => {})
  onCleanup(() => client.destroy())
  return (path) => {
    const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
    stream.on('error', () => {})
    return stream
  }
}

async function socketTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  onCleanup(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function heldAtMost(server: Server, honest: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await honest()
    expect(server.stats().requestMemoryBytes).toBeLessThan(most)
  }
}

describe('requests that do not end', () => {
  it('over gRPC stay within a quarter of the account; others are served, and all is released', async () => {
    const { server, port, sink } = await served()
    const streams = Array.from({ length: 10 }, () => session(port)).flatMap((ask) =>
      Array.from({ length: 3 }, () => ask('/sink.Sink/Put')),
    )
    const outcomes = streams.map(open.status)
    for (const stream of streams) stream.write(framedData(900_000))
    // Two fit into two mebibytes; the others are refused as their bytes come.
    const refused = await Promise.all(
      outcomes.map((one) => Promise.race([one, new Promise((resolve) => setTimeout(resolve, 3_000, 'open'))])),
    )
    expect(refused.filter((one) => one === '8').length).toBeGreaterThan(20)
    expect(refused.filter((one) => one === 'open').length).toBeGreaterThan(0)
    await heldAtMost(server, async () => {
      expect((await sink.put({ data: new Uint8Array(1_000) })).size).toBe(1_000n)
    })
    expect(server.stats().requestMemoryBytes).toBeGreaterThan(0)
    for (const stream of streams) stream.destroy()
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
    expect((await sink.put({ data: new Uint8Array(mebibyte) })).size).toBe(BigInt(mebibyte))
  })

  it('of which the handler reads nothing stay within a quarter of the account', async () => {
    const { server, port, sink, go } = await served()
    const streams = Array.from({ length: 10 }, () => session(port)('/sink.Sink/Pour'))
    for (const stream of streams) for (let i = 0; i < 10; i++) stream.write(framedData(90_000))
    await expect.poll(() => server.stats().requestMemoryBytes).toBeGreaterThan(limit / 8)
    await heldAtMost(server, () => sink.put({ data: new Uint8Array(1_000) }) as Promise<unknown>)
    for (const stream of streams) stream.destroy()
    go()
    await expect.poll(() => server.stats()).toMatchObject({ requestMemoryBytes: 0, inFlight: 0, abandoned: 0 })
    expect((await sink.pour([{ data: new Uint8Array(mebibyte) }, { data: new Uint8Array(5) }])).size).toBe(
      BigInt(mebibyte + 5),
    )
    expect(server.stats().requestMemoryBytes).toBe(0)
  })

  it('over HTTP/1.1 stay within a quarter of the account', async () => {
    const { server, port, sink } = await served()
    const head = `POST /sink.Sink/Put HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 3000000\r\n\r\n`
    const sockets = await Promise.all(Array.from({ length: 10 }, () => socketTo(port)))
    let refusals = ''
    for (const socket of sockets) {
      socket.on('data', (chunk) => {
        refusals += String(chunk)
      })
      socket.write(`${head}{"data":"${'A'.repeat(900_000)}`)
    }
    await expect.poll(() => refusals).toMatch(/resource_exhausted.*limits\.maxRequestMemoryBytes \(8388608\)/)
    await heldAtMost(server, () => sink.put({ data: new Uint8Array(1_000) }) as Promise<unknown>)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
  })

  it('over Thrift stay within a quarter of the account; a frame beyond is discarded and refused', async () => {
    const { server, port, drain } = await served()
    const sockets = await Promise.all(Array.from({ length: 10 }, () => socketTo(port)))
    const body = Buffer.concat([
      Buffer.from('80010001', 'hex'),
      Buffer.from('00000003', 'hex'),
      Buffer.from('put'),
      Buffer.from('00000001', 'hex'),
      Buffer.from('0b0001', 'hex'),
    ])
    const frame = Buffer.alloc(4 + body.length + 4 + 900_000 + 1)
    frame.writeUInt32BE(frame.length - 4)
    body.copy(frame, 4)
    frame.writeUInt32BE(900_000, 4 + body.length)
    let answers = ''
    for (const socket of sockets) {
      socket.on('data', (chunk) => {
        answers += String(chunk)
      })
      socket.write(frame.subarray(0, -1))
    }
    await expect.poll(() => server.stats().requestMemoryBytes).toBeGreaterThan(limit / 8)
    await heldAtMost(server, async () => {
      expect(await drain.put(new Uint8Array(1_000))).toBe(1_000)
    })
    for (const socket of sockets) socket.write(frame.subarray(-1))
    await expect.poll(() => answers).toMatch(/limits\.maxRequestMemoryBytes \(8388608\)/)
    // The connection of a frame that was refused goes on.
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
    answers = ''
    for (const [i, socket] of sockets.entries()) {
      socket.write(frame)
      await expect.poll(() => (answers.match(/put/g) ?? []).length).toBe(i + 1)
    }
    expect(answers).not.toContain('maxRequestMemoryBytes')
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => server.stats().requestMemoryBytes).toBe(0)
  })

  it('refuses what arrives for a stream by name and number, where its connection still has room', async () => {
    const { port, sink, server } = await served()
    const holder = session(port)('/sink.Sink/Put')
    holder.write(framedData(1_900_000))
    await expect.poll(() => server.stats().requestMemoryBytes).toBeGreaterThan(1_800_000)
    const abort = new AbortController()
    const slow = async function* () {
      yield { data: new Uint8Array(400_000) }
      yield { data: new Uint8Array(400_000) }
      await new Promise((resolve) => abort.signal.addEventListener('abort', resolve))
    }
    expect(await failure(sink.pour(slow()))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    abort.abort()
  })
})

describe('inflating', () => {
  const limits = { maxBytes: 64 * mebibyte, maxRatio: 10_000 }

  it('charges each step, and refuses at the one for which there is no room', async () => {
    const account = new MemoryAccount(2 * mebibyte)
    const packed = gzipSync(new Uint8Array(8 * mebibyte))
    const inflating = inflate('gzip', packed, limits, account) as Promise<Uint8Array>
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, account.used)
    }, 0)
    expect(await failure(inflating)).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('limits.maxRequestMemoryBytes (2097152)'),
    })
    clearInterval(watch)
    expect(most).toBeLessThanOrEqual(2 * mebibyte)
    expect(account.used).toBe(0)
    const fits = (await inflate('gzip', gzipSync(new Uint8Array(mebibyte)), limits, account)) as Uint8Array
    expect(fits).toHaveLength(mebibyte)
    expect(account.used).toBe(0)
  })

  it('runs for four messages at once and lets 1,000 wait', async () => {
    const account = new MemoryAccount(1024 * mebibyte)
    const packed = gzipSync(new Uint8Array(100_000))
    const all = Array.from({ length: 1_010 }, () => inflate('gzip', packed, limits, account) as Promise<Uint8Array>)
    expect(account.used).toBe(1_004 * packed.length)
    const outcomes = await Promise.allSettled(all)
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(6)
    expect(refused[0]).toMatchObject({ reason: { code: 'RESOURCE_EXHAUSTED' } })
    expect(account.used).toBe(0)
  })
})
