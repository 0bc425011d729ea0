/** While a server is down, a Thrift client dials it seldom, and calls fail fast. */

import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { RpcError } from '../../../src/runtime/core/error.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, echoHandler } from '../../support/echo-service.ts'
import { freePort } from '../../support/free-port.ts'
import { failure } from '../../support/settle.ts'

const backoff = { initialMs: 100, factor: 2, maxMs: 400, jitter: 0 }

const ways: readonly [string, ThriftOptions, byCall: boolean][] = [
  ['auto', {}, false],
  ['pool', { connections: 'pool' }, false],
  ['pool with minIdle', { connections: 'pool', pool: { minIdle: 3 } }, false],
  ['multiplexed', { connections: 'multiplexed' }, false],
  ['framed', { transport: 'framed' }, false],
  ['an address per call', {}, true],
]

async function listen(port: number): Promise<void> {
  const server = new Server().add(Echo, echoHandler())
  onCleanup(() => server.close({ drainMs: 0 }))
  await server.listen(`127.0.0.1:${port}`)
}

describe.each(ways)('a Thrift client whose server is down (%s)', (_way, options, byCall) => {
  async function setUp() {
    const port = await freePort()
    const wire = thrift(`127.0.0.1:${byCall ? 1 : port}`, { backoff, ...options })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const client = createClient(Echo, wire, { timeoutMs: 10_000 })
    const call = () => client.echo('x', byCall ? { address: `127.0.0.1:${port}` } : {})
    return { port, wire, call }
  }

  it('dials seldom, and calls fail at once with the last failure and the time of the next attempt', async () => {
    const { port, wire, call } = await setUp()
    const until = performance.now() + 1_200
    let calls = 0
    for (; performance.now() < until; calls++) {
      const error = await failure(call())
      expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
      expect(error.message).toMatch(
        new RegExp(
          `^cannot connect to 127.0.0.1:${port}: connection refused.*; the next attempt to connect is in \\d+ ms$`,
        ),
      )
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(calls).toBeGreaterThan(30)
    // At 0, 100, 300, 700 and 1,100 ms; a pool that keeps three makes its first attempts side by side.
    expect(wire.stats.failed).toBeGreaterThan(1)
    expect(wire.stats.failed).toBeLessThanOrEqual(7)
  })

  it('finds the server again when it returns', async () => {
    const { port, call } = await setUp()
    for (let i = 0; i < 5; i++) expect(await failure(call())).toMatchObject({ code: 'UNAVAILABLE' })
    await listen(port)
    await expect.poll(() => call().catch(() => ''), { timeout: 5_000 }).toBe('x')
    expect(await Promise.all([call(), call(), call()])).toEqual(['x', 'x', 'x'])
  })
})

it('dials seldom where connections are accepted and closed without a word, as by a proxy without a server', async () => {
  for (const connections of ['auto', 'multiplexed'] as const) {
    let accepted = 0
    const proxy = createServer((socket: Socket) => {
      accepted++
      socket.on('error', () => {})
      socket.on('data', () => socket.destroy())
    })
    onCleanup(() => new Promise((resolve) => proxy.close(resolve)))
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as { port: number }
    const wire = thrift(`127.0.0.1:${port}`, { connections, backoff })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const client = createClient(Echo, wire, { timeoutMs: 10_000 })
    const errors: RpcError[] = []
    for (let i = 0; i < 50; i++) errors.push((await failure(client.echo('x'))) as RpcError)
    for (const error of errors) expect(error).toMatchObject({ code: 'UNAVAILABLE' })
    expect(errors[0]).toMatchObject({ bytesSent: true })
    expect(errors.at(-1)?.message).toMatch(/it was closed by the peer.*; the next attempt to connect is in \d+ ms$/)
    expect(accepted).toBeLessThanOrEqual(4)
  }
})
