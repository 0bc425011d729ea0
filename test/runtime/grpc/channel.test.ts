import * as http2 from 'node:http2'
import { type AddressInfo, connect, createServer, Server, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { RpcError } from '../../../src/runtime/core/error.ts'
import { grpcCall } from '../../../src/runtime/grpc/client/call-options.ts'
import type { ConnectivityState } from '../../../src/runtime/grpc/client/connectivity.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import type { GrpcTransport } from '../../../src/runtime/grpc/client/http-transport.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { freePort } from '../../support/free-port.ts'
import { failure } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoPort, type NoteInput, serveEcho } from './echo.ts'
import { type GrpcJsServer, serveGrpcJs } from './grpc-js.ts'

interface Dialled {
  readonly transport: GrpcTransport
  readonly echo: EchoClient
  readonly states: ConnectivityState[]
}

function dial(address: string, options?: GrpcOptions): Dialled {
  const transport = grpc(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  const states: ConnectivityState[] = []
  transport.watch((state) => states.push(state))
  return { transport, echo: createClient(Echo, transport), states }
}

async function serve(...args: Parameters<typeof serveEcho>): Promise<EchoPort> {
  const port = await serveEcho(...args)
  onCleanup(() => port.close())
  return port
}

/** node:http2 on a port; `onStream` answers. */
async function serveHttp2(
  port: number,
  settings: http2.Settings,
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<{
  readonly address: string
  readonly sessions: http2.ServerHttp2Session[]
  readonly close: () => Promise<void>
  readonly stopListening: () => void
}> {
  const server = http2.createServer({ settings })
  const sessions: http2.ServerHttp2Session[] = []
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      for (const session of sessions) session.destroy()
      server.close(() => resolve())
    })
    return closing
  }
  onCleanup(close)
  // Of node:net, since the close of node:http2 sends GOAWAY on every session since Node 24.
  const stopListening = (): void => void Server.prototype.close.call(server)
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sessions, close, stopListening }
}

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' }

function answer(stream: http2.ServerHttp2Stream): void {
  stream.respond(grpcHeaders, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(new Uint8Array(5))
}

describe('the state of a channel', () => {
  it('goes from IDLE over CONNECTING to READY with the first call, and ends in SHUTDOWN', async () => {
    const port = await serve()
    const { transport, echo, states } = dial(port.address)
    expect(transport.state).toBe('IDLE')
    await echo.unary({})
    expect(transport.state).toBe('READY')
    await transport.close()
    expect(states).toEqual(['CONNECTING', 'READY', 'SHUTDOWN'])
    expect(await failure(echo.unary({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
  })

  it('becomes IDLE when the connection is lost, without a new one that nobody asked for', async () => {
    const port = await serve()
    const { transport, states } = dial(port.address)
    await transport.connect()
    await expect.poll(() => port.connections.length).toBe(1)
    await expect.poll(() => transport.state).toBe('READY')
    port.sockets[0]!.destroy()
    await expect.poll(() => transport.state).not.toBe('READY')
    expect(states.filter((state) => state === 'CONNECTING')).toHaveLength(1)
  })

  it('fails calls at once while it waits after a failure, with its reason, and comes back', async () => {
    const port = await freePort()
    const { transport, echo, states } = dial(`127.0.0.1:${port}`, { backoff: { initialMs: 300, jitter: 0 } })
    const errors: (RpcError | undefined)[] = []
    transport.watch((state, error) => {
      if (state === 'TRANSIENT_FAILURE') errors.push(error)
    })
    expect(await failure(echo.unary({}))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/ECONNREFUSED/),
    })
    expect(transport.state).toBe('TRANSIENT_FAILURE')
    expect(errors).toMatchObject([{ code: 'UNAVAILABLE' }])
    await serveHttp2(port, {}, answer)
    // The server is there now, and the channel does not know yet.
    expect(await failure(echo.unary({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    await expect.poll(() => transport.state).toBe('IDLE')
    await echo.unary({})
    expect(states).toEqual(['CONNECTING', 'TRANSIENT_FAILURE', 'IDLE', 'CONNECTING', 'READY'])
  })

  it('lets a listener that throws or has left disturb nobody', async () => {
    const port = await serve()
    const { transport, states } = dial(port.address)
    const heard: ConnectivityState[] = []
    const unwatch = transport.watch((state) => heard.push(state))
    unwatch()
    await transport.connect()
    expect(heard).toEqual([])
    expect(states).toEqual(['CONNECTING', 'READY'])
  })
})

describe('connecting before the first call', () => {
  it('resolves when there is a connection, which the first call then uses', async () => {
    const port = await serve()
    const { transport, echo } = dial(port.address)
    await Promise.all([transport.connect(), transport.connect()])
    await echo.unary({})
    await transport.connect()
    expect(port.sockets).toHaveLength(1)
  })

  it('rejects with the first failure, or tries until its time is over', async () => {
    const port = await freePort()
    const { transport } = dial(`127.0.0.1:${port}`, { backoff: { initialMs: 5, maxMs: 20 } })
    expect(await failure(transport.connect())).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    const late = await failure(transport.connect({ timeoutMs: 100 }))
    expect(late).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringMatching(/within 100 ms.*ECONNREFUSED/),
    })
    const patient = transport.connect({ timeoutMs: 10_000 })
    await serveHttp2(port, {}, answer)
    await patient
    expect(transport.state).toBe('READY')
  })

  it('gives up by its signal', async () => {
    const port = await freePort()
    const { transport } = dial(`127.0.0.1:${port}`)
    const abort = new AbortController()
    const connecting = failure(transport.connect({ timeoutMs: 10_000, signal: abort.signal }))
    abort.abort()
    expect(await connecting).toMatchObject({ code: 'CANCELLED' })
    expect(await failure(transport.connect({ signal: abort.signal }))).toMatchObject({ code: 'CANCELLED' })
  })
})

describe('wait-for-ready', () => {
  it('lets calls wait for a server that comes up later, with what is left of their deadline', async () => {
    const port = await freePort()
    const { echo } = dial(`127.0.0.1:${port}`, { waitForReady: true, backoff: { initialMs: 10, maxMs: 30 } })
    const timeouts: string[] = []
    const calls = Promise.all([echo.unary({}, { timeoutMs: 20_000 }), echo.unary({}, { timeoutMs: 20_000 })])
    await new Promise((resolve) => setTimeout(resolve, 60))
    await serveHttp2(port, {}, (stream, headers) => {
      timeouts.push(String(headers['grpc-timeout']))
      answer(stream)
    })
    await calls
    expect(timeouts).toHaveLength(2)
    for (const timeout of timeouts) expect(Number.parseInt(timeout, 10)).toBeLessThan(20_000 - 50)
  })

  it('is asked for by a single call, and ends with its deadline', async () => {
    const port = await freePort()
    const { echo } = dial(`127.0.0.1:${port}`, { backoff: { initialMs: 10, maxMs: 30 } })
    const prepare = grpcCall({ waitForReady: true })
    const late = await failure(echo.unary({}, { timeoutMs: 80, prepare }))
    expect(late.code).toBe('DEADLINE_EXCEEDED')
    expect((await failure(echo.unary({}))).code).toBe('UNAVAILABLE')
    const abort = new AbortController()
    const aborted = failure(echo.unary({}, { signal: abort.signal, prepare }))
    abort.abort()
    expect((await aborted).code).toBe('CANCELLED')
  })

  it('ends with the transport', async () => {
    const { echo, transport } = dial(`127.0.0.1:${await freePort()}`, { waitForReady: true })
    const waiting = failure(echo.unary({}))
    await new Promise((resolve) => setTimeout(resolve, 30))
    await transport.close()
    expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/is closed/) })
  })
})

describe('the connections of a channel', () => {
  it('become more when the server takes no more calls on one, up to a limit, and calls wait beyond it', async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = await serveHttp2(0, { maxConcurrentStreams: 3 }, (stream) => held.push(stream))
    const { echo } = dial(server.address, { maxConnections: 2 })
    // Before its SETTINGS have come nobody knows that it takes 3.
    const first = echo.unary({})
    await expect.poll(() => held.length).toBe(1)
    const calls = Array.from({ length: 9 }, () => echo.unary({}))
    await expect.poll(() => held.length).toBe(6)
    expect(server.sessions).toHaveLength(2)
    for (let i = 0; i < 10; i++) {
      await expect.poll(() => held.length).toBeGreaterThan(i)
      answer(held[i]!)
    }
    await Promise.all([first, ...calls])
    expect(server.sessions).toHaveLength(2)
  })

  it('carry no more calls each than the client wants', async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = await serveHttp2(0, {}, (stream) => held.push(stream))
    const { echo } = dial(server.address, { maxCallsPerConnection: 2, maxConnections: 3 })
    const calls = Array.from({ length: 7 }, () => echo.unary({}))
    await expect.poll(() => held.length).toBe(6)
    expect(server.sessions).toHaveLength(3)
    answer(held[0]!)
    await expect.poll(() => held.length).toBe(7)
    for (const stream of held.slice(1)) answer(stream)
    await Promise.all(calls)
  })

  it('fail what waits for room when none is left and no other can be made', async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = await serveHttp2(0, {}, (stream) => held.push(stream))
    const { echo, transport } = dial(server.address, {
      maxCallsPerConnection: 1,
      maxConnections: 2,
      backoff: { initialMs: 5_000, jitter: 0 },
      connectTimeoutMs: 30,
    })
    const running = failure(echo.unary({}))
    await expect.poll(() => held.length).toBe(1)
    // A second connection finds nobody: the port is closed, the first one stays.
    server.stopListening()
    const waiting = failure(echo.unary({}))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(transport.state).toBe('READY')
    server.sessions[0]!.destroy()
    expect((await running).code).toBe('UNAVAILABLE')
    expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(transport.state).toBe('TRANSIENT_FAILURE')
  })

  it('let a call that waits for room leave by its signal', async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = await serveHttp2(0, {}, (stream) => held.push(stream))
    const { echo } = dial(server.address, { maxCallsPerConnection: 1, maxConnections: 1 })
    const running = echo.unary({})
    await expect.poll(() => held.length).toBe(1)
    const abort = new AbortController()
    const waiting = failure(echo.unary({}, { signal: abort.signal }))
    const next = echo.unary({})
    abort.abort()
    expect((await waiting).code).toBe('CANCELLED')
    answer(held[0]!)
    await running
    await expect.poll(() => held.length).toBe(2)
    answer(held[1]!)
    await next
  })

  it('are left behind by GOAWAY: open calls end on the old one, new ones go to another', async () => {
    const held: http2.ServerHttp2Stream[] = []
    const server = await serveHttp2(0, {}, (stream) => held.push(stream))
    const { echo, transport } = dial(server.address)
    const old = echo.unary({})
    await expect.poll(() => held.length).toBe(1)
    server.sessions[0]!.goaway(http2.constants.NGHTTP2_NO_ERROR)
    await expect.poll(() => transport.state).toBe('IDLE')
    const fresh = echo.unary({})
    await expect.poll(() => held.length).toBe(2)
    for (const stream of held) answer(stream)
    await Promise.all([old, fresh])
    expect(server.sessions).toHaveLength(2)
  })

  it('are closed when nobody has used them for a while', async () => {
    const port = await serve({
      async unary(note) {
        if (note.count > 0) await new Promise((resolve) => setTimeout(resolve, note.count))
        return note
      },
    })
    const { echo, transport } = dial(port.address, { idleTimeoutMs: 50 })
    // A call that takes longer than the time is no idleness.
    await echo.unary({ count: 150 })
    expect(port.sockets).toHaveLength(1)
    await expect.poll(() => transport.state).toBe('IDLE')
    await expect.poll(() => port.sockets[0]!.destroyed).toBe(true)
    await echo.unary({})
    expect(port.sockets).toHaveLength(2)
  })

  it('ping half as often after the server has found it too often', async () => {
    const server = await serveHttp2(0, {}, () => {})
    const { echo, transport } = dial(server.address, { keepalive: { intervalMs: 30 } })
    const first = failure(echo.unary({}))
    await expect.poll(() => server.sessions.length).toBe(1)
    let pings = 0
    server.sessions[0]!.on('ping', () => pings++)
    await expect.poll(() => pings).toBeGreaterThan(1)
    server.sessions[0]!.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'))
    await expect.poll(() => transport.state).toBe('IDLE')
    server.sessions[0]!.destroy()
    expect(await first).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/too_many_pings/) })
    const abort = new AbortController()
    const second = failure(echo.unary({}, { signal: abort.signal }))
    await expect.poll(() => server.sessions.length).toBe(2)
    const times: number[] = []
    server.sessions[1]!.on('ping', () => times.push(performance.now()))
    await expect.poll(() => times.length).toBe(4)
    // 60 ms after each answer, three times.
    expect(times[3]! - times[0]!).toBeGreaterThan(170)
    abort.abort()
    await second
  })

  it('count as failed when the server hangs up before it has said anything', async () => {
    let accepted = 0
    const server: Server = createServer((socket: Socket) => {
      accepted++
      socket.on('error', () => {})
      socket.destroy()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onCleanup(() => new Promise((resolve) => server.close(resolve)))
    const { transport, echo } = dial(`127.0.0.1:${(server.address() as AddressInfo).port}`, {
      backoff: { initialMs: 5_000, jitter: 0 },
    })
    for (let i = 0; i < 5; i++) expect((await failure(echo.unary({}))).code).toBe('UNAVAILABLE')
    expect(transport.state).toBe('TRANSIENT_FAILURE')
    expect(accepted).toBeLessThan(3)
  })
})

describe('a connection whose peer has gone without a word', () => {
  /** A relay in front of a port; those made before `cut` keep their sockets and pass nothing on after it. */
  async function relay(port: number): Promise<{ readonly address: string; cut(): void; readonly accepted: number }> {
    const sockets: Socket[] = []
    let accepted = 0
    const server = createServer((near) => {
      accepted++
      const far = connect(port, '127.0.0.1')
      for (const socket of [near, far]) {
        sockets.push(socket)
        socket.on('error', () => {})
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onCleanup(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    return {
      address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      cut() {
        for (const socket of sockets) {
          socket.unpipe()
          socket.resume()
        }
      },
      get accepted() {
        return accepted
      },
    }
  }

  it('is left after calls that got no answer, by default', async () => {
    const port = await serve()
    const between = await relay(port.port)
    const { echo } = dial(between.address)
    await echo.unary({})
    between.cut()
    expect(await failure(echo.unary({}, { timeoutMs: 20 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await expect
      .poll(
        () =>
          echo.unary({}, { timeoutMs: 20 }).then(
            ({ text }) => text,
            () => 'no answer',
          ),
        { timeout: 10_000 },
      )
      .toBe('')
    expect(between.accepted).toBe(2)
  })

  it('is left by keepalive although every call is shorter than its interval', async () => {
    const port = await serve()
    const between = await relay(port.port)
    const { echo } = dial(between.address, { keepalive: { intervalMs: 200, timeoutMs: 100 } })
    await echo.unary({})
    between.cut()
    await new Promise((resolve) => setTimeout(resolve, 250))
    // Ends by its signal, so that only the keepalive can tell.
    const abort = new AbortController()
    const call = failure(echo.unary({}, { signal: abort.signal }))
    setTimeout(() => abort.abort(), 10)
    expect(await call).toMatchObject({ code: 'CANCELLED' })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect((await echo.unary({ text: 'again' }, { timeoutMs: 5_000 })).text).toBe('again')
    expect(between.accepted).toBe(2)
  })

  it('is told from a server that is slow: one that counts PINGs takes no offence', async () => {
    const port = await serve(
      { unary: (note) => (note.count === 0 ? note : new Promise(() => {})) },
      { wire: { pingPolicy: {} } },
    )
    const { echo } = dial(port.address)
    await echo.unary({})
    for (let i = 1; i <= 12; i++) {
      expect(await failure(echo.unary({ count: i }, { timeoutMs: 4 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    }
    await echo.unary({})
    expect(port.connections).toHaveLength(1)
  })
})

describe('a server that sends GOAWAY with an error and leaves the socket open', () => {
  it('fails open calls at once, and new ones go to another connection', async () => {
    let streams = 0
    const server = await serveHttp2(0, {}, (stream) => {
      if (streams++ > 0) answer(stream)
      else stream.session?.goaway(http2.constants.NGHTTP2_INTERNAL_ERROR, stream.id)
    })
    const { echo } = dial(server.address)
    expect(await failure(echo.unary({}))).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: true,
      message: expect.stringContaining('GOAWAY INTERNAL_ERROR'),
    })
    await echo.unary({})
    expect(server.sessions).toHaveLength(2)
  })
})

describe('a server that takes the connection and sends no SETTINGS', () => {
  /** Accepts and says nothing until `speak` is called. */
  async function silent(): Promise<{ readonly address: string; readonly speak: (bytes: Uint8Array) => void }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.resume()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onCleanup(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    const { port } = server.address() as AddressInfo
    return {
      address: `127.0.0.1:${port}`,
      speak: (bytes) => {
        for (const socket of sockets) socket.write(bytes)
      },
    }
  }

  const emptySettings = Uint8Array.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
  const goaway = Uint8Array.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

  it('is not READY, and connectTimeoutMs covers the wait for it', async () => {
    const { address } = await silent()
    const { transport, echo, states } = dial(address, { connectTimeoutMs: 100 })
    const text = `cannot connect to ${address}: it sent no HTTP/2 SETTINGS within 100 ms; does this port speak gRPC?`
    expect(await failure(transport.connect())).toMatchObject({ code: 'UNAVAILABLE', message: text, bytesSent: false })
    expect(states).toEqual(['CONNECTING', 'TRANSIENT_FAILURE'])
    const later = await failure(echo.unary({}))
    expect(later).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(later.message).toContain(`${text}; the next attempt to connect is in `)
  })

  it('is READY as soon as they have come', async () => {
    const { address, speak } = await silent()
    const { transport, states } = dial(address)
    const connecting = transport.connect()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(states).toEqual(['CONNECTING'])
    speak(emptySettings)
    await connecting
    expect(states).toEqual(['CONNECTING', 'READY'])
  })

  it('is given up when the transport is closed', async () => {
    const { address } = await silent()
    const { transport, echo } = dial(address)
    const call = failure(echo.unary({}))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await transport.close()
    expect(await call).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
  })

  it('is waited for again, after a backoff, when GOAWAY comes with them', async () => {
    const { address, speak } = await silent()
    const { transport, states } = dial(address, { backoff: { initialMs: 5_000 } })
    const connecting = failure(transport.connect())
    await new Promise((resolve) => setTimeout(resolve, 50))
    speak(Buffer.concat([emptySettings, goaway]))
    expect(await connecting).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('GOAWAY') })
    expect(states).toEqual(['CONNECTING', 'TRANSIENT_FAILURE'])
  })
})

describe('a call that the server has not seen', () => {
  async function refusing(times: number): Promise<{ readonly address: string; readonly bodies: Buffer[] }> {
    const bodies: Buffer[] = []
    let left = times
    const server = await serveHttp2(0, {}, (stream) => {
      if (left-- > 0) {
        // After the beginning of the request has come, as a server does that is full.
        setTimeout(() => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM), 10)
        stream.resume()
        return
      }
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        bodies.push(Buffer.concat(chunks))
        answer(stream)
      })
    })
    return { address: server.address, bodies }
  }

  async function* slowly(count: number): AsyncGenerator<NoteInput> {
    for (let i = 1; i <= count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      yield { count: i }
    }
  }

  it('is sent once more, with all that it had streamed', async () => {
    const { address, bodies } = await refusing(1)
    const { echo } = dial(address)
    await echo.collect(slowly(8))
    expect(bodies).toHaveLength(1)
    expect(bodies[0]!.length).toBe(8 * 7)
    const again = await refusing(1)
    await dial(again.address).echo.unary({ count: 1 })
    expect(again.bodies[0]!.length).toBe(7)
  })

  it('fails when it is refused twice, or has streamed more than is kept', async () => {
    const twice = await refusing(2)
    expect(await failure(dial(twice.address).echo.unary({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    const large = await refusing(1)
    async function* requests(): AsyncGenerator<NoteInput> {
      yield { data: new Uint8Array(70_000) }
      await new Promise(() => {})
    }
    expect((await failure(dial(large.address).echo.collect(requests()))).code).toBe('UNAVAILABLE')
  })
})

describe('a channel to grpc-js', () => {
  it('finds a server again that was restarted', async () => {
    const implementation = {
      Unary: (call: { request: NoteInput }, reply: (error: null, note: NoteInput) => void) => reply(null, call.request),
    }
    const first: GrpcJsServer = await serveGrpcJs(implementation)
    const { echo, transport } = dial(first.address, { waitForReady: true, backoff: { initialMs: 10, maxMs: 50 } })
    await echo.unary({ text: 'a' })
    first.close()
    await expect.poll(() => transport.state).toBe('IDLE')
    const waiting = echo.unary({ text: 'b' }, { timeoutMs: 20_000 })
    const second = await serveGrpcJs(implementation, {}, Number(first.address.split(':')[1]))
    onCleanup(() => second.close())
    expect(await waiting).toMatchObject({ text: 'b' })
  })
})
