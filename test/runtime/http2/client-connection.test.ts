import * as http2 from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { http2Client } from '../../../src/runtime/http2/client/connection.ts'
import type {
  Http2ClientConnection,
  Http2ClientOptions,
  Http2Headers,
  Http2Reset,
  Http2Sink,
} from '../../../src/runtime/http2/sink.ts'
import { dial } from '../../../src/runtime/net/dial.ts'
import { onCleanup } from '../../support/cleanup.ts'

interface Peer {
  readonly port: number
  readonly sockets: Socket[]
  readonly sessions: http2.ServerHttp2Session[]
}

async function serve(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<Peer> {
  const server = http2.createServer({ maxSessionMemory: 200 })
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
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
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(
    () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy()
        server.close(resolve)
      }),
  )
  return { port: (server.address() as AddressInfo).port, sessions, sockets }
}

async function connect(port: number, options?: Http2ClientOptions): Promise<Http2ClientConnection> {
  const dialed = await dial({ kind: 'tcp', host: '127.0.0.1', port })
  const connection = http2Client(dialed, options)
  onCleanup(() => connection.destroy())
  return connection
}

/** A sink that writes down what it hears. */
class Recorder implements Http2Sink {
  readonly heard: string[] = []
  readonly over: Promise<void>
  lastReset: Http2Reset | undefined
  bytes = 0
  drains = 0
  #resolve: () => void = () => {}

  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
  headers(headers: Http2Headers, end: boolean): void {
    this.heard.push(`headers ${headers.join(' ')}`)
    if (end) this.#finish('end')
  }
  data(chunk: Uint8Array): void {
    this.bytes += chunk.length
  }
  end(trailers: Http2Headers | undefined): void {
    this.#finish(`end ${trailers?.join(' ')}`)
  }
  reset(reason: Http2Reset): void {
    this.lastReset = reason
    this.#finish('reset')
  }
  drain(): void {
    this.drains++
  }
  #finish(how: string): void {
    this.heard.push(how)
    this.#resolve()
  }
}

const request: Http2Headers = [':method', 'POST', ':scheme', 'http', ':authority', 'x', ':path', '/', 'x-a', '1']

describe('an HTTP/2 client connection', () => {
  it('carries headers with duplicates, a body and trailers', async () => {
    let seen: http2.IncomingHttpHeaders = {}
    const { port } = await serve((stream, headers) => {
      seen = headers
      stream.respond({ ':status': 200, 'x-b': ['2', '3'] }, { waitForTrailers: true, sendDate: false } as object)
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-c': '4' }))
      stream.pipe(stream)
    })
    const connection = await connect(port)
    const sink = new Recorder()
    const stream = connection.open(request, ['x-a', '5', 'x-more', '6'], sink)
    stream.write(Buffer.from('hello '), false)
    stream.write(Buffer.from('world'), true)
    await sink.over
    expect(seen).toMatchObject({ 'x-a': '1, 5', 'x-more': '6' })
    expect(sink.heard).toEqual(['headers :status 200 x-b 2 x-b 3', 'end x-c 4'])
    expect(sink.bytes).toBe(11)
    expect(connection.peer).toEqual({ address: `127.0.0.1:${port}`, kind: 'tcp' })
  })

  it('tells a reset with its code and no more', async () => {
    const { port } = await serve((stream) => stream.close(http2.constants.NGHTTP2_INADEQUATE_SECURITY))
    const connection = await connect(port)
    const sink = new Recorder()
    connection.open(request, undefined, sink).write(Buffer.from('x'), true)
    await sink.over
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sink.heard).toEqual(['reset'])
    expect(sink.lastReset).toMatchObject({
      code: 12,
      processed: true,
      message: 'the stream was reset with INADEQUATE_SECURITY',
    })
    expect(connection.usable).toBe(true)
  })

  it('tells every stream when the connection is cut, and takes no more', async () => {
    const { port, sessions, sockets } = await serve(() => {})
    let closed = 0
    const connection = await connect(port, { onClose: () => closed++ })
    const sinks = [new Recorder(), new Recorder()]
    for (const sink of sinks) connection.open(request, undefined, sink)
    await expect.poll(() => sessions.length).toBe(1)
    sockets[0]!.destroy()
    for (const sink of sinks) {
      await sink.over
      expect(sink.lastReset).toMatchObject({
        code: undefined,
        message: expect.stringContaining(`the connection to 127.0.0.1:${port} was lost`),
      })
    }
    expect(connection.usable).toBe(false)
    const late = new Recorder()
    connection.open(request, undefined, late).write(Buffer.from('x'), true)
    expect(late.heard).toEqual([])
    await late.over
    expect(late.lastReset).toMatchObject({ code: undefined, processed: false })
    await expect.poll(() => closed).toBe(1)
  })

  it('lets the streams that the server takes end after GOAWAY, and knows which it did not take', async () => {
    const streams: http2.ServerHttp2Stream[] = []
    const { port, sessions } = await serve((stream) => streams.push(stream))
    const connection = await connect(port)
    const [first, second] = [new Recorder(), new Recorder()]
    connection.open(request, undefined, first).write(Buffer.from('x'), true)
    await expect.poll(() => streams.length).toBe(1)
    connection.open(request, undefined, second).write(Buffer.from('x'), true)
    await expect.poll(() => streams.length).toBe(2)
    sessions[0]!.goaway(http2.constants.NGHTTP2_NO_ERROR, 1)
    await second.over
    expect(second.lastReset).toMatchObject({ processed: false, message: expect.stringMatching(/GOAWAY NO_ERROR/) })
    expect(connection.usable).toBe(false)
    streams[0]!.respond({ ':status': 200 }, { endStream: true })
    await first.over
    expect(first.heard.at(-1)).toBe('end')
    await connection.close()
  })

  it('says when to wait with writing, and when to go on', async () => {
    const streams: http2.ServerHttp2Stream[] = []
    const { port } = await serve((stream) => streams.push(stream))
    const connection = await connect(port)
    const sink = new Recorder()
    const stream = connection.open(request, undefined, sink)
    const chunk = Buffer.alloc(64 * 1024)
    let written = 0
    while (stream.write(chunk, false)) written++
    expect(written).toBeLessThan(64)
    expect(sink.drains).toBe(0)
    await expect.poll(() => streams.length).toBe(1)
    streams[0]!.resume()
    await expect.poll(() => sink.drains).toBe(1)
  })

  it('holds the server back while a stream is paused', async () => {
    let written = 0
    const { port } = await serve((stream) => {
      stream.respond({ ':status': 200 })
      const chunk = Buffer.alloc(16 * 1024)
      const write = (): void => {
        do written += chunk.length
        while (stream.write(chunk))
      }
      stream.on('drain', write)
      write()
    })
    const connection = await connect(port, { streamWindowBytes: 128 * 1024 })
    const sink = new Recorder()
    const stream = connection.open(request, undefined, sink)
    stream.pause()
    for (let before = -1; before !== written; ) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(written).toBeLessThan(512 * 1024)
    expect(sink.bytes).toBe(0)
    stream.resume()
    await expect.poll(() => sink.bytes).toBeGreaterThan(1024 * 1024)
    stream.reset(8)
  })

  it('goes on with one stream while many others are not read', async () => {
    const MiB = 1024 * 1024
    const { port } = await serve((stream) => {
      stream.respond({ ':status': 200 })
      // More than the window of a stream, so that each unread one holds all of it.
      stream.end(new Uint8Array(2 * MiB))
    })
    const connection = await connect(port)
    for (let i = 0; i < 24; i++) connection.open(request, undefined, new Recorder()).pause()
    const sink = new Recorder()
    const stream = connection.open(request, undefined, sink)
    stream.write(new Uint8Array(0), true)
    await sink.over
    expect(sink.bytes).toBe(2 * MiB)
  })

  it('makes room for a new connection before a server would cut one with too many resets', async () => {
    const { port } = await serve(() => {})
    const connection = await connect(port)
    let opened = 0
    while (connection.usable && opened < 900) {
      opened++
      connection.open(request, undefined, new Recorder()).reset(8)
    }
    expect(opened).toBeLessThan(600)
    await connection.close()
  })

  it('gives a peer up that sends no SETTINGS', async () => {
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
      server.close()
    })
    const connection = await connect((server.address() as AddressInfo).port, { settingsTimeoutMs: 50 })
    const sink = new Recorder()
    connection.open(request, undefined, sink).write(Buffer.from('x'), true)
    await sink.over
    expect(sink.lastReset?.message).toMatch(/sent no HTTP\/2 SETTINGS within 50 ms/)
    expect(connection.usable).toBe(false)
  })

  it('gives a peer up that does not answer PING', async () => {
    const { port } = await serve(() => {})
    const connection = await connect(port, { keepalive: { intervalMs: 20, timeoutMs: 5_000 } })
    const sink = new Recorder()
    connection.open(request, undefined, sink).write(Buffer.from('x'), true)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(sink.heard).toEqual([])
    const raw = createServer((plain) => {
      plain.on('error', () => {})
      // SETTINGS and nothing else.
      plain.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    })
    await new Promise<void>((resolve) => {
      raw.listen(0, '127.0.0.1', resolve)
    })
    onCleanup(() => raw.close())
    const silent = await connect((raw.address() as AddressInfo).port, { keepalive: { intervalMs: 20, timeoutMs: 50 } })
    const lost = new Recorder()
    silent.open(request, undefined, lost).write(Buffer.from('x'), true)
    await lost.over
    expect(lost.lastReset?.message).toMatch(/did not answer a keepalive PING within 50 ms/)
  })

  it('fails a stream, not the connection, for headers that HTTP/2 refuses', async () => {
    const { port } = await serve((stream) => stream.respond({ ':status': 200 }, { endStream: true }))
    const connection = await connect(port)
    const bad = new Recorder()
    connection.open(request, ['x-bad', 'line\nbreak'], bad)
    await bad.over
    expect(bad.lastReset).toMatchObject({ code: 2, processed: false })
    const good = new Recorder()
    connection.open(request, undefined, good).write(Buffer.alloc(0), true)
    await good.over
    expect(good.heard.at(-1)).toBe('end')
  })
})
