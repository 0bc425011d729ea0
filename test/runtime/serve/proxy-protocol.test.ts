import * as http from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, echoHandler } from '../../support/echo-service.ts'
import { Shop, shopHandler } from './http-shop.ts'

const pem = (name: string): { readonly file: string } => ({
  file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
})
const serverTls = { cert: pem('server'), key: pem('server-key') }
const trusting = { ca: pem('ca'), servername: 'localhost' }

interface Served {
  readonly server: Server
  readonly port: number
  /** The peers of the calls, and what was reported. */
  readonly peers: string[]
  readonly errors: Error[]
}

async function serve(options: ServerOptions = {}): Promise<Served> {
  const peers: string[] = []
  const errors: Error[] = []
  const seen: Layer = (next) => (cx, request) => {
    peers.push(`${cx.peer?.kind} ${cx.peer?.address}`)
    return next(cx, request)
  }
  const server = new Server({
    http: {},
    proxyProtocol: true,
    layers: [seen],
    onError: (error) => errors.push(error as Error),
    ...options,
  })
    .add(Echo, echoHandler())
    .add(Shop, shopHandler)
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port, peers, errors }
}

/** A load balancer: puts bytes in front of each connection, whole or byte by byte. */
async function balancer(port: number, header: Uint8Array, slowly = false): Promise<string> {
  const sockets = new Set<Socket>()
  const front = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    upstream.setNoDelay(true)
    const begin = async (): Promise<void> => {
      for (const byte of slowly ? header : []) {
        upstream.write(Uint8Array.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (!slowly) upstream.write(header)
      client.pipe(upstream).pipe(client)
    }
    void begin()
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => front.close(resolve))
  })
  return `127.0.0.1:${(front.address() as AddressInfo).port}`
}

const line = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.9 40000 443\r\n')
const binary = Buffer.from('0d0a0d0a000d0a515549540a21110013c0000201c00002099c4001bb04000400000000', 'hex')
const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')

/** One call over every wire; the peers that the handlers saw. */
async function callAll(address: string, tls: object | undefined): Promise<void> {
  const transports = [thrift(address, { tls }), thrift(address, { tls, transport: 'buffered' }), grpc(address, { tls })]
  const [ttheader, buffered, http2] = transports
  for (const one of [ttheader, buffered]) expect(await createClient(Echo, one!).echo('x')).toBe('x')
  expect(await createClient(Shop, http2!).get({ name: 'x' })).toMatchObject({ name: 'x' })
  await Promise.all(transports.map((one) => one.close()))
  expect(await json(address, tls)).toContain('"x"')
}

function json(address: string, tls: object | undefined): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const createConnection = (): Socket =>
      tls === undefined
        ? connect(Number(port), host)
        : tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    const headers = { 'content-type': 'application/json', connection: 'close' }
    const request = http.request(
      { method: 'POST', path: '/web.v1.Shop/Get', headers, createConnection },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve(text))
      },
    )
    request.on('error', reject)
    request.end('{"name":"x"}')
  })
}

describe('proxyProtocol', () => {
  const client = 'tcp 192.0.2.1:40000'

  it.each([
    ['version 1', line, false],
    ['version 1, byte by byte', line, true],
    ['version 2 with TLV', binary, false],
    ['version 2, byte by byte', binary, true],
  ])('makes the client that %s names the peer of calls, over every wire', async (_version, header, slowly) => {
    const { port, peers, errors } = await serve()
    await callAll(await balancer(port, header, slowly), undefined)
    expect(peers).toEqual([client, client, client, client])
    expect(errors).toEqual([])
  })

  it('is followed by TLS', async () => {
    const { server, port, peers, errors } = await serve({ tls: serverTls })
    const address = await balancer(port, binary)
    await callAll(address, trusting)
    expect(peers).toEqual([client, client, client, client])
    expect(errors).toEqual([])
    const wire = grpc(address)
    onCleanup(() => wire.close())
    await expect(createClient(Shop, wire).get({})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(errors).toMatchObject([{ message: expect.stringContaining('without TLS (grpc) from 192.0.2.1:40000') }])
    await expect.poll(() => server.connections).toBe(0)
  })

  it('keeps the address of the balancer for its own connections and for those of no TCP', async () => {
    const { port, peers } = await serve()
    for (const header of [local, Buffer.from('PROXY UNKNOWN\r\n')]) {
      const wire = thrift(await balancer(port, header))
      onCleanup(() => wire.close())
      await createClient(Echo, wire).echo('x')
    }
    expect(peers).toEqual([
      expect.stringMatching(/^tcp 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^tcp 127\.0\.0\.1:/),
    ])
  })

  it('takes header and request in one piece', async () => {
    const { port, peers } = await serve()
    const request =
      'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'
    const socket = connect(port, '127.0.0.1')
    const answered = new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString('latin1'))))
    socket.write(Buffer.concat([line, Buffer.from(request)]))
    expect(await answered).toContain('200 OK')
    socket.destroy()
    expect(peers).toEqual([client])
  })

  it.each([
    ['no header', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /it sent no PROXY protocol header/],
    [
      'TLS',
      Buffer.from('1603010200010001fc0303', 'hex'),
      /it sent no PROXY protocol header; the peer seems to speak TLS/,
    ],
    ['a malformed header', Buffer.from('PROXY TCP4 x y 1 2\r\n'), /is malformed: its addresses or ports are not valid/],
    ['a header without end', Buffer.alloc(200, 'PROXY TCP4 '), /is malformed: its line is longer than 107 bytes/],
    ['half a header', line.subarray(0, 12), /did not come in time/],
  ])('refuses a connection with %s and reports it', async (_what, first, why) => {
    const { server, port, errors } = await serve({ limits: { firstBytesTimeoutMs: 50 } })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(first)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(errors).toMatchObject([
      { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^refused a connection from 127\.0\.0\.1:\d+: /) },
    ])
    expect(errors[0]!.message).toMatch(why)
    expect(errors[0]!.message).toContain('`proxyProtocol: true`')
    await expect.poll(() => server.connections).toBe(0)
  })

  it('says nothing of probes that connect and leave', async () => {
    const { server, port, errors } = await serve()
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    socket.end()
    await expect.poll(() => server.connections).toBe(0)
    expect(errors).toEqual([])
  })

  it('may be there on a Unix socket, and need not', async () => {
    const { server, peers } = await serve()
    const path = join(tmpdir(), `volo-proxy-${process.pid}.sock`)
    await server.listen({ path })
    const wire = thrift({ path })
    onCleanup(() => wire.close())
    await createClient(Echo, wire).echo('x')
    const socket = connect({ path })
    socket.write(Buffer.concat([binary, Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')]))
    expect(await new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))).toContain('404')
    socket.destroy()
    expect(peers).toEqual([`unix unix:${path}`])
  })

  it('lives through any bytes, and serves the next client', async () => {
    const { port, peers } = await serve({ limits: { firstBytesTimeoutMs: 200 } })
    const headers = fc.constantFrom(line, binary, local)
    await fc.assert(
      fc.asyncProperty(headers, fc.nat(60), fc.uint8Array({ maxLength: 40 }), async (header, at, bytes) => {
        const mutated = Buffer.concat([header.subarray(0, at), bytes, header.subarray(at + bytes.length)])
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        socket.resume()
        const closed = new Promise((resolve) => socket.once('close', resolve))
        socket.end(mutated)
        await closed
      }),
      { numRuns: 150 },
    )
    const wire = thrift(await balancer(port, binary))
    onCleanup(() => wire.close())
    expect(await createClient(Echo, wire).echo('next')).toBe('next')
    expect(peers.at(-1)).toBe(client)
  })

  it('that is off is named to the operator when a header arrives, in either version', async () => {
    for (const header of [line, binary]) {
      const { port, peers, errors } = await serve({ proxyProtocol: false })
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(header)
      await new Promise((resolve) => socket.once('close', resolve))
      expect(errors).toMatchObject([
        { message: expect.stringContaining('the peer seems to speak the PROXY protocol; a load balancer sends it') },
      ])
      expect(errors[0]!.message).toContain('`proxyProtocol: true`')
      expect(peers).toEqual([])
    }
  })

  it('is true or false', () => {
    expect(() => new Server({ proxyProtocol: 'yes' as never })).toThrow(
      'Server: proxyProtocol is "yes", not true or false',
    )
  })
})
