/** balance() over real servers, by gRPC, Thrift and in process, through kills, refusals, ejections and rolling replacements. */

import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type BalanceOptions, type BalanceTransport, balance } from '../../../src/runtime/balance/balance.ts'
import { callHash } from '../../../src/runtime/balance/call-hash.ts'
import { consistentHash, hashOf } from '../../../src/runtime/balance/consistent-hash.ts'
import { roundRobin } from '../../../src/runtime/balance/round-robin.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { type Discover, type DiscoverReport, discover } from '../../../src/runtime/discovery/discover.ts'
import { type Instance, instance } from '../../../src/runtime/discovery/instance.ts'
import { staticInstances } from '../../../src/runtime/discovery/static-instances.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo as ThriftEcho, echoHandler as thriftHandler } from '../../support/echo-service.ts'
import { freePort } from '../../support/free-port.ts'
import { all, rejection } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../grpc/echo.ts'

/** A server that answers with its name; a handler may do something else first. */
async function start(name: string, before: () => unknown = () => {}): Promise<{ address: string; server: Server }> {
  const handler: EchoHandler = {
    ...echoHandler,
    async unary() {
      await before()
      return { text: name }
    },
    async *expand() {
      await before()
      yield { text: name }
    },
  }
  const server = new Server({ onError: () => {} })
    .add(Echo, handler)
    .add(ThriftEcho, thriftHandler({ echo: () => name }))
  onCleanup(() => server.close({ drainMs: 0 }))
  return { address: (await server.listen('127.0.0.1:0')).address, server }
}

/** A Discover that the test speaks for. */
function registry(): {
  found: Discover
  report: DiscoverReport
  set: (...addresses: string[]) => void
  refreshed: number
} {
  const self = {
    refreshed: 0,
    report: undefined as unknown as DiscoverReport,
    set: (...addresses: string[]) => self.report.instances(addresses.map((address) => instance(address, 1))),
    found: undefined as unknown as Discover,
  }
  self.found = discover(
    {
      target: 'test:///echo',
      start(report) {
        self.report = report
        return () => {}
      },
      refresh() {
        self.refreshed++
      },
    },
    { emptyAfterMs: 0 },
  )
  // Somebody listens from the start, so that the test may report.
  onCleanup(self.found.watch({ changed() {}, failed() {} }))
  return self
}

function balanced(
  found: Discover,
  options: Partial<BalanceOptions> = {},
): { transport: BalanceTransport; client: EchoClient } {
  const connect = ({ address }: Instance): Transport => grpc(address)
  const transport = balance(found, { connect, policy: roundRobin(), ...options })
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { transport, client: createClient(Echo, transport) }
}

const text = async (client: EchoClient): Promise<string> => (await client.unary({})).text

async function texts(client: EchoClient, times: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const name = await text(client)
    found[name] = (found[name] ?? 0) + 1
  }
  return found
}

describe('balance()', () => {
  it('spreads calls and streams over all instances', async () => {
    const servers = [await start('a'), await start('b'), await start('c')]
    const { client, transport } = balanced(staticInstances(servers.map(({ address }) => address)))
    expect(await texts(client, 9)).toEqual({ a: 3, b: 3, c: 3 })
    const streamed = new Set<string>()
    for (let i = 0; i < 3; i++) for (const note of await all(client.expand({}))) streamed.add(note.text)
    expect(streamed.size).toBe(3)
    const { instances, target } = transport.stats()
    expect(target).toContain('static:///')
    expect(
      instances.map(({ state, calls, failures, inFlight, why }) => [state, calls, failures, inFlight, why]),
    ).toEqual(Array.from({ length: 3 }, () => ['ready', 4, 0, 0, undefined]))
    for (const { latencyMs } of instances) expect(latencyMs).toBeGreaterThan(0)
  })

  it('reads the same over Thrift and in process', async () => {
    const servers = [await start('a'), await start('b')]
    const overThrift = balance(staticInstances(servers.map(({ address }) => address)), {
      connect: ({ address }) => thrift(address),
      policy: roundRobin(),
    })
    onCleanup(() => overThrift.close({ drainMs: 0 }))
    const thriftClient = createClient(ThriftEcho, overThrift)
    expect(new Set([await thriftClient.echo('x'), await thriftClient.echo('x')])).toEqual(new Set(['a', 'b']))
    const byAddress = new Map(servers.map(({ address, server }) => [address, server]))
    const { client } = balanced(staticInstances([...byAddress.keys()]), {
      connect: ({ address }) => inProcess(byAddress.get(address)!),
    })
    expect(await texts(client, 4)).toEqual({ a: 2, b: 2 })
  })

  it('waits for the first answer of the registry, and follows its changes', async () => {
    const [a, b] = [await start('a'), await start('b')]
    const names = registry()
    const { client, transport } = balanced(names.found)
    const early = text(client)
    await expect.poll(() => transport.stats().waiting).toBe(1)
    names.set(a.address)
    expect(await early).toBe('a')
    names.set(a.address, b.address)
    expect(await texts(client, 4)).toEqual({ a: 2, b: 2 })
    names.set(b.address)
    expect(await texts(client, 3)).toEqual({ b: 3 })
    names.set()
    const error = (await rejection(text(client))) as RpcError
    expect([error.code, error.message]).toEqual(['UNAVAILABLE', "no instance of 'Echo' (test:///echo: 0 known)"])
    expect(error.bytesSent).toBe(false)
  })

  it('says why the instances are not known, and ends calls that wait when they end', async () => {
    const names = registry()
    const { client, transport } = balanced(names.found)
    const waiting = rejection(client.unary({}, { timeoutMs: 30 }))
    expect(((await waiting) as RpcError).code).toBe('DEADLINE_EXCEEDED')
    expect(transport.stats().waiting).toBe(0)
    const failing = rejection(text(client))
    await expect.poll(() => transport.stats().waiting).toBe(1)
    names.report.failed(new Error('etcd is away'))
    expect(((await failing) as RpcError).message).toBe('the instances of test:///echo are not known: etcd is away')
    expect(transport.stats().discoverError).toBe('etcd is away')
    const a = await start('a')
    names.set(a.address)
    names.report.failed(new Error('etcd is away again'))
    expect(await text(client)).toBe('a')
  })

  it('goes on to another instance where a connection cannot be made, and leaves that one out', async () => {
    const [a, b] = [await start('a'), await start('b')]
    const down = `127.0.0.1:${await freePort()}`
    const names = registry()
    names.set(a.address, down, b.address)
    const { client, transport } = balanced(names.found)
    expect(await texts(client, 12)).toEqual({ a: expect.any(Number), b: expect.any(Number) })
    const stats = transport.stats().instances.find(({ address }) => address === down)!
    expect(stats.state).toBe('unreachable')
    expect(stats.failures).toBe(1)
    expect(stats.why).toMatch(/^unreachable for \d+ s more: .*ECONNREFUSED/)
    expect(names.refreshed).toBeGreaterThan(0)
  })

  it('names what it tried when no instance can be connected', async () => {
    const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    const { client } = balanced(staticInstances(addresses))
    const error = (await rejection(text(client))) as RpcError
    expect(error.code).toBe('UNAVAILABLE')
    expect(error.message).toContain('2 known, 2 refused the connection, tried')
    for (const address of addresses) expect(error.message).toContain(address)
    expect(String(error.cause)).toContain('ECONNREFUSED')
  })

  it('ejects an instance that fails again and again, and never most of them', async () => {
    const broken = (): never => {
      throw new RpcError('UNAVAILABLE', 'out of order')
    }
    const servers = [await start('a', broken), await start('b'), await start('c', broken)]
    const { client, transport } = balanced(staticInstances(servers.map(({ address }) => address)), {
      outliers: { consecutiveFailures: 2, maxEjectionPercent: 40 },
    })
    for (let i = 0; i < 12; i++) await text(client).catch(() => {})
    const states = transport.stats().instances.map(({ state }) => state)
    expect(states.filter((state) => state === 'ejected')).toHaveLength(1)
    expect(transport.stats().instances.find(({ state }) => state === 'ejected')!.why).toContain('out of order')
  })

  it('lets an ejected instance come back', async () => {
    let isBroken = true
    const a = await start('a', () => {
      if (isBroken) throw new RpcError('INTERNAL', 'out of order')
    })
    const b = await start('b')
    const { client, transport } = balanced(staticInstances([a.address, b.address]), {
      outliers: { consecutiveFailures: 1, baseEjectionMs: 100 },
    })
    for (let i = 0; i < 2; i++) await text(client).catch(() => {})
    expect(transport.stats().instances[0]!.state).toBe('ejected')
    expect(await texts(client, 4)).toEqual({ b: 4 })
    isBroken = false
    await expect.poll(() => transport.stats().instances[0]!.state).toBe('ready')
    expect(await texts(client, 4)).toEqual({ a: 2, b: 2 })
  })

  it('counts neither the mistakes of callers nor answers of the application against an instance', async () => {
    const a = await start('a', () => {
      throw new RpcError('NOT_FOUND', 'no such note')
    })
    const b = await start('b')
    const { client, transport } = balanced(staticInstances([a.address, b.address]), {
      outliers: { consecutiveFailures: 1 },
    })
    for (let i = 0; i < 6; i++) await text(client).catch(() => {})
    expect(transport.stats().instances.map(({ state, failures }) => [state, failures])).toEqual([
      ['ready', 0],
      ['ready', 0],
    ])
  })

  it('takes retries to another instance', async () => {
    const asked: string[] = []
    const failing = (name: string) => (): never => {
      asked.push(name)
      throw new RpcError('UNAVAILABLE', 'later')
    }
    const servers = [await start('a', failing('a')), await start('b', failing('b')), await start('c', failing('c'))]
    const found = staticInstances(servers.map(({ address }) => address))
    const { transport } = balanced(found)
    const layers = [retry({ attempts: 3, idempotent: true, backoff: { initialMs: 0 } })]
    await rejection(createClient(Echo, transport, { layers }).unary({}))
    expect(asked.sort()).toEqual(['a', 'b', 'c'])
  })

  it('sends calls of one hash to one instance', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => start(name)))
    const { transport } = balanced(staticInstances(servers.map(({ address }) => address)), { policy: consistentHash() })
    const byUser: Layer = (next) => (cx, request) => {
      cx.set(callHash, hashOf(String(cx.requestHeaders.get('user'))))
      return next(cx, request)
    }
    const client = createClient(Echo, transport, { layers: [byUser] })
    const names = new Set<string>()
    for (let user = 0; user < 20; user++) {
      const seen = new Set<string>()
      for (let i = 0; i < 3; i++) seen.add((await client.unary({}, { metadata: { user: `u${user}` } })).text)
      expect(seen.size).toBe(1)
      names.add([...seen][0]!)
    }
    expect(names.size).toBe(3)
  })

  it('goes to the address that a call names, known or not', async () => {
    const [a, b] = [await start('a'), await start('b')]
    const { client } = balanced(staticInstances([a.address]))
    expect((await client.unary({}, { address: b.address })).text).toBe('b')
    expect((await client.unary({}, { address: a.address })).text).toBe('a')
  })

  it('gives an instance of weight 0 no calls, and a new one few at first', async () => {
    const [a, b] = [await start('a'), await start('b')]
    const names = registry()
    const { client, transport } = balanced(names.found, { slowStartMs: 60_000, policy: undefined as never })
    names.report.instances([instance(a.address, 100)])
    expect(await text(client)).toBe('a')
    names.report.instances([instance(a.address, 100), instance(b.address, 100)])
    const found = await texts(client, 200)
    expect(found['a']).toBeGreaterThan(150)
    names.report.instances([instance(a.address, 0), instance(b.address, 100)])
    expect(await texts(client, 5)).toEqual({ b: 5 })
    expect(transport.stats().instances[0]!.why).toBe('its weight is 0')
  })

  it('loses no call while three instances are replaced one by one under load', async () => {
    const names = registry()
    let servers = await Promise.all(['a', 'b', 'c'].map((name) => start(name)))
    const publish = (): void => names.set(...servers.map(({ address }) => address))
    publish()
    const { client, transport } = balanced(names.found)
    let isOver = false
    let calls = 0
    const failures: unknown[] = []
    const load = Array.from({ length: 32 }, async () => {
      while (!isOver) {
        await text(client).catch((error) => failures.push(error))
        calls++
      }
    })
    for (let i = 0; i < 3; i++) {
      const old = servers[i]!
      servers = servers.with(i, await start(`new ${i}`))
      publish()
      await old.server.close()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    isOver = true
    await Promise.all(load)
    expect(failures).toEqual([])
    expect(calls).toBeGreaterThan(100)
    expect(await texts(client, 6)).toEqual({ 'new 0': 2, 'new 1': 2, 'new 2': 2 })
    expect(transport.stats().instances).toHaveLength(3)
  })

  it('settles every call when an instance hangs and the transport is closed', async () => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onCleanup(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const { port } = silent.address() as { port: number }
    const { client, transport } = balanced(staticInstances([`127.0.0.1:${port}`]))
    const calls = Array.from({ length: 5 }, () => rejection(text(client)))
    await expect.poll(() => sockets.size).toBe(1)
    await transport.close({ drainMs: 0 })
    for (const error of await Promise.all(calls)) expect((error as RpcError).code).toBe('UNAVAILABLE')
    expect(((await rejection(text(client))) as RpcError).message).toBe('the transport is closed')
  })

  it('refuses options that cannot be', () => {
    const found = staticInstances(['a:1'])
    expect(() => balance(found, {} as never)).toThrow(TypeError)
    expect(() => balance(found, { connect: () => grpc('a:1'), slowStart: 1 } as never)).toThrow(
      'there is no option slowStart',
    )
    expect(() => balance(found, { connect: () => grpc('a:1'), outliers: { consecutiveFailures: -1 } })).toThrow(
      RangeError,
    )
  })
})
