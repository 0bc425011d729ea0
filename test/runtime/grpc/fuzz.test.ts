import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Echo, type EchoPort, serveEcho } from './echo.ts'

let port: EchoPort

beforeAll(async () => {
  port = await serveEcho({}, { wire: { keepalive: { intervalMs: 50, timeoutMs: 150, whileIdle: true } } })
})
afterAll(() => port.close())

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
/** HPACK without its dynamic table: POST, http, authority x, /test.Echo/Chat, gRPC's content-type. */
const headerBlock = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x01, 1, 0x78]),
  Buffer.from([0x04, 15]),
  Buffer.from('/test.Echo/Chat'),
  Buffer.from([0x0f, 0x10, 16]),
  Buffer.from('application/grpc'),
])

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Sends bytes and waits until the server has hung up, or has had the time to. */
function send(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port.port, '127.0.0.1', () => socket.end(bytes))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.setTimeout(200, () => socket.destroy())
    socket.resume()
  })
}

const anyFrame = fc
  .record({
    type: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 9 }),
    payload: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload))

const call = fc
  .record({ body: fc.uint8Array({ maxLength: 40 }), end: fc.boolean() })
  .map(({ body, end }) => Buffer.concat([frame(1, 4, 1, headerBlock), frame(0, end ? 1 : 0, 1, body)]))

describe('a gRPC server under nonsense', () => {
  it('lives, holds no call, and answers the next caller, whatever the bytes were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyFrame, call), { maxLength: 12 }), async (frames) => {
        await send(Buffer.concat([preface, settings, ...frames]))
      }),
      { numRuns: 40 },
    )
    await expect.poll(() => port.router.inFlight, { timeout: 5_000 }).toBe(0)
    await expect.poll(() => port.sockets.every((socket) => socket.destroyed), { timeout: 5_000 }).toBe(true)
    const transport = grpc(port.address)
    expect(await createClient(Echo, transport).unary({ text: 'alive' })).toMatchObject({ text: 'alive' })
    await transport.close()
  })

  it('opens a call with the header block of these tests', async () => {
    const answer = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = []
      const socket = connect(port.port, '127.0.0.1', () => {
        socket.write(
          Buffer.concat([preface, settings, frame(1, 4, 1, headerBlock), frame(0, 1, 1, Buffer.from([0, 0, 0, 0, 0]))]),
        )
      })
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        // Stream 1 is answered when its trailers, END_STREAM and END_HEADERS, have come.
        if (Buffer.concat(chunks).includes(Buffer.from([1, 5, 0, 0, 0, 1]))) socket.destroy()
      })
      socket.on('close', () => resolve(Buffer.concat(chunks)))
    })
    expect(answer.includes(Buffer.from([0, 0, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]))).toBe(true)
  })
})
