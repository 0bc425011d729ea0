import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { RetryEvent, RetryOptions } from '../../../src/runtime/core/client/retry-option.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { retry, retryAttempt } from '../../../src/runtime/middleware/retry.ts'
import { timeout } from '../../../src/runtime/middleware/timeout.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Boom, Echo, type EchoClient, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import { all, rejection } from '../../support/settle.ts'
import { Echo as GrpcEcho, echoHandler as grpcEchoHandler } from '../grpc/echo.ts'

/** Retries without delay, so that tests need not wait. */
const fast: RetryOptions = { backoff: { initialMs: 0 } }

async function serve(handler: Partial<EchoHandler>, port = 0): Promise<number> {
  const server = new Server({ onError: () => {} }).add(Echo, echoHandler(handler))
  onCleanup(() => server.close({ drainMs: 0 }))
  return (await server.listen(`127.0.0.1:${port}`)).port
}

/** A port where connections are handed to the test. */
async function peer(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onCleanup(() => socket.destroy())
    onSocket(socket)
  })
  onCleanup(() => new Promise((resolve) => server.close(resolve)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function clientOf(port: number, options: ClientOptions<EchoClient>): EchoClient {
  const wire = thrift({ host: '127.0.0.1', port }, { backoff: { initialMs: 0 } })
  onCleanup(() => wire.close({ drainMs: 0 }))
  return createClient(Echo, wire, { timeoutMs: 15_000, ...options })
}

/** A peer that reads each request and resets the connection; counts them. */
async function resetting(): Promise<{ port: number; requests: () => number }> {
  let requests = 0
  const port = await peer((socket) =>
    socket.once('data', () => {
      requests++
      socket.resetAndDestroy()
    }),
  )
  return { port, requests: () => requests }
}

describe('retry', () => {
  it('tries again when nobody listened, so that nothing had left, until the server is there', async () => {
    const port = await freePort()
    const calls: string[] = []
    const events: RetryEvent[] = []
    const echo = (text: string): string => {
      calls.push(text)
      return text
    }
    const layer = retry({
      backoff: { initialMs: 1, jitter: 0 },
      onRetry: (event) => {
        events.push(event)
        if (event.attempt === 1) void serve({ echo }, port)
      },
      attempts: 1_000,
    })
    const client = clientOf(port, { layers: [layer] })
    expect(await client.echo('hi')).toBe('hi')
    expect(calls).toEqual(['hi'])
    expect(events[0]).toMatchObject({ attempt: 1, waitMs: 1, error: { code: 'UNAVAILABLE', bytesSent: false } })
    expect(events[0]?.cx.method.name).toBe('echo')
  })

  it('does not repeat a call whose request may have been read', async () => {
    const { port, requests } = await resetting()
    const error = await rejection(clientOf(port, { layers: [retry(fast)] }).echo('once'))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
    expect(requests()).toBe(1)
  })

  it.each([
    ['by name', { idempotent: ['echo'] }],
    ['all together', { idempotent: true }],
  ])('repeats it where methods are marked idempotent %s, and ends with the last real error', async (_how, mark) => {
    const { port, requests } = await resetting()
    const error = await rejection(clientOf(port, { layers: [retry({ ...fast, ...mark })] }).echo('again'))
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: true,
      message: expect.stringMatching(/^the connection to 127\.0\.0\.1:\d+ was lost: /),
    })
    expect(requests()).toBe(3)
  })

  it('repeats a method that the IDL marks idempotent, and no other', async () => {
    const marked = { ...Echo, methods: Echo.methods.map((m) => (m.name === 'echo' ? { ...m, idempotent: true } : m)) }
    let calls = 0
    const fail = (): never => {
      calls++
      throw new RpcError('UNAVAILABLE', `failure ${calls}`)
    }
    const port = await serve({ echo: fail, add: fail })
    const wire = thrift({ host: '127.0.0.1', port })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const client = createClient(marked, wire, { layers: [retry(fast)] })
    expect(await rejection(client.echo(''))).toMatchObject({ code: 'UNAVAILABLE', message: 'failure 3' })
    expect(await rejection(client.add(1, 2))).toMatchObject({ code: 'UNAVAILABLE', message: 'failure 4' })
  })

  it('leaves other outcomes alone: answers, declared exceptions, BizErrors, other codes', async () => {
    let calls = 0
    const port = await serve({
      echo(text) {
        calls++
        if (text === 'boom') throw new Boom({ code: 1 })
        if (text === 'biz') throw new BizError(7, 'no')
        if (text === 'not found') throw new RpcError('NOT_FOUND', 'nowhere')
        return text
      },
    })
    const client = clientOf(port, { layers: [retry({ ...fast, idempotent: true })] })
    expect(await client.echo('fine')).toBe('fine')
    expect(await rejection(client.echo('boom'))).toBeInstanceOf(Boom)
    expect(await rejection(client.echo('biz'))).toBeInstanceOf(BizError)
    expect(await rejection(client.echo('not found'))).toMatchObject({ code: 'NOT_FOUND' })
    expect(calls).toBe(4)
  })

  it('retries the codes that it is told', async () => {
    let calls = 0
    const port = await serve({
      ping() {
        if (++calls < 3) throw new RpcError('ABORTED', 'try again')
      },
    })
    const layers = [retry({ ...fast, codes: ['ABORTED'], idempotent: true })]
    await clientOf(port, { layers }).ping()
    expect(calls).toBe(3)
  })

  it('ends with the failure rather than with its deadline when the next attempt would come too late', async () => {
    const port = await freePort()
    const client = clientOf(port, { layers: [retry({ backoff: { initialMs: 60_000, maxMs: 60_000 } })] })
    const error = await rejection(client.echo('', { timeoutMs: 10_000 }))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('connection refused') })
  })

  it('holds all attempts together to the deadline of the call', async () => {
    const client = clientOf(await freePort(), {
      layers: [retry({ attempts: 1e9, backoff: { initialMs: 1, maxMs: 1 } })],
    })
    const start = performance.now()
    const error = await rejection(client.echo('', { timeoutMs: 50 }))
    expect(['UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain((error as RpcError).code)
    expect(performance.now() - start).toBeGreaterThanOrEqual(45)
  })

  it('ends at once when the caller gives up between two attempts', async () => {
    const abort = new AbortController()
    const onRetry = (): void => queueMicrotask(() => abort.abort())
    const client = clientOf(await freePort(), { layers: [retry({ backoff: { initialMs: 10_000 }, onRetry })] })
    expect(await rejection(client.echo('', { signal: abort.signal }))).toMatchObject({ code: 'CANCELLED' })
  })

  it('does what a call asks instead of its own settings', async () => {
    const { port, requests } = await resetting()
    const client = clientOf(port, { layers: [retry({ ...fast, idempotent: true, attempts: 2 })] })
    await rejection(client.echo('', { retry: false }))
    expect(requests()).toBe(1)
    await rejection(client.echo('', { retry: { attempts: 4 } }))
    expect(requests()).toBe(5)
    await rejection(client.echo('', { retry: { idempotent: false } }))
    expect(requests()).toBe(6)
    expect(await rejection(client.echo('', { retry: { attempts: 0 } }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('retry: attempts is 0, not a number of at least 1'),
    })
  })

  it('does what the options of a method ask, unless a call asks for more', async () => {
    const { port, requests } = await resetting()
    const client = clientOf(port, {
      layers: [retry({ ...fast, idempotent: true })],
      methods: { echo: { retry: false }, ping: { retry: { attempts: 2 } } },
    })
    await rejection(client.echo(''))
    expect(requests()).toBe(1)
    await rejection(client.ping())
    expect(requests()).toBe(3)
    await rejection(client.echo('', { retry: {} }))
    expect(requests()).toBe(6)
  })

  it('is missed by calls that ask for it, wherever it may be hidden among the layers', async () => {
    const port = await serve({})
    expect(await rejection(clientOf(port, {}).echo('', { retry: {} }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'bad options of Echo.echo: retry: the client has no retry() among its layers',
    })
    expect(await clientOf(port, {}).echo('a', { retry: false })).toBe('a')
    const wrapped: Layer = (next) => retry()(next)
    expect(await clientOf(port, { layers: [wrapped] }).echo('b', { retry: {} })).toBe('b')
    expect(() => clientOf(port, { methods: { echo: { retry: {} } } })).toThrow(
      'retry settings for Echo.echo, but the client has no retry() among its layers',
    )
  })

  it('is not taken for a layer of a client because one of its layers makes a client that retries', () => {
    const withSidecar: Layer = (next) => {
      createClient(Echo, echoHandler({}), { layers: [retry(fast)] })
      return next
    }
    const options: ClientOptions<EchoClient> = { layers: [withSidecar], methods: { echo: { retry: { attempts: 2 } } } }
    expect(() => createClient(Echo, echoHandler({}), options)).toThrow('the client has no retry() among its layers')
    expect(() => createClient(Echo, echoHandler({}), { ...options, layers: [retry(fast), withSidecar] })).not.toThrow()
  })

  it('runs attemptLayers once per attempt and layers once per call, and keeps no header of a failed attempt', async () => {
    const seen: string[] = []
    const spy =
      (name: string): Layer =>
      (next) =>
      (cx, request) => {
        seen.push(`${name} ${cx.get(retryAttempt) ?? 1}`)
        return next(cx, request)
      }
    let calls = 0
    const port = await serve({
      ping(cx: Context) {
        calls++
        cx.responseHeaders.set('served', String(calls))
        cx.metainfo.backward.set('BACK', String(calls))
        if (calls < 3) throw new RpcError('UNAVAILABLE', 'not yet')
      },
    })
    let back: string[] = []
    const outside: Layer = (next) => async (cx, request) => {
      await next(cx, request)
      back = [...cx.responseHeaders.getAll('served').map(String), cx.metainfo.backward.get('BACK') ?? '']
    }
    const client = clientOf(port, {
      layers: [outside, spy('call'), retry({ ...fast, idempotent: true })],
      attemptLayers: [spy('attempt')],
    })
    await client.ping()
    expect(seen).toEqual(['call 1', 'attempt 1', 'attempt 2', 'attempt 3'])
    expect(back).toEqual(['3', '3'])
  })

  it('gives each attempt its own time with timeout() inside', async () => {
    let calls = 0
    const port = await serve({ echo: (text) => (++calls < 3 ? new Promise(() => {}) : text) })
    const client = clientOf(port, {
      layers: [retry({ ...fast, idempotent: true, codes: ['DEADLINE_EXCEEDED'] })],
      attemptLayers: [timeout(100)],
    })
    expect(await client.echo('third')).toBe('third')
  })

  it('works over gRPC as well, and repeats no stream', async () => {
    const calls = { unary: 0, expand: 0, collect: 0 }
    const server = new Server({ onError: () => {} }).add(GrpcEcho, {
      ...grpcEchoHandler,
      unary(note) {
        if (++calls.unary < 3) throw new RpcError('UNAVAILABLE', 'not yet')
        return note
      },
      // biome-ignore lint/correctness/useYield: it fails before its first message
      async *expand() {
        calls.expand++
        throw new RpcError('UNAVAILABLE', 'never')
      },
      collect() {
        calls.collect++
        throw new RpcError('UNAVAILABLE', 'never')
      },
    })
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    const wire = grpc(`127.0.0.1:${port}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const client = createClient(GrpcEcho, wire, { timeoutMs: 15_000, layers: [retry({ ...fast, idempotent: true })] })
    expect(await client.unary({ text: 'hi' })).toMatchObject({ text: 'hi' })
    expect(await rejection(all(client.expand({})))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(await rejection(client.collect([{}]))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(calls).toEqual({ unary: 3, expand: 1, collect: 1 })
  })

  it('works in process as well', async () => {
    let calls = 0
    const server = new Server({ onError: () => {} }).add(
      Echo,
      echoHandler({
        echo(text) {
          if (++calls < 2) throw new RpcError('UNAVAILABLE', 'not yet')
          return text
        },
      }),
    )
    const client = createClient(Echo, inProcess(server), { layers: [retry({ ...fast, idempotent: ['echo'] })] })
    expect(await client.echo('hi')).toBe('hi')
  })

  it('refuses settings that cannot be', () => {
    expect(() => retry({ attempts: Number.NaN })).toThrow('retry: attempts is NaN, not a number of at least 1')
    expect(() => retry({ backoff: { factor: 0 } })).toThrow('factor 0 is not at least 1')
  })
})

describe('the time limits of a client', () => {
  const budgets = async (options: ClientOptions<EchoClient>, timeoutMs?: number): Promise<number> => {
    let remaining = 0
    const port = await serve({
      ping(cx) {
        remaining = cx.remainingMs
      },
    })
    await clientOf(port, options).ping(timeoutMs === undefined ? undefined : { timeoutMs })
    return remaining
  }

  it('are those of the method instead of the client, longer or shorter, and a call may ask for less', async () => {
    const client = { timeoutMs: 50_000 }
    const near = (ms: number) => [ms - 20_000, ms] as const
    const cases: [number, readonly [number, number]][] = [
      [await budgets(client), near(50_000)],
      [await budgets({ ...client, methods: { ping: { timeoutMs: 90_000 } } }), near(90_000)],
      [await budgets({ ...client, methods: { ping: { timeoutMs: 25_000 }, echo: { timeoutMs: 1 } } }), near(25_000)],
      [await budgets({ ...client, methods: { ping: { timeoutMs: 90_000 } } }, 30_000), near(30_000)],
      [await budgets({ ...client, methods: { ping: { timeoutMs: 25_000 } } }, 99_000), near(25_000)],
    ]
    for (const [ms, [low, high]] of cases) {
      expect(ms).toBeGreaterThan(low)
      expect(ms).toBeLessThanOrEqual(high)
    }
  })

  it('fire per method', async () => {
    const port = await serve({ echo: () => new Promise(() => {}) })
    const client = clientOf(port, { methods: { echo: { timeoutMs: 20 } } })
    expect(await rejection(client.echo(''))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await client.add(1, 2)).toBe(3)
  })

  it('name methods that there are', async () => {
    const methods = { ecko: { timeoutMs: 1 } } as ClientOptions<EchoClient>['methods']
    expect(() => clientOf(1, { methods })).toThrow(
      'options for ecko, but the methods of Echo are echo, add, ping, fire',
    )
    expect(() => clientOf(1, { methods: { add: { timeoutMs: Number.NaN } } })).toThrow(RangeError)
  })
})
