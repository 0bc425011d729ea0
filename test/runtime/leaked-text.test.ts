/** What leaves a server: no address, path or text of this side's own transports, and no control character in a log. */

import { describe, expect, it, vi } from 'vitest'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { printError, RpcError } from '../../src/runtime/core/error.ts'
import type { Transport } from '../../src/runtime/core/transport.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../src/runtime/inproc/direct.ts'
import { accessLog } from '../../src/runtime/middleware/access-log.ts'
import { concurrencyLimit } from '../../src/runtime/middleware/concurrency-limit.ts'
import { Server, type ServerOptions } from '../../src/runtime/serve/server.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../support/cleanup.ts'
import { echoService, Echo as ThriftEcho, echoHandler as thriftHandler } from '../support/echo-service.ts'
import { freePort } from '../support/free-port.ts'
import { deferred, rejection } from '../support/settle.ts'
import { Echo, echoHandler } from './grpc/echo.ts'
import { depotOver, poolOf, useWorker } from './inproc/worker/pool.ts'

/** Fails every call with what `fail` throws. */
async function gateway(
  fail: () => Promise<unknown>,
  options: ServerOptions = {},
): Promise<{ server: Server; address: string; errors: unknown[] }> {
  const errors: unknown[] = []
  const server = new Server({ http: {}, onError: (error) => errors.push(error), ...options })
    .add(Echo, {
      ...echoHandler,
      unary: async () => (await fail()) as never,
      async *expand() {
        yield (await fail()) as never
      },
    })
    .add(ThriftEcho, thriftHandler({ echo: async () => (await fail()) as never }))
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, address: (await server.listen('127.0.0.1:0')).address, errors }
}

function closing<T extends Transport>(transport: T): T {
  onCleanup(() => transport.close({ drainMs: 0 }))
  return transport
}

/** What callers are told over each wire. */
async function told(address: string): Promise<RpcError[]> {
  const overGrpc = createClient(Echo, closing(grpc(address)))
  const json = await fetch(`http://${address}/test.Echo/Unary`, {
    method: 'POST',
    headers: { 'content-type': 'application/proto' },
  })
  return [
    (await rejection(overGrpc.unary({}))) as RpcError,
    (await rejection(overGrpc.expand({})[Symbol.asyncIterator]().next())) as RpcError,
    (await rejection(createClient(ThriftEcho, closing(thrift(address))).echo('a'))) as RpcError,
    new RpcError('UNAVAILABLE', ((await json.json()) as { message: string }).message),
  ]
}

describe('a handler whose own call fails', () => {
  useWorker()

  it.each(['gRPC', 'Thrift'])('does not tell its caller the address of a %s server that is down', async (wire) => {
    const port = await freePort()
    const down = wire === 'gRPC' ? createClient(Echo, closing(grpc(`127.0.0.1:${port}`))) : undefined
    const thriftDown = createClient(ThriftEcho, closing(thrift(`127.0.0.1:${port}`)))
    const { server, address, errors } = await gateway(() => down?.unary({}) ?? thriftDown.echo('a'))
    for (const error of await told(address)) {
      expect(error.code).toBe('UNAVAILABLE')
      expect(error.message).toContain('a service that this call needs has failed')
      expect(error.message).not.toContain(String(port))
    }
    expect(errors).toHaveLength(4)
    for (const error of errors) expect(String(error)).toContain(String(port))
    const local = (await rejection(createClient(Echo, inProcess(server)).unary({}))) as RpcError
    expect(local.message).toContain(String(port))
  })

  it('does not tell of the error and the file of a worker thread that has ended', async () => {
    const depot = depotOver(poolOf({ restart: false }))
    const { address, errors } = await gateway(() => depot['run']!('throw', 0))
    const overGrpc = createClient(Echo, closing(grpc(address)))
    const { code, message } = (await rejection(overGrpc.unary({}))) as RpcError
    expect([code, message]).toEqual(['UNAVAILABLE', 'a service that this call needs has failed'])
    expect(String(errors[0])).toContain('thrown outside of any call')
  })

  it('passes on the status that a peer gave', async () => {
    const behind = new Server().add(Echo, {
      ...echoHandler,
      unary() {
        throw new RpcError('UNAVAILABLE', 'closed on Sundays')
      },
    })
    onCleanup(() => behind.close({ drainMs: 0 }))
    const client = createClient(Echo, closing(grpc((await behind.listen('127.0.0.1:0')).address)))
    const { address, errors } = await gateway(() => client.unary({}))
    for (const error of await told(address)) expect(error.message).toContain('closed on Sundays')
    expect(errors).toEqual([])
  })

  it('tells its caller which limit of the server refuses the call', async () => {
    const { promise, resolve } = deferred<never>()
    onCleanup(() => resolve(undefined as never))
    const { address } = await gateway(() => promise, { layers: [concurrencyLimit(1, { queue: 0 })] })
    const client = createClient(Echo, closing(grpc(address)))
    const first = client.unary({}).catch(() => {})
    const { code, message } = (await rejection(client.unary({}))) as RpcError
    expect(code).toBe('RESOURCE_EXHAUSTED')
    expect(message).not.toContain('a service that this call needs')
    resolve(undefined as never)
    await first
  })
})

describe('names that peers invent', () => {
  const forged = 'get\nserver Shop.steal unary OK \u001b[31m\u009b1m\u202e'

  it.each(['text', 'json'] as const)('forge no line of an access log in %s', async (format) => {
    const lines: string[] = []
    const layers = [accessLog({ format, write: (line) => lines.push(line) })]
    const server = new Server({ layers, unknown: async () => new Uint8Array(0), onError: () => {} } as ServerOptions)
    onCleanup(() => server.close({ drainMs: 0 }))
    const { address } = await server.listen('127.0.0.1:0')
    const service = echoService('Echo')
    const method = { ...service.methods[0]!, name: forged }
    const client = createClient({ ...service, methods: [method] }, closing(thrift(address)))
    await client.echo('a').catch(() => {})
    const plain = new Server({ layers, onError: () => {} }).add(ThriftEcho, thriftHandler())
    onCleanup(() => plain.close({ drainMs: 0 }))
    const { address: known } = await plain.listen('127.0.0.1:0')
    const { message } = (await rejection(
      createClient({ ...service, methods: [method] }, closing(thrift(known))).echo('a'),
    )) as RpcError
    expect(lines.length).toBeGreaterThanOrEqual(1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    for (const text of [...lines, message]) expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
    if (format === 'json') for (const line of lines) expect(JSON.parse(line).method).toBe(forged)
  })

  it('reach no terminal as they are when an error is printed', () => {
    const write = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const cause = new Error('behind\u009b2J')
      printError('volo: a\u001b[2J failed', new RpcError('INTERNAL', forged, { cause }))
      const text = write.mock.calls[0]!.join(' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
      expect(text).toContain('get\\nserver Shop.steal')
      expect(text).toContain('[cause]: Error: behind\\x9b2J')
      expect(text).toMatch(/\n {4}at /)
    } finally {
      write.mockRestore()
    }
  })
})
