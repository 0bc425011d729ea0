import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as http2Connect } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import apache from 'thrift'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { ApacheEchoClient } from '../../support/apache-echo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type EchoHandler, Echo as ThriftEcho, echoHandler as thriftHandler } from '../../support/echo-service.ts'
import { failure, rejection } from '../../support/settle.ts'
import { Echo as GrpcEcho, echoHandler as grpcHandler } from '../grpc/echo.ts'

const pem = (name: string): Buffer => readFileSync(new URL(`../../support/tls/${name}.pem`, import.meta.url))
const mutualTls = { cert: pem('server'), key: pem('server-key'), ca: pem('ca'), requireClientCert: true }
const sentence = 'This port requires TLS; the connection was not encrypted.'

interface Started {
  readonly server: Server
  readonly port: number
  readonly errors: string[]
  /** Names of the methods that ran. */
  readonly ran: string[]
}

async function start(options: ServerOptions = {}, handler: Partial<EchoHandler> = {}): Promise<Started> {
  const errors: string[] = []
  const ran: string[] = []
  const server = new Server({
    tls: mutualTls,
    onError: (error) => errors.push((error as Error).message),
    layers: [
      (next) => (cx, request) => {
        ran.push(cx.method.name)
        return next(cx, request)
      },
    ],
    ...options,
  })
    .add(ThriftEcho, thriftHandler(handler))
    .add(GrpcEcho, grpcHandler)
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, port: (await server.listen('127.0.0.1:0')).port, errors, ran }
}

/** What a server sends in answer to some bytes, until it closes. */
function answerTo(port: number, bytes: string | Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(Buffer.concat(chunks)))
  })
}

describe('a port with TLS', () => {
  it.each([
    ['http', { http: {} }],
    ['no http', {}],
  ])('answers HTTP/1.1 without TLS with 400 and one sentence, with %s', async (_name, options) => {
    const { port, ran } = await start(options)
    const answer = (await answerTo(port, 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')).toString()
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer.split('\r\n\r\n')[1]).toBe(`${sentence}\n`)
    expect(ran).toEqual([])
  })

  it('answers HTTP/2 without TLS with a GOAWAY that says why, to node:http2 and to us', async () => {
    const { port, ran } = await start()
    const session = http2Connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    const goaway = await new Promise<[number, string]>((resolve) => {
      session.on('goaway', (code, _last, data) => resolve([code, data?.toString() ?? '']))
    })
    session.destroy()
    expect(goaway).toEqual([0xc, sentence])

    const wire = grpc(`127.0.0.1:${port}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const error = await failure(createClient(GrpcEcho, wire, { timeoutMs: 5_000 }).unary({ text: 'x' }))
    expect(error.code).toBe('UNAVAILABLE')
    expect(error.message).toContain(sentence)
    expect(ran).toEqual([])
  })

  it.each<ThriftOptions>([
    { transport: 'ttheader', protocol: 'binary' },
    { transport: 'ttheader', protocol: 'compact' },
    { transport: 'framed', protocol: 'binary' },
    { transport: 'framed', protocol: 'compact' },
    { transport: 'buffered', protocol: 'binary' },
    { transport: 'buffered', protocol: 'compact' },
  ])('answers Thrift without TLS with an exception: $transport $protocol', async (options) => {
    const { server, port, ran } = await start()
    const wire = thrift(`127.0.0.1:${port}`, options)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const error = await failure(createClient(ThriftEcho, wire, { timeoutMs: 5_000 }).echo('x'))
    expect(error.message).toContain(sentence)
    expect(ran).toEqual([])
    await expect.poll(() => server.connections).toBe(0)
  })

  it.each([
    ['framed', apache.TFramedTransport],
    ['buffered', apache.TBufferedTransport],
  ])('answers Apache Thrift without TLS with an exception: %s', async (_name, transport) => {
    const { port } = await start()
    const connection = apache.createConnection('127.0.0.1', port, { transport, protocol: apache.TBinaryProtocol })
    connection.on('error', () => {})
    onCleanup(() => connection.end())
    const error = await rejection(apache.createClient(ApacheEchoClient, connection).echo('x'))
    expect(error).toMatchObject({ name: 'TApplicationException', message: sentence })
  })

  it('does not answer a oneway method that is refused', async () => {
    const { port, ran } = await start()
    const name = 'fire'
    const body = Buffer.alloc(4 + 4 + name.length + 4 + 1)
    body.writeUInt32BE(0x8001_0001, 0)
    body.writeUInt32BE(name.length, 4)
    body.write(name, 8)
    const frame = Buffer.concat([Buffer.from([0, 0, 0, body.length]), body])
    expect(await answerTo(port, frame)).toHaveLength(0)
    expect(ran).toEqual([])
  })

  it('tells the operator who was refused, once a minute at most', async () => {
    const { port, errors } = await start()
    for (let i = 0; i < 5; i++) await answerTo(port, 'GET / HTTP/1.1\r\n\r\n')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(
      /^refused a connection without TLS \(http\/1\.1\) from 127\.0\.0\.1:\d+: .*`new Server\({ tls, plaintext: true }\)`/,
    )
  })

  it('serves what is encrypted as before, and both with `plaintext`', async () => {
    const identity = { ca: pem('ca'), cert: pem('client'), key: pem('client-key'), servername: 'localhost' }
    for (const plaintext of [false, true]) {
      const { port } = await start({ plaintext })
      const secure = thrift(`127.0.0.1:${port}`, { tls: identity })
      onCleanup(() => secure.close())
      expect(await createClient(ThriftEcho, secure).echo('secure')).toBe('secure')
      const open = thrift(`127.0.0.1:${port}`)
      onCleanup(() => open.close())
      const answer = createClient(ThriftEcho, open, { timeoutMs: 5_000 }).echo('open')
      if (plaintext) expect(await answer).toBe('open')
      else await failure(answer)
    }
  })

  it('leaves Unix sockets as they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-plaintext-'))
    onCleanup(() => rmSync(folder, { recursive: true }))
    const { server, errors } = await start()
    const path = join(folder, 'echo.sock')
    await server.listen({ path })
    const wire = thrift({ path })
    onCleanup(() => wire.close({ drainMs: 0 }))
    expect(await createClient(ThriftEcho, wire).echo('local')).toBe('local')
    expect(errors).toEqual([])
  })
})
