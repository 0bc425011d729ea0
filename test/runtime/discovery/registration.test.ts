/** Servers that register: with a registry of the test, and with a scripted Consul agent that consul() reads back. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { balance } from '../../../src/runtime/balance/balance.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { consul } from '../../../src/runtime/discovery/consul.ts'
import { consulRegistry } from '../../../src/runtime/discovery/consul-registry.ts'
import type { Registration, Registry } from '../../../src/runtime/discovery/registry.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { deferred } from '../../support/settle.ts'
import { Echo, echoHandler } from '../grpc/echo.ts'

interface Book extends Registry {
  readonly log: string[]
  readonly known: Map<string, Registration>
  /** What the next call fails with. */
  failure: Error | undefined
}

function book(checkEveryMs = 60_000): Book {
  const run = async (what: string, one: Registration): Promise<void> => {
    const error = self.failure
    self.failure = undefined
    self.log.push(`${what} ${one.service}${error === undefined ? '' : ' failed'}`)
    if (error !== undefined) throw error
  }
  const self: Book = {
    target: 'book',
    checkEveryMs,
    log: [],
    known: new Map(),
    failure: undefined,
    async register(one) {
      await run('register', one)
      self.known.set(one.address, one)
    },
    async deregister(one) {
      await run('deregister', one)
      self.known.delete(one.address)
    },
    async isRegistered({ address }) {
      return self.known.has(address)
    },
  }
  return self
}

function serverWith(registry: Registry, more: ServerOptions = {}): { server: Server; errors: unknown[] } {
  const errors: unknown[] = []
  const server = new Server({
    registry,
    advertise: { service: 'echo', settleMs: 0 },
    onError: (error) => errors.push(error),
    ...more,
  }).add(Echo, echoHandler)
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, errors }
}

describe('a server with a registry', () => {
  it('registers when it listens, and leaves before it stops listening', async () => {
    const registry = book()
    const { server } = serverWith(registry, {
      advertise: { service: 'echo', weight: 20, tags: { zone: 'a' }, settleMs: 1_000 },
    })
    const { address } = await server.listen('127.0.0.1:0')
    expect([...registry.known.values()]).toEqual([{ service: 'echo', address, weight: 20, tags: { zone: 'a' } }])
    await server.listen('127.0.0.1:0')
    expect(registry.log).toEqual(['register echo'])
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const client = createClient(Echo, transport)
    await client.unary({ text: 'before' })
    const closing = server.close()
    await expect.poll(() => registry.known.size).toBe(0)
    expect((await client.unary({ text: 'while callers notice' })).text).toBe('while callers notice')
    await closing
    expect(registry.log).toEqual(['register echo', 'deregister echo'])
  })

  it('registers again when the registry has lost it', async () => {
    const registry = book(10)
    const { server } = serverWith(registry)
    await server.listen('127.0.0.1:0')
    registry.known.clear()
    await expect.poll(() => registry.known.size).toBe(1)
    expect(registry.log).toEqual(['register echo', 'register echo'])
  })

  it('serves while the registry is away, reports it, and tries again', async () => {
    const registry = book()
    registry.failure = new Error('away')
    const { server, errors } = serverWith(registry)
    const { address } = await server.listen('127.0.0.1:0')
    expect(errors.map(String)).toEqual(['Error: away'])
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    await createClient(Echo, transport).unary({})
    await expect.poll(() => registry.known.size, { timeout: 5_000 }).toBe(1)
    registry.failure = new Error('away again')
    await server.close()
    expect(errors.map(String)).toEqual(['Error: away', 'Error: away again'])
  })

  it('waits for a registration that is under way before it leaves', async () => {
    const registry = book()
    const gate = deferred<void>()
    const slow: Registry = {
      ...registry,
      register: async (one) => {
        await gate.promise
        await registry.register(one)
      },
    }
    const { server } = serverWith(slow)
    const listening = server.listen('127.0.0.1:0')
    await new Promise((resolve) => setTimeout(resolve, 10))
    const closing = server.close()
    gate.resolve()
    await listening
    await closing
    expect(registry.known.size).toBe(0)
  })

  it('starts and stops although the registry never answers', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const { server, errors } = serverWith({ target: 'abyss', timeoutMs: 20, register: never, deregister: never })
    await server.listen('127.0.0.1:0')
    await server.close()
    const text = 'RpcError: abyss did not answer within 20 ms'
    expect(errors.map(String)).toEqual([text, text])
  })

  it('advertises an address that others can reach, or the one that is given', async () => {
    const registry = book()
    const { server } = serverWith(registry)
    const { port } = await server.listen('0.0.0.0:0')
    const [address] = [...registry.known.keys()]
    expect(address).toMatch(new RegExp(`^\\d+\\.\\d+\\.\\d+\\.\\d+:${port}$`))
    expect(address).not.toContain('0.0.0.0')
    const other = book()
    const { server: named } = serverWith(other, {
      advertise: { service: 'echo', address: 'shop.example:443', settleMs: 0 },
    })
    await named.listen('127.0.0.1:0')
    expect([...other.known.keys()]).toEqual(['shop.example:443'])
  })

  it('needs a name to register under', () => {
    expect(() => new Server({ registry: book() })).toThrow('registry needs advertise.service')
    expect(() => new Server({ advertise: { service: 'a', wieght: 1 } as never })).toThrow(
      'there is no option advertise.wieght',
    )
  })
})

describe('consulRegistry()', () => {
  /** An agent that keeps what is registered; every check of it passes. */
  async function agent(): Promise<{ address: string; bodies: unknown[]; clear(): void }> {
    const known = new Map<string, Record<string, unknown>>()
    const bodies: unknown[] = []
    let index = 1
    const server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { pathname } = new URL(request.url!, 'http://consul')
      response.setHeader('x-consul-index', String(index))
      if (pathname === '/v1/agent/service/register') {
        const body = JSON.parse(text) as Record<string, unknown>
        bodies.push(body)
        known.set(String(body['ID']), body)
        index++
      } else if (pathname.startsWith('/v1/agent/service/deregister/')) {
        known.delete(decodeURIComponent(pathname.split('/').at(-1)!))
        index++
      } else if (pathname.startsWith('/v1/agent/service/')) {
        response.statusCode = known.has(decodeURIComponent(pathname.split('/').at(-1)!)) ? 200 : 404
      } else if (pathname === '/v1/health/service/echo') {
        response.end(JSON.stringify([...known.values()].map((one) => ({ Node: {}, Service: one }))))
        return
      }
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onCleanup(() => {
      server.closeAllConnections()
      server.close()
    })
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, clear: () => known.clear() }
  }

  it('writes what Kitex writes, and consul() finds it', async () => {
    const peer = await agent()
    const { server } = serverWith(consulRegistry(peer.address), {
      advertise: { service: 'echo', weight: 20, tags: { zone: 'a:b' }, settleMs: 0 },
    })
    const { address, port } = await server.listen('127.0.0.1:0')
    expect(peer.bodies).toEqual([
      {
        ID: `echo:127.0.0.1:${port}`,
        Name: 'echo',
        Address: '127.0.0.1',
        Port: port,
        Tags: ['zone:a:b'],
        Weights: { Passing: 20, Warning: 20 },
        Check: { TCP: address, Timeout: '5s', Interval: '5s', DeregisterCriticalServiceAfter: '1m' },
      },
    ])
    const transport = balance(consul(peer.address, { service: 'echo', waitMs: 100 }), {
      connect: (instance) => grpc(instance.address),
    })
    onCleanup(() => transport.close({ drainMs: 0 }))
    expect((await createClient(Echo, transport).unary({ text: 'a' })).text).toBe('a')
    const [found] = transport.stats().instances
    expect([found!.address, found!.weight, found!.tags]).toEqual([address, 20, { zone: 'a:b' }])
    await server.close()
    await transport.close()
  })

  it('names the agent that does not answer', async () => {
    const registry = consulRegistry('127.0.0.1:1')
    const one: Registration = { service: 'echo', address: '127.0.0.1:80', weight: 1, tags: {} }
    const error = await registry.register(one).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RpcError)
    expect(String(error)).toMatch(/Consul at http:\/\/127\.0\.0\.1:1 does not answer: /)
    await expect(registry.register({ ...one, tags: { 'a:b': 'c' } })).rejects.toThrow('has a colon in its name')
  })
})
