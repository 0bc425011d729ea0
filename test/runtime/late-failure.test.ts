import * as http2 from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Context } from '../../src/runtime/core/context/context.ts'
import { RpcError } from '../../src/runtime/core/error.ts'
import type { Layer } from '../../src/runtime/core/layer.ts'
import type { GrpcOptions } from '../../src/runtime/grpc/client/grpc-options.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { formatTimeout } from '../../src/runtime/grpc/timeout.ts'
import { grpcWeb } from '../../src/runtime/grpc/web/web-client.ts'
import { retry } from '../../src/runtime/middleware/retry.ts'
import { timeout } from '../../src/runtime/middleware/timeout.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { Echo as ThriftEcho } from '../support/echo-service.ts'
import { all, deferred, rejection } from '../support/settle.ts'
import { Echo, type EchoClient, serveEcho } from './grpc/echo.ts'

// No timer of the client fires, so only what the peer does can end a call.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const timeoutMs = 25

async function passed(since: number, ms: number): Promise<void> {
  while (performance.now() - since <= ms) await new Promise((resolve) => setImmediate(resolve))
}

/** A server that resets every stream with `code` when its deadline has passed, as grpc-go and grpc-java do with CANCEL. */
async function resetting(code: number, { headers = false, ms = timeoutMs } = {}): Promise<string> {
  const server = http2.createServer()
  server.on('stream', async (stream) => {
    stream.on('error', () => {})
    if (headers) stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    await passed(performance.now(), ms + 1)
    stream.close(code)
  })
  return listen(server)
}

/** A server that says nothing and closes the connection when the deadline of the first request has passed. */
async function closing(ms: number): Promise<string> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', async () => {
        await passed(performance.now(), ms + 1)
        socket.destroy()
      })
    }),
  )
}

async function listen(server: ReturnType<typeof createServer> | http2.Http2Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function client(address: string, options: GrpcOptions = {}, layers: Layer[] = []): EchoClient {
  const transport = grpc(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return createClient(Echo, transport, { layers })
}

const late = { code: 'DEADLINE_EXCEEDED', message: 'the deadline of Echo.Unary has passed' }
const codes = http2.constants
const everywhere = { name: [{}] }

describe('a stream that is reset when its deadline has passed', () => {
  it.each([
    ['CANCEL', codes.NGHTTP2_CANCEL],
    ['NO_ERROR', codes.NGHTTP2_NO_ERROR],
    ['INTERNAL_ERROR', codes.NGHTTP2_INTERNAL_ERROR],
    ['REFUSED_STREAM', codes.NGHTTP2_REFUSED_STREAM],
    ['ENHANCE_YOUR_CALM', codes.NGHTTP2_ENHANCE_YOUR_CALM],
  ])('is DEADLINE_EXCEEDED with code %s, and the reset is the cause', async (_name, code) => {
    const error = await rejection(client(await resetting(code)).unary({}, { timeoutMs }))
    expect(error).toMatchObject({ ...late, cause: expect.any(RpcError) })
  })

  it('is what the server says where the deadline is still to come', async () => {
    const echo = client(await resetting(codes.NGHTTP2_CANCEL, { ms: 1 }))
    expect(await rejection(echo.unary({}, { timeoutMs: 60_000 }))).toMatchObject({ code: 'CANCELLED' })
    expect(await rejection(echo.unary({}))).toMatchObject({ code: 'CANCELLED' })
  })

  it('is DEADLINE_EXCEEDED in the middle of streamed responses', async () => {
    const echo = client(await resetting(codes.NGHTTP2_CANCEL, { headers: true }))
    expect(await rejection(all(echo.expand({}, { timeoutMs })))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await rejection(all(echo.chat([{}], { timeoutMs })))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('is DEADLINE_EXCEEDED in a layer, by a timeout layer and by the timeout of a service config', async () => {
    const address = await resetting(codes.NGHTTP2_CANCEL)
    const seen: unknown[] = []
    const watching: Layer = (next) => (cx, request) =>
      next(cx, request).catch((error) => {
        seen.push(error.code)
        throw error
      })
    const layered = client(address, {}, [watching, timeout(timeoutMs), watching])
    expect(await rejection(layered.unary({}))).toMatchObject(late)
    expect(seen).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
    const configured = client(address, { serviceConfig: { methodConfig: [{ ...everywhere, timeout: '0.025s' }] } })
    expect(await rejection(configured.unary({}))).toMatchObject(late)
  })

  it('is DEADLINE_EXCEEDED, and the last attempt, by retry and hedging policies and by the retry layer', async () => {
    const address = await resetting(codes.NGHTTP2_CANCEL)
    const statuses = ['CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE'] as const
    const retryPolicy = {
      ...{ maxAttempts: 3, initialBackoff: '0.001s', maxBackoff: '0.001s', backoffMultiplier: 1 },
      retryableStatusCodes: [...statuses],
    }
    const retried = client(address, { serviceConfig: { methodConfig: [{ ...everywhere, retryPolicy }] } })
    expect(await rejection(retried.unary({}, { timeoutMs }))).toMatchObject(late)
    const hedgingPolicy = { maxAttempts: 3, hedgingDelay: '10s', nonFatalStatusCodes: [...statuses] }
    const hedged = client(address, { serviceConfig: { methodConfig: [{ ...everywhere, hedgingPolicy }] } })
    expect(await rejection(hedged.unary({}, { timeoutMs }))).toMatchObject(late)
    expect(await rejection(client(address, {}, [retry()]).unary({}, { timeoutMs }))).toMatchObject(late)
  })
})

describe('a connection that is lost when the deadline has passed', () => {
  it('is DEADLINE_EXCEEDED over gRPC', async () => {
    const error = await rejection(client(await closing(timeoutMs)).unary({}, { timeoutMs }))
    expect(error).toMatchObject(late)
  })

  it.each(['pool', 'multiplexed'] as const)(
    'is DEADLINE_EXCEEDED over Thrift, connections: %s',
    async (connections) => {
      const transport = thrift(await closing(timeoutMs), { connections })
      onCleanup(() => transport.close({ drainMs: 0 }))
      const echo = createClient(ThriftEcho, transport)
      expect(await rejection(echo.echo('a', { timeoutMs }))).toMatchObject({
        code: 'DEADLINE_EXCEEDED',
        cause: { code: 'UNAVAILABLE' },
      })
    },
  )

  it('is DEADLINE_EXCEEDED over gRPC-web', async () => {
    const echo = createClient(Echo, grpcWeb(`http://${await closing(timeoutMs)}`))
    expect(await rejection(echo.unary({}, { timeoutMs }))).toMatchObject({ ...late, cause: { code: 'UNAVAILABLE' } })
  })
})

describe('a server whose caller resets the stream when the deadline has passed', () => {
  it('tells the handler DEADLINE_EXCEEDED', async () => {
    const running = deferred<Context>()
    const reason = deferred<RpcError>()
    const port = await serveEcho({
      unary(_note, cx) {
        running.resolve(cx)
        cx.onCancel(reason.resolve)
        return new Promise(() => {})
      },
    })
    onCleanup(() => port.close())
    const session = http2.connect(`http://${port.address}`)
    onCleanup(() => session.destroy())
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/test.Echo/Unary', te: 'trailers' },
      ...{ 'content-type': 'application/grpc', 'grpc-timeout': formatTimeout(timeoutMs) },
    })
    stream.on('error', () => {})
    stream.end(Buffer.alloc(5))
    const cx = await running.promise
    await passed(cx.deadline!, 0)
    stream.close(codes.NGHTTP2_CANCEL)
    expect(await reason.promise).toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: { code: 'CANCELLED' } })
  })
})
