import { type AddressInfo, createServer, connect as netConnect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { callAddress, callTags } from '../../../src/runtime/core/context/call-target.ts'
import type { RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { retry, retryAttempt } from '../../../src/runtime/middleware/retry.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, type ThriftTransport, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import { deferred, rejection } from '../../support/settle.ts'

async function serve(
  handler: Partial<EchoHandler> = {},
  options: ServerOptions = {},
  port = 0,
): Promise<{ server: Server; port: number }> {
  const server = new Server({ onError: () => {}, ...options }).add(Echo, echoHandler(handler))
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port: (await server.listen(`127.0.0.1:${port}`)).port }
}

function clientOf(port: number, options: ThriftOptions = {}): { client: EchoClient; wire: ThriftTransport } {
  const wire = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return { client: createClient(Echo, wire, { timeoutMs: 20_000 }), wire }
}

/** A peer that does with each connection what the test says. */
async function peer(onSocket: (socket: Socket) => void): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** Passes bytes on to a server until it is told to swallow them, as a network does that has lost the way. */
async function network(port: number): Promise<{ port: number; lose: () => void; connections: () => number }> {
  let lost = false
  let count = 0
  const between = await peer((near) => {
    const cut = ++count
    const far = netConnect(port, '127.0.0.1')
    far.on('error', () => {})
    near.on('data', (chunk) => {
      if (!(lost && cut === 1)) far.write(chunk)
    })
    far.on('data', (chunk) => {
      if (!(lost && cut === 1)) near.write(chunk)
    })
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  return {
    port: between.port,
    lose: () => {
      lost = true
    },
    connections: () => count,
  }
}

describe('a client that is left to choose its connections', () => {
  it('shares one connection once the server has said that it answers in any order', async () => {
    const { promise, resolve } = deferred<string>()
    const { server, port } = await serve({ echo: (text) => (text === 'slow' ? promise : text) })
    const { client, wire } = clientOf(port)
    expect(await client.echo('first')).toBe('first')
    const slow = client.echo('slow')
    expect(await Promise.all(Array.from({ length: 50 }, (_, i) => client.echo(`${i}`)))).toHaveLength(50)
    expect(wire.stats).toMatchObject({ opened: 1, busy: 1, idle: 0, waiting: 0 })
    expect(server.connections).toBe(1)
    resolve('done')
    expect(await slow).toBe('done')
    expect(wire.stats).toMatchObject({ busy: 0, idle: 1 })
  })

  it('serves all who wait in the pool by it', async () => {
    const { port } = await serve()
    const { client, wire } = clientOf(port, { pool: { maxTotal: 1 } })
    expect(await Promise.all([1, 2, 3, 4].map((i) => client.echo(`${i}`)))).toEqual(['1', '2', '3', '4'])
    expect(wire.stats).toMatchObject({ opened: 1, waiting: 0 })
  })

  it('begins anew with a pool when that connection is lost', async () => {
    const first = await serve()
    const { client, wire } = clientOf(first.port)
    await client.echo('warm')
    await first.server.close()
    await serve({}, {}, first.port)
    await expect.poll(() => client.echo('back').catch(() => '')).toBe('back')
    expect(await client.echo('again')).toBe('again')
    expect(wire.stats).toMatchObject({ opened: 2, closed: 1 })
  })

  it('stays with a pool where the server says nothing, or was told to', async () => {
    const slow = async (text: string): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return text
    }
    const { port } = await serve({ echo: slow })
    for (const options of [{ transport: 'framed' }, { connections: 'pool' }] as const) {
      const { client, wire } = clientOf(port, options)
      await client.echo('warm')
      await Promise.all([1, 2, 3].map((i) => client.echo(`${i}`)))
      expect(wire.stats).toMatchObject({ opened: 3, idle: 3 })
    }
  })

  it.each(['auto', 'multiplexed'] as const)(
    'closes the shared connection when it is idle for long (%s)',
    async (mode) => {
      const { server, port } = await serve()
      const { client, wire } = clientOf(port, { connections: mode, pool: { idleTimeoutMs: 30 } })
      await client.echo('warm')
      await expect.poll(() => server.connections).toBe(0)
      expect(wire.stats).toMatchObject({ opened: 1, closed: 1, idle: 0 })
      expect(await client.echo('again')).toBe('again')
    },
  )

  it.each(['auto', 'multiplexed'] as const)(
    'leaves a shared connection that has become silent, for another (%s)',
    async (connections) => {
      const { port } = await serve()
      const between = await network(port)
      const { client } = clientOf(between.port, { connections })
      await client.echo('warm')
      between.lose()
      expect(await rejection(client.echo('', { timeoutMs: 20 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
      await expect
        .poll(() => client.echo('there', { timeoutMs: 300 }).catch(() => ''), { timeout: 10_000 })
        .toBe('there')
      expect(between.connections()).toBe(2)
    },
  )
})

describe('the address of a call', () => {
  const named = async (name: string): Promise<number> => (await serve({ echo: () => name })).port

  it('is where it goes, and each address has its own connections', async () => {
    const [a, b, c] = [await named('a'), await named('b'), await named('c')]
    for (const connections of ['auto', 'pool', 'multiplexed'] as const) {
      const { client, wire } = clientOf(a, { connections })
      const to = (port: number): Promise<string> => client.echo('', { address: `127.0.0.1:${port}` })
      expect(await Promise.all([client.echo(''), to(b), to(c)])).toEqual(['a', 'b', 'c'])
      expect(await Promise.all([client.echo(''), to(b), to(c)])).toEqual(['a', 'b', 'c'])
      expect(wire.stats).toMatchObject({ opened: 3, idle: 3 })
      await wire.close()
      await expect.poll(() => wire.stats.closed).toBe(3)
    }
  })

  it('may be chosen by a layer for each attempt, from tags for one', async () => {
    const addresses = { blue: `127.0.0.1:${await named('blue')}`, gone: '127.0.0.1:1' }
    const choose: Layer = (next) => (cx, request) => {
      const colour = cx.get(callTags)?.['colour']
      if (colour !== undefined) {
        cx.set(callAddress, cx.get(retryAttempt) === undefined ? addresses.gone : addresses.blue)
      }
      return next(cx, request)
    }
    const wire = thrift(`127.0.0.1:${await named('own')}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const layers = [retry({ backoff: { initialMs: 0 } })]
    const client = createClient(Echo, wire, { layers, attemptLayers: [choose] })
    expect(await client.echo('')).toBe('own')
    expect(await client.echo('', { tags: { colour: 'blue' } })).toBe('blue')
  })

  it('is refused when it cannot be read, and where the transport goes to one place only', async () => {
    const { server, port } = await serve()
    expect(await rejection(clientOf(port).client.echo('', { address: 'nowhere' }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('invalid address "nowhere"'),
    })
    const inside = createClient(Echo, inProcess(server))
    expect(await rejection(inside.echo('', { address: '127.0.0.1:1' }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'bad options of Echo.echo: address: the transport of this client goes to one place only',
    })
  })
})

describe('a client with a certificate', () => {
  const pem = (name: string): { file: string } => ({
    file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
  })

  it.each(['auto', 'pool'] as const)(
    'keeps its connection, and makes another when it is lost (%s)',
    async (connections) => {
      const tls = { cert: pem('server'), key: pem('server-key'), ca: pem('ca') }
      const first = await serve({}, { tls })
      const wire = thrift(`localhost:${first.port}`, {
        connections,
        tls: { ca: pem('ca'), cert: pem('client'), key: pem('client-key') },
      })
      onCleanup(() => wire.close({ drainMs: 0 }))
      const client = createClient(Echo, wire, { timeoutMs: 20_000, layers: [retry({ attempts: 1_000 })] })
      for (let i = 0; i < 5; i++) expect(await client.echo(`${i}`)).toBe(`${i}`)
      expect(wire.stats).toMatchObject({ opened: 1, closed: 0 })
      await first.server.close()
      await serve({}, { tls }, first.port)
      expect(await client.echo('again')).toBe('again')
      expect(wire.stats).toMatchObject({ opened: 2, closed: 1 })
    },
  )
})

describe('warmUp', () => {
  it.each([
    ['pool', 3, 3],
    ['multiplexed', 1, 3],
  ] as const)('connects before the first call (%s)', async (connections, stands, count) => {
    const { server, port } = await serve()
    const { client, wire } = clientOf(port, { connections })
    await wire.warmUp(count)
    expect(wire.stats).toMatchObject({ opened: stands, idle: stands })
    await client.echo('x')
    await wire.warmUp(count)
    expect(wire.stats.opened).toBe(stands)
    expect(server.connections).toBe(stands)
  })

  it('rejects when nobody is there', async () => {
    const { server, port } = await serve()
    await server.close()
    for (const connections of ['auto', 'multiplexed'] as const) {
      const { wire } = clientOf(port, { connections })
      expect(await rejection(wire.warmUp())).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
      expect(wire.stats).toMatchObject({ failed: 1 })
    }
  })
})

describe('a health check', () => {
  const healthCheck = { everyMs: 30, timeoutMs: 100 }

  it.each(['pool', 'multiplexed'] as const)('keeps a connection whose server answers (%s)', async (connections) => {
    const { port } = await serve()
    const { client, wire } = clientOf(port, { connections, healthCheck })
    await client.echo('warm')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(wire.stats).toMatchObject({ opened: 1, closed: 0 })
    expect(await client.echo('fine')).toBe('fine')
  })

  it('calls the method that it is told', async () => {
    let pings = 0
    const { port } = await serve({
      ping: () => {
        pings++
      },
    })
    const { client } = clientOf(port, { connections: 'pool', healthCheck: { ...healthCheck, method: 'ping' } })
    await client.echo('warm')
    await expect.poll(() => pings).toBeGreaterThan(1)
  })

  it.each(['pool', 'multiplexed'] as const)(
    'closes one whose peer is gone without a word (%s)',
    async (connections) => {
      const { port } = await serve()
      const between = await network(port)
      const { client, wire } = clientOf(between.port, { connections, healthCheck })
      await client.echo('warm')
      between.lose()
      await expect.poll(() => wire.stats.closed).toBe(1)
      expect(await client.echo('back')).toBe('back')
    },
  )
})

describe('time limits', () => {
  it('lose a connection on which the server takes nothing, and say so', async () => {
    const { port } = await peer((socket) => socket.pause())
    const { client } = clientOf(port, { writeTimeoutMs: 50 })
    const error = (await rejection(client.echo('x'.repeat(15_000_000)))) as RpcError
    expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ took no byte within 50 ms; the request had been sent$/)
  })

  it('of a server close connections of clients that take nothing', async () => {
    const { server, port } = await serve({}, { thrift: { writeTimeoutMs: 50 } })
    const socket = netConnect(port, '127.0.0.1')
    onCleanup(() => socket.destroy())
    socket.on('error', () => {})
    const text = Buffer.alloc(1_000_000, 'x').toString()
    const head = Buffer.from('80010001000000046563686f000000010b0001', 'hex')
    const body = Buffer.alloc(4)
    body.writeUInt32BE(text.length)
    const message = Buffer.concat([head, body, Buffer.from(text), Buffer.from([0])])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(message.length)
    for (let i = 0; i < 12; i++) socket.write(Buffer.concat([length, message]))
    await expect.poll(() => server.connections).toBe(1)
    await expect.poll(() => server.connections, { timeout: 10_000 }).toBe(0)
  })

  it('of a server close connections that are idle, telling clients that understand', async () => {
    const { server, port } = await serve({}, { thrift: { idleTimeoutMs: 40 } })
    const told = clientOf(port)
    const untold = clientOf(port, { transport: 'framed' })
    await Promise.all([told.client.echo('a'), untold.client.echo('b')])
    expect(server.connections).toBe(2)
    await expect.poll(() => server.connections).toBe(0)
    expect(await told.client.echo('again')).toBe('again')
  })

  it('of a server spare connections whose calls take long', async () => {
    const { promise, resolve } = deferred<string>()
    const { port } = await serve({ echo: () => promise }, { thrift: { idleTimeoutMs: 20, readTimeoutMs: 20 } })
    const slow = clientOf(port).client.echo('slow')
    await new Promise((later) => setTimeout(later, 150))
    resolve('answered')
    expect(await slow).toBe('answered')
  })

  it('of a server end requests that come too slowly, with a reason where the caller is known', async () => {
    const { port } = await serve({}, { thrift: { readTimeoutMs: 60 } })
    const socket = netConnect(port, '127.0.0.1')
    onCleanup(() => socket.destroy())
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    // A frame of 64 bytes of which 19 come.
    socket.write(Buffer.from('0000004080010001000000046563686f000000070b0001', 'hex'))
    await closed
    expect(received).toContain('a message that has not come whole within 60 ms')
  })
})

describe('a server that closes under load', () => {
  it('loses no call of a client that speaks TTHeader', async () => {
    const echo = async (text: string): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
      return text
    }
    const first = await serve({ echo })
    const { port } = first
    const second = new Server().add(Echo, echoHandler({ echo }))
    const failures: RpcError[] = []
    let answered = 0
    let over = false
    const lanes = (['auto', 'multiplexed', 'pool'] as const).flatMap((connections) => {
      // Between the two servers nobody listens: what has not left may be tried again.
      const wire = thrift(`127.0.0.1:${port}`, { connections })
      onCleanup(() => wire.close({ drainMs: 0 }))
      const layers = [retry({ attempts: 1_000, backoff: { initialMs: 1, maxMs: 5 } })]
      const client = createClient(Echo, wire, { timeoutMs: 20_000, layers })
      return [1, 2, 3, 4].map(async () => {
        while (!over) {
          await client.echo('x').then(
            () => answered++,
            (error: RpcError) => failures.push(error),
          )
        }
      })
    })
    await expect.poll(() => answered).toBeGreaterThan(200)
    await first.server.close()
    onCleanup(() => second.close({ drainMs: 0 }))
    await second.listen(`127.0.0.1:${port}`)
    const before = answered
    await expect.poll(() => answered).toBeGreaterThan(before + 200)
    over = true
    await Promise.all(lanes)
    expect(failures).toEqual([])
  })

  it('that is killed instead loses no idempotent call of a client that retries', async () => {
    let answered = 0
    let over = false
    const failures: RpcError[] = []
    let { server, port } = await serve()
    const lanes = (['auto', 'multiplexed', 'pool'] as const).flatMap((connections) => {
      const wire = thrift(`127.0.0.1:${port}`, { connections })
      onCleanup(() => wire.close({ drainMs: 0 }))
      const layers = [retry({ idempotent: true, attempts: 1_000, backoff: { initialMs: 1, maxMs: 5 } })]
      const client = createClient(Echo, wire, { timeoutMs: 20_000, layers })
      return [1, 2, 3, 4].map(async () => {
        while (!over) {
          await client.echo('x').then(
            () => answered++,
            (error: RpcError) => failures.push(error),
          )
        }
      })
    })
    for (let restart = 0; restart < 3; restart++) {
      const before = answered
      await expect.poll(() => answered).toBeGreaterThan(before + 100)
      await server.close({ drainMs: 0 })
      ;({ server, port } = await serve({}, {}, port))
    }
    const before = answered
    await expect.poll(() => answered).toBeGreaterThan(before + 100)
    over = true
    await Promise.all(lanes)
    expect(failures).toEqual([])
  })

  it('is found again by hundreds of clients at once', async () => {
    const { server, port } = await serve()
    const clients = Array.from({ length: 300 }, () => clientOf(port).client)
    await Promise.all(clients.map((client) => client.echo('a')))
    expect(server.connections).toBe(300)
    await server.close()
    const next = await serve({}, {}, port)
    await Promise.all(clients.map((client) => expect.poll(() => client.echo('b').catch(() => '')).toBe('b')))
    await expect.poll(() => next.server.connections).toBe(300)
  })
})
