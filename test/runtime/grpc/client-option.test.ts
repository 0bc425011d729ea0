import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as http2 from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { CallCredentials } from '../../../src/runtime/grpc/client/call-credentials.ts'
import { grpcCall } from '../../../src/runtime/grpc/client/call-options.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import type { GrpcTransport } from '../../../src/runtime/grpc/client/http-transport.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { uncompressed } from '../../../src/runtime/grpc/compressor.ts'
import { compressResponse } from '../../../src/runtime/grpc/server/call.ts'
import { proxyFromEnv } from '../../../src/runtime/net/connect-proxy.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { failure } from '../../support/settle.ts'
import { Echo, type EchoClient, grpcJsEcho, type NoteInput, serveEcho } from './echo.ts'

const certificates = fileURLToPath(new URL('../../support/tls/', import.meta.url))
const pem = (name: string): string => readFileSync(join(certificates, name), 'utf8')

function dial(
  address: string,
  options?: GrpcOptions,
): { readonly transport: GrpcTransport; readonly echo: EchoClient } {
  const transport = grpc(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { transport, echo: createClient(Echo, transport) }
}

interface Seen {
  readonly headers: http2.IncomingHttpHeaders
  /** The flag and the length of each message. */
  readonly messages: (readonly [number, number])[]
}

/** A node:http2 server that answers every call with an empty message, and what it saw. */
async function bare(
  make: () => http2.Http2Server,
  answer: Readonly<Record<string, string>> = {},
): Promise<{ readonly address: string; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const server = make()
  const sessions: http2.ServerHttp2Session[] = []
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    const one: Seen = { headers, messages: [] }
    seen.push(one)
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const body = Buffer.concat(chunks)
      for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
        one.messages.push([body[at]!, body.readUInt32BE(at + 1)])
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(new Uint8Array(5))
    })
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
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const plain = (): http2.Http2Server => http2.createServer()
const secured = (options: http2.SecureServerOptions): http2.Http2Server =>
  http2.createSecureServer({
    cert: pem('server.pem'),
    key: pem('server-key.pem'),
    ...options,
  }) as unknown as http2.Http2Server
const secure = (): http2.Http2Server => secured({})
/** Wants to see a certificate. */
const mutual = (): http2.Http2Server => secured({ ca: pem('ca.pem'), requestCert: true })

describe('call credentials', () => {
  let count = 0
  const bearer: CallCredentials = async ({ serviceUrl, method, cx }) => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    return { authorization: `Bearer ${++count}`, audience: serviceUrl, 'x-method': `${method} ${cx.method.name}` }
  }

  it('are made for each call, and for the service that is called', async () => {
    const { address, seen } = await bare(secure)
    const { echo } = dial(address, { tls: { ca: pem('ca.pem') }, credentials: bearer })
    count = 0
    await echo.unary({})
    await echo.unary({}, { metadata: { own: '1' }, prepare: grpcCall({ credentials: () => ({ 'x-more': '2' }) }) })
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2'])
    expect(seen[1]?.headers).toMatchObject({
      audience: `https://${address}/test.Echo`,
      'x-method': 'Unary Unary',
      own: '1',
      'x-more': '2',
    })
  })

  it('are not sent in plain text unless somebody says so', async () => {
    const { address, seen } = await bare(plain)
    expect(() => grpc(address, { credentials: bearer })).toThrow(/over TLS only/)
    const { echo } = dial(address)
    const refused = failure(echo.unary({}, { prepare: grpcCall({ credentials: bearer }) }))
    expect(await refused).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/over TLS only/) })
    expect(seen).toHaveLength(0)
    await dial(address, { credentials: bearer, allowInsecureCredentials: true }).echo.unary({})
    expect(seen).toHaveLength(1)
  })

  it.each<[string, unknown, object]>([
    ['an Error', new Error('no token'), { code: 'UNAUTHENTICATED', message: 'no credentials for the call: no token' }],
    ['an RpcError', new RpcError('UNAVAILABLE', 'later'), { code: 'UNAVAILABLE', message: 'later' }],
    [
      'a code that only servers may use',
      new RpcError('NOT_FOUND', 'no key'),
      { code: 'INTERNAL', message: 'the credentials of the call failed with NOT_FOUND: no key' },
    ],
  ])('that throw %s fail the call', async (_what, thrown, expected) => {
    const { address, seen } = await bare(plain)
    const credentials = (): never => {
      throw thrown
    }
    const { echo } = dial(address, { credentials, allowInsecureCredentials: true })
    expect(await failure(echo.unary({}))).toMatchObject(expected)
    expect(seen).toHaveLength(0)
  })

  it('that never come end with the deadline, and what is no metadata fails the call', async () => {
    const { address } = await bare(plain)
    const never = dial(address, { credentials: () => new Promise(() => {}), allowInsecureCredentials: true })
    expect((await failure(never.echo.unary({}, { timeoutMs: 30 }))).code).toBe('DEADLINE_EXCEEDED')
    const bad = dial(address, { credentials: () => ({ 'x-a': 'ä' }), allowInsecureCredentials: true })
    expect((await failure(bad.echo.unary({}))).code).toBe('INTERNAL')
  })
})

describe('TLS of a client', () => {
  it('shows its certificate, and reads the files again for each connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-tls-'))
    onCleanup(() => rmSync(folder, { recursive: true, force: true }))
    const file = (name: string): { file: string } => ({ file: join(folder, name) })
    for (const name of ['client.pem', 'client-key.pem']) copyFileSync(join(certificates, name), join(folder, name))
    writeFileSync(join(folder, 'ca.pem'), pem('client.pem'))
    const { address, seen } = await bare(mutual)
    const { echo, transport } = dial(address, {
      tls: { ca: file('ca.pem'), cert: file('client.pem'), key: file('client-key.pem') },
      backoff: { initialMs: 1, maxMs: 1 },
    })
    expect(await failure(echo.unary({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    copyFileSync(join(certificates, 'ca.pem'), join(folder, 'ca.pem'))
    await transport.connect({ timeoutMs: 10_000 })
    await echo.unary({})
    expect(seen).toHaveLength(1)
    rmSync(join(folder, 'ca.pem'))
    // The connection that stands needs no file.
    await echo.unary({})
  })

  it('fails a call, not the process, when a file cannot be read', async () => {
    const { address } = await bare(secure)
    const { echo } = dial(address, { tls: { ca: { file: '/nowhere/ca.pem' } } })
    expect((await failure(echo.unary({}))).message).toMatch(/cannot read the TLS ca file \/nowhere\/ca.pem/)
  })
})

describe('settings of a single call', () => {
  it('change its authority, its compression and its limits', async () => {
    const { address, seen } = await bare(plain)
    const { echo } = dial(address, { caller: 'web', compression: 'gzip' })
    const large = { data: new Uint8Array(5_000) }
    await echo.unary(large, { prepare: grpcCall({ authority: 'other.internal:1' }) })
    await echo.unary(large, { prepare: grpcCall({ compression: 'identity' }) })
    await echo.unary(large, { prepare: grpcCall({ compression: 'br' }) })
    await echo.unary(large)
    expect(
      seen.map(({ headers }) => [headers[':authority'], headers['grpc-encoding'], headers['source-service']]),
    ).toEqual([
      ['other.internal:1', 'gzip', 'web'],
      [address, undefined, 'web'],
      [address, 'br', 'web'],
      [address, 'gzip', 'web'],
    ])
    expect(seen.map(({ messages }) => messages[0]?.[0])).toEqual([1, 0, 1, 1])
    const small = await failure(echo.unary(large, { prepare: grpcCall({ maxSendBytes: 100 }) }))
    expect(small).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  })

  it('are set by layers too, the later one over the earlier', async () => {
    const { address, seen } = await bare(plain)
    const { transport } = dial(address)
    const echo = createClient(Echo, transport, {
      layers: [
        (next) => (cx, request) => {
          grpcCall({ authority: 'a' })(cx)
          grpcCall({ compression: 'gzip' })(cx)
          grpcCall({ authority: 'b' })(cx)
          return next(cx, request)
        },
      ],
    })
    await echo.unary({})
    expect(seen[0]?.headers).toMatchObject({ ':authority': 'b', 'grpc-encoding': 'gzip' })
  })

  it('name a compression that there is', () => {
    expect(() => grpcCall({ compression: 'snappy' as 'gzip' })).toThrow(/"snappy" is not known here.*gzip/)
    expect(() => grpc('127.0.0.1:1', { compression: 'lz4' as 'gzip' })).toThrow(/"lz4" is not known here/)
  })
})

describe('compression of requests', () => {
  it('stops when the server says that it does not take it', async () => {
    const { address, seen } = await bare(plain, { 'grpc-accept-encoding': 'identity,deflate' })
    const { echo } = dial(address, { compression: 'gzip' })
    for (let i = 0; i < 3; i++) await echo.unary({ data: new Uint8Array(5_000) })
    await echo.unary({ data: new Uint8Array(5_000) }, { prepare: grpcCall({ compression: 'deflate' }) })
    expect(seen.map(({ headers }) => headers['grpc-encoding'])).toEqual(['gzip', undefined, undefined, 'deflate'])
    expect(seen.map(({ messages }) => messages[0]?.[0])).toEqual([1, 0, 0, 1])
  })

  it('leaves out messages that are marked, and small ones', async () => {
    const { address, seen } = await bare(plain)
    const { echo } = dial(address, { compression: 'gzip' })
    const data = new Uint8Array(5_000)
    await echo.collect([{ data }, uncompressed({ data }), { count: 1 }])
    expect(seen[0]?.messages.map(([flag]) => flag)).toEqual([1, 0, 0])
  })

  it.each(['gzip', 'deflate', 'br'] as const)(
    'with %s is read by our server, and answered in kind',
    async (compression) => {
      const port = await serveEcho({}, { wire: { compression, acceptCompression: [compression] } })
      onCleanup(() => port.close())
      const { echo } = dial(port.address, { compression })
      const data = new Uint8Array(100_000).map((_, i) => i & 31)
      expect((await echo.unary({ data })).data).toEqual(data)
      const bomb = await failure(echo.unary({ data }, { prepare: grpcCall({ maxReceiveBytes: 50_000 }) }))
      expect(bomb.code).toBe('RESOURCE_EXHAUSTED')
    },
  )
})

describe('compression of responses', () => {
  it('is chosen by the handler for one call, where the caller takes it, and leaves out messages that are marked', async () => {
    const data = new Uint8Array(5_000)
    const port = await serveEcho(
      {
        unary(note, cx) {
          compressResponse(cx, note.text as 'gzip')
          return { data }
        },
        async *expand(_note, cx) {
          compressResponse(cx, 'deflate')
          yield { data }
          yield uncompressed({ data })
        },
      },
      { wire: { compression: 'gzip' } },
    )
    onCleanup(() => port.close())
    const session = http2.connect(`http://${port.address}`)
    onCleanup(() => session.destroy())
    const ask = async (method: string, text: string, accepted: string): Promise<[unknown, number[]]> => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `/test.Echo/${method}`,
        'content-type': 'application/grpc',
        'grpc-accept-encoding': accepted,
      })
      stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length + 2, 10, text.length]), Buffer.from(text)]))
      const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      const flags: number[] = []
      for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) flags.push(body[at]!)
      return [headers['grpc-encoding'], flags]
    }
    expect(await ask('Unary', 'br', 'gzip,br')).toEqual(['br', [1]])
    expect(await ask('Unary', 'identity', 'gzip,br')).toEqual([undefined, [0]])
    expect(await ask('Unary', 'br', 'gzip')).toEqual(['gzip', [1]])
    expect(await ask('Unary', 'br', 'identity')).toEqual([undefined, [0]])
    expect(await ask('Expand', '', 'deflate')).toEqual(['deflate', [1, 0]])
  })
})

/** A proxy that makes tunnels, and what it was asked. */
async function proxy(
  answer: (head: string) => string | undefined = () => undefined,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (chunk: Buffer) => {
      const head = chunk.toString('latin1')
      asked.push(head)
      const refused = answer(head)
      if (refused !== undefined) {
        socket.end(refused)
        return
      }
      const [, host, port] = /^CONNECT (.+):(\d+) HTTP\/1\.1\r\n/.exec(head) ?? []
      const target = connect(Number(port), host === 'echo.internal' ? '127.0.0.1' : host, () => {
        socket.write('HTTP/1.1 200 OK\r\nvia: test\r\n\r\n')
        socket.pipe(target).pipe(socket)
      })
      sockets.add(target)
      target.on('error', () => socket.destroy())
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(resolve)
      }),
  )
  return { url: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

describe('a proxy', () => {
  it('carries calls in plain text and over TLS, and sees only where they go', async () => {
    const { url, asked } = await proxy()
    const one = await bare(plain)
    await dial(one.address, { proxy: `http://me:p%40ss@${url}` }).echo.unary({ text: 'secret' })
    expect(asked[0]).toContain(`CONNECT ${one.address} HTTP/1.1\r\nhost: ${one.address}\r\n`)
    expect(asked[0]).toContain(`proxy-authorization: Basic ${Buffer.from('me:p@ss').toString('base64')}\r\n`)
    const two = await bare(secure)
    const { port } = new URL(`http://${two.address}`)
    const { echo } = dial(`echo.internal:${port}`, {
      proxy: `http://${url}`,
      tls: { ca: pem('ca.pem'), servername: 'localhost' },
    })
    await echo.unary({})
    // The proxy looks the name up, not the client.
    expect(asked[1]).toContain(`CONNECT echo.internal:${port} HTTP/1.1`)
  })

  it.each<[string, string, RegExp]>([
    ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', /refused with HTTP status 403/],
    ['wants credentials', 'HTTP/1.1 407 Auth\r\n\r\n', /wants credentials \(407\)/],
    ['speaks something else', 'SSH-2.0-x\r\n\r\n', /did not answer in HTTP/],
    ['hangs up', '', /closed the connection/],
    ['does not stop talking', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(5_000)}`, /an answer without end/],
  ])('that %s is named in the error', async (_what, answer, message) => {
    const { url } = await proxy(() => answer)
    const error = await failure(dial('echo.internal:80', { proxy: `http://${url}` }).echo.unary({}))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false, message: expect.stringMatching(message) })
    expect(error.message).toContain(`echo.internal:80 through the proxy ${url}`)
  })

  it('that says nothing costs no more than the time to connect', async () => {
    const silent = createServer((socket) => {
      onCleanup(() => socket.destroy())
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve)
    })
    onCleanup(() => silent.close())
    const { port } = silent.address() as AddressInfo
    const options = { proxy: `http://127.0.0.1:${port}`, connectTimeoutMs: 50 }
    expect((await failure(dial('echo.internal:80', options).echo.unary({}))).message).toMatch(/did not answer in time/)
  })

  it('that is no URL is refused before anything is dialled', () => {
    for (const wrong of ['proxy:3128', 'socks5://proxy:1080', '']) {
      expect(() => grpc('echo.internal:80', { proxy: wrong })).toThrow(/the proxy is not a URL/)
    }
  })

  it('dials networks and addresses of no_proxy itself, IPv4 and IPv6', () => {
    const no_proxy = '10.0.0.0/8, 192.168.1.7 fd00::/8,[2001:db8::1]:443,::1,172.16.0.0/99,/8'
    const env = { https_proxy: 'http://p:1', no_proxy }
    const direct = ['10.1.2.3:80', '192.168.1.7:80', '[fd12::5]:80', '[fd12::5%eth0]:80', '[::ffff:10.1.2.3]:80']
    for (const address of [...direct, '[2001:DB8:0::1]:443', '[0:0:0:0:0:0:0:1]:80']) {
      expect(proxyFromEnv(env, address), address).toBeUndefined()
    }
    const proxied = [
      '11.1.2.3:80',
      '192.168.1.70:80',
      '[fe80::1]:80',
      '[2001:db8::1]:80',
      '172.16.0.1:80',
      '10.example:80',
    ]
    for (const address of proxied) expect(proxyFromEnv(env, address), address).toBe('http://p:1')
  })

  it('is found in an environment as gRPC finds it', () => {
    const env = { HTTPS_PROXY: 'http://p:1', no_proxy: 'localhost, .internal,10.0.0.1:80' }
    expect(proxyFromEnv(env, 'shop.example:443')).toBe('http://p:1')
    expect(proxyFromEnv({ ...env, grpc_proxy: 'http://g:1' }, 'shop.example:443')).toBe('http://g:1')
    for (const address of ['localhost:1', ':8080', 'shop.internal:443', '10.0.0.1:80', 'unix:/run/shop.sock']) {
      expect(proxyFromEnv(env, address)).toBeUndefined()
    }
    expect(proxyFromEnv(env, '10.0.0.1:81')).toBe('http://p:1')
    expect(proxyFromEnv(env, 'notinternal:81')).toBe('http://p:1')
    expect(proxyFromEnv({ ...env, no_proxy: '*' }, 'shop.example:443')).toBeUndefined()
    expect(proxyFromEnv({}, 'shop.example:443')).toBeUndefined()
    expect(() => proxyFromEnv(env, 'no address')).toThrow(/invalid address/)
  })
})

describe('grpc-js as the server', () => {
  it('reads what brotli-less peers can: gzip and deflate, and their answers come back', async () => {
    const server = new grpcJs.Server()
    server.addService(grpcJsEcho.service, {
      Unary: (call: grpcJs.ServerUnaryCall<NoteInput, NoteInput>, reply: grpcJs.sendUnaryData<NoteInput>) =>
        reply(null, call.request),
    } as grpcJs.UntypedServiceImplementation)
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpcJs.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    onCleanup(() => server.forceShutdown())
    for (const compression of ['gzip', 'deflate'] as const) {
      const { echo } = dial(`127.0.0.1:${port}`, { compression })
      const data = new Uint8Array(5_000).fill(7)
      expect((await echo.unary({ data })).data.length).toBe(5_000)
    }
  })
})
