/** What answers cost a server whose clients do not read them, over every wire. */

import { type ClientHttp2Session, connect as http2Connect } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerLimits } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'
import { failure } from '../support/settle.ts'
import { bytesOf, framed, message } from '../support/thrift-frames.ts'

const proto = {
  'blob.proto': `syntax = "proto3";
package blob;
message Ask { int32 size = 1; int32 count = 2; }
message Blob { bytes data = 1; }
service Blobs { rpc Get(Ask) returns (Blob); rpc List(Ask) returns (stream Blob); }`,
}
const idl = { 'store.thrift': 'service Store { binary load(), binary tiny() }' }

const mebibyte = 1024 * 1024
const limit = 8 * mebibyte

async function served(limits: ServerLimits = { maxRequestMemoryBytes: limit }) {
  const { Blobs } = await generated(proto)
  const { Store } = await generated(idl)
  const sent = { count: 0 }
  const server = new Server({ http: {}, onError: () => {}, limits, thrift: { order: 'sequence' } })
    .add(Blobs, {
      get: ({ size }: { size: number }) => ({ data: new Uint8Array(size) }),
      async *list({ size, count }: { size: number; count: number }) {
        for (let i = 0; i < count; i++) {
          sent.count++
          yield { data: new Uint8Array(size) }
        }
      },
    })
    .add(Store, { load: () => new Uint8Array(mebibyte), tiny: () => new Uint8Array(1) })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const channel = grpc(`127.0.0.1:${port}`)
  const framedChannel = thrift(`127.0.0.1:${port}`, { transport: 'framed' })
  onCleanup(async () => {
    await channel.close()
    await framedChannel.close()
  })
  return {
    server,
    port,
    sent,
    blobs: createClient(Blobs, channel) as GeneratedModule,
    store: createClient(Store, framedChannel) as GeneratedModule,
  }
}

/** A client that never opens the window of its streams. */
function deafHttp2(port: number): {
  session: ClientHttp2Session
  ask: (path: string, request: Uint8Array) => Promise<string>
} {
  const session = http2Connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } })
  session.on('error', () => {})
  onCleanup(() => session.destroy())
  return {
    session,
    /** Resolves with the status of an answer that has one at once, else with 'headers'; 'reset' for a dead stream. */
    ask: (path, request) =>
      new Promise((resolve) => {
        const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
        stream.on('response', (headers) => resolve(String(headers['grpc-status'] ?? 'headers')))
        stream.on('error', () => resolve('reset'))
        stream.on('close', () => resolve('reset'))
        stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]))
      }),
  }
}

async function deafSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.pause()
  onCleanup(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function askBytes(size: number, count = 0): Promise<Uint8Array> {
  const { Ask } = await generated(proto)
  return (Ask as GeneratedModule)['toBytes']!({ size, count }) as Uint8Array
}

const exhausted = '8'

describe('answers that nobody reads', () => {
  it('over HTTP/2 stay within half of the account, whatever the number of connections, and are released', async () => {
    const { server, port, blobs } = await served()
    const request = await askBytes(mebibyte)
    const clients = Array.from({ length: 10 }, () => deafHttp2(port))
    const outcomes = await Promise.all(
      clients.flatMap(({ ask }) => [1, 2, 3].map(() => ask('/blob.Blobs/Get', request))),
    )
    expect(outcomes.filter((one) => one === 'headers')).toHaveLength(3)
    expect(outcomes.filter((one) => one === exhausted)).toHaveLength(27)
    expect(server.stats().requestMemoryBytes).toBeGreaterThan(3 * mebibyte)
    expect(server.stats().requestMemoryBytes).toBeLessThanOrEqual(limit / 2)
    expect(server.stats().unsent).toBe(3)
    // Others are served: small answers, and requests.
    expect((await blobs.get({ size: 1_000 })).data).toHaveLength(1_000)
    for (const { session } of clients) session.destroy()
    await expect.poll(() => server.stats()).toMatchObject({ requestMemoryBytes: 0, unsent: 0, inFlight: 0 })
    expect((await blobs.get({ size: mebibyte })).data).toHaveLength(mebibyte)
  })

  it('over HTTP/2 hold the producer of a stream after a message', async () => {
    const { server, port, sent } = await served()
    const { ask, session } = deafHttp2(port)
    expect(await ask('/blob.Blobs/List', await askBytes(100_000, 1_000))).toBe('headers')
    await expect.poll(() => server.stats().requestMemoryBytes).toBeGreaterThan(100_000)
    expect(server.stats()).toMatchObject({ inFlight: 1 })
    expect(sent.count).toBeLessThan(4)
    session.destroy()
    await expect
      .poll(() => server.stats())
      .toMatchObject({ requestMemoryBytes: 0, unsent: 0, inFlight: 0, abandoned: 0 })
  })

  it('count as calls of the server until they are read', async () => {
    const { server, port, blobs } = await served({ maxConcurrentCalls: 2 })
    const { ask, session } = deafHttp2(port)
    const request = await askBytes(1_000)
    expect(await ask('/blob.Blobs/Get', request)).toBe('headers')
    expect(await ask('/blob.Blobs/Get', request)).toBe('headers')
    expect(server.stats()).toMatchObject({ unsent: 2, inFlight: 0 })
    expect(await failure(blobs.get({ size: 1 }))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('2 whose answers their clients have not read'),
    })
    session.destroy()
    await expect.poll(() => server.stats().unsent).toBe(0)
    expect((await blobs.get({ size: 1 })).data).toHaveLength(1)
  })

  it('over HTTP/1.1 stay within half of the account, pipelined ones too', async () => {
    const { server, port, blobs } = await served()
    const body = JSON.stringify({ size: mebibyte })
    const request = `POST /blob.Blobs/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    const sockets = await Promise.all(Array.from({ length: 10 }, () => deafSocket(port)))
    // What the kernel takes is not held, so each asks again until nothing leaves any more.
    await expect
      .poll(() => {
        for (const socket of sockets) if (!socket.destroyed) socket.write(request)
        return server.stats().requestMemoryBytes
      })
      .toBeGreaterThan(limit / 4)
    for (const socket of sockets) socket.write(request.repeat(2))
    for (let i = 0; i < 20; i++) {
      expect((await blobs.get({ size: 1_000 })).data).toHaveLength(1_000)
      expect(server.stats().requestMemoryBytes).toBeLessThan(limit / 2 + 10 * 256 * 1024 + mebibyte)
    }
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => server.stats()).toMatchObject({ requestMemoryBytes: 0, unsent: 0, inFlight: 0 })
  })

  it('over Thrift stay within half of the account, and hold their calls', async () => {
    const { server, port, store } = await served()
    const frames = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, (_, i) => bytesOf(framed(message('load', i + 1, '00')))))
    const sockets = await Promise.all(Array.from({ length: 10 }, () => deafSocket(port)))
    for (const socket of sockets) socket.write(frames(100))
    await expect.poll(() => server.stats().requestMemoryBytes).toBeGreaterThan(limit / 4)
    for (let i = 0; i < 20; i++) {
      expect(await store.tiny()).toHaveLength(1)
      expect(server.stats().requestMemoryBytes).toBeLessThan(limit / 2 + 10 * 256 * 1024 + mebibyte)
    }
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => server.stats()).toMatchObject({ requestMemoryBytes: 0, unsent: 0, inFlight: 0 })
    expect(await store.load()).toHaveLength(mebibyte)
  })
})
