import * as http2 from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { http2Server } from '../../../src/runtime/http2/server/connection.ts'
import type { Http2ServerOptions, Http2Stream } from '../../../src/runtime/http2/sink.ts'
import { onCleanup } from '../../support/cleanup.ts'

interface Served {
  readonly port: number
  readonly streams: Http2Stream[]
}

/** Serves HTTP/2; each request is answered with headers at once and with its end when the test says so. */
async function serve(options: Http2ServerOptions): Promise<Served> {
  const sockets: Socket[] = []
  const streams: Http2Stream[] = []
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    const accepted = { socket, peer: { address: 'test', kind: 'tcp' as const }, alpn: undefined }
    http2Server(
      accepted,
      new Uint8Array(0),
      (stream) => {
        streams.push(stream)
        return { headers() {}, data() {}, end() {}, reset() {}, drain() {} }
      },
      options,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, streams }
}

interface Session {
  readonly session: http2.ClientHttp2Session
  readonly goaways: [code: number, debug: string][]
  readonly closed: Promise<void>
}

async function open(port: number): Promise<Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const goaways: [number, string][] = []
  session.on('goaway', (code, _, data) => goaways.push([code, data?.toString() ?? '']))
  onCleanup(() => session.destroy())
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  return { session, goaways, closed: new Promise((resolve) => session.once('close', () => resolve())) }
}

function ask(session: http2.ClientHttp2Session): http2.ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST' })
  stream.on('error', () => {})
  stream.resume()
  return stream
}

const ping = (session: http2.ClientHttp2Session): Promise<boolean> =>
  new Promise((resolve) => {
    try {
      session.ping((error) => resolve(error === null))
    } catch {
      resolve(false)
    }
  })

describe('the age of a connection', () => {
  it('sends an idle client away', async () => {
    const { port } = await serve({ maxAgeMs: 150 })
    const { goaways, closed } = await open(port)
    await closed
    expect(goaways[0]?.[0]).toBe(0)
  })

  it('lets a call that takes longer end', async () => {
    const { port, streams } = await serve({ maxAgeMs: 60 })
    const { session, goaways, closed } = await open(port)
    const stream = ask(session)
    const status = new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])))
    await expect.poll(() => goaways.length).toBe(2)
    streams[0]!.headers([':status', '200'], true)
    expect(await status).toBe(200)
    await closed
  })

  it('cuts the calls off when their grace is over', async () => {
    const { port } = await serve({ maxAgeMs: 60, maxAgeGraceMs: 100 })
    const { session, closed } = await open(port)
    ask(session)
    await closed
  })
})

describe('an idle connection', () => {
  it('is sent away in time, and not while a call is open', async () => {
    const { port, streams } = await serve({ maxIdleMs: 120 })
    const { session, goaways, closed } = await open(port)
    const stream = ask(session)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(goaways).toEqual([])
    streams[0]!.headers([':status', '200'], true)
    stream.end()
    await closed
    expect(goaways.length).toBeGreaterThan(0)
  })
})

describe('PINGs of a client', () => {
  it('that come too often cost it the connection, with the words that gRPC clients know', async () => {
    const { port } = await serve({ pingPolicy: { minIntervalMs: 60_000, whileIdle: true } })
    const { session, goaways, closed } = await open(port)
    for (let i = 0; i < 6 && (await ping(session)); i++);
    await closed
    expect(goaways).toEqual([[http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings']])
  })

  it('are bounded while no call is open, unless that is permitted', async () => {
    const { port } = await serve({ pingPolicy: { minIntervalMs: 0 } })
    const idle = await open(port)
    for (let i = 0; i < 6 && (await ping(idle.session)); i++);
    await idle.closed
    const busy = await open(port)
    ask(busy.session)
    for (let i = 0; i < 6; i++) expect(await ping(busy.session)).toBe(true)
    const permitted = await serve({ pingPolicy: { minIntervalMs: 0, whileIdle: true } })
    const other = await open(permitted.port)
    for (let i = 0; i < 6; i++) expect(await ping(other.session)).toBe(true)
  })

  it('are free after something was sent to it', async () => {
    const { port, streams } = await serve({ pingPolicy: { minIntervalMs: 60_000 } })
    const { session } = await open(port)
    ask(session)
    await expect.poll(() => streams.length).toBe(1)
    streams[0]!.headers([':status', '200'], false)
    for (let i = 0; i < 6; i++) {
      streams[0]!.write(new Uint8Array(10), false)
      await new Promise((resolve) => setImmediate(resolve))
      expect(await ping(session)).toBe(true)
    }
  })

  it('are only held against floods where there is no policy', async () => {
    const { port } = await serve({})
    const { session } = await open(port)
    for (let i = 0; i < 20; i++) expect(await ping(session)).toBe(true)
  })
})
