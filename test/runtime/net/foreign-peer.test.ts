import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import type { ClientTlsOptions } from '../../../src/runtime/net/tls.ts'
import { tlsReason } from '../../../src/runtime/net/tls-failure.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { echoHandler, Echo as ThriftEcho } from '../../support/echo-service.ts'
import { rejection } from '../../support/settle.ts'
import { Echo, echoHandler as grpcHandler } from '../grpc/echo.ts'

const pem = (name: string): { readonly file: string } => ({
  file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
})
const bytes = (name: string): Buffer => readFileSync(pem(name).file)
const serverTls = { cert: pem('server'), key: pem('server-key') }
const trusting = { ca: pem('ca'), servername: 'localhost' }

async function listening(server: NetServer): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that answers whatever it gets with some bytes, and closes. */
const answering = (answer: Uint8Array): Promise<string> =>
  listening(createServer((socket) => socket.once('data', () => socket.end(answer))))

async function failures(address: string, options: { tls?: ClientTlsOptions } = {}): Promise<{ message: string }[]> {
  const transports = [grpc(address, options), thrift(address, options)]
  onCleanup(() => Promise.all(transports.map((one) => one.close())))
  const [first, second] = transports
  return [
    await rejection(createClient(Echo, first!).unary({})),
    await rejection(createClient(ThriftEcho, second!).echo('a')),
  ] as { message: string }[]
}

describe('a client that meets a server of another protocol', () => {
  it('says that it is an HTTP/1.1 server', async () => {
    for (const error of await failures(await listening(http.createServer((_request, response) => response.end())))) {
      expect(error.message).toContain('the peer seems to speak HTTP/1.1; check the address and its port')
      expect(error.message).not.toContain('4740180')
    }
  })

  it('says that it is a TLS server that answers with an alert, whole or byte by byte', async () => {
    const alert = Buffer.from('15030300020246', 'hex')
    const slowly = createServer((socket) => {
      for (const byte of alert) setTimeout(() => socket.write(Buffer.of(byte)), 5)
      setTimeout(() => socket.end(), 50)
    })
    for (const address of [await answering(alert), await listening(slowly)]) {
      for (const error of await failures(address)) {
        expect(error.message).toContain('the peer seems to speak TLS; set the option `tls`')
      }
    }
  })

  it('asks about TLS where the server closes without a word, as a TLS server of Node does', async () => {
    const address = await listening(tls.createServer({ cert: bytes('server'), key: bytes('server-key') }))
    for (const error of await failures(address)) expect(error.message).toContain('does this port require TLS (`tls`)?')
  })

  it('keeps the rule that an HTTP/2 server broke', async () => {
    const address = await answering(Buffer.from('000000040000000001', 'hex'))
    const [error] = await failures(address)
    expect(error!.message).toContain('the connection broke the rules of HTTP/2: SETTINGS')
  })
})

async function serve(options: ServerOptions): Promise<{ address: string; errors: unknown[] }> {
  const errors: unknown[] = []
  const server = new Server({ onError: (error) => errors.push(error), ...options })
    .add(ThriftEcho, echoHandler())
    .add(Echo, grpcHandler)
  const { address } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { address, errors }
}

describe('a TLS handshake that fails', () => {
  it('for want of a client certificate is explained to client and operator', async () => {
    const { address, errors } = await serve({ tls: { ...serverTls, ca: pem('ca') } })
    for (const error of await failures(address, { tls: trusting })) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE' })
      expect(error.message).toContain('the server requires a client certificate; set `tls.cert` and `tls.key`')
    }
    // One report a minute, for strangers can cause them at will.
    expect(errors).toMatchObject([
      {
        code: 'UNAUTHENTICATED',
        message: expect.stringMatching(
          /^refused the TLS handshake of 127\.0\.0\.1:\d+: the client sent no certificate/,
        ),
      },
    ])
  })

  it('is explained over TLS 1.2 too', async () => {
    const options = { cert: bytes('server'), key: bytes('server-key'), ca: bytes('ca'), requestCert: true }
    const address = await listening(tls.createServer({ ...options, maxVersion: 'TLSv1.2' }))
    for (const error of await failures(address, { tls: trusting })) {
      expect(error.message).toContain('it may require a client certificate')
    }
  })

  it('over a client certificate of another authority is explained to client and operator', async () => {
    const { address, errors } = await serve({ tls: { ...serverTls, ca: pem('ca') } })
    const own = { cert: pem('elsewhere'), key: pem('elsewhere-key') }
    for (const error of await failures(address, { tls: { ...trusting, ...own } })) {
      expect(error.message).toContain('does the server accept the client certificate (`tls.cert`)?')
    }
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/the client's certificate is not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/) },
    ])
  })

  it.each([
    ['server', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', "the client does not trust the authority of the server's certificate"],
    ['client', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the server does not trust the authority of the client certificate'],
    ['client', 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'the server does not accept the client certificate'],
    ['client', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'the peer sent the TLS alert: internal error'],
    ['server', 'ERR_SSL_BAD_EXTENSION', 'TLS failed: bad extension'],
    ['server', 'ECONNRESET', undefined],
  ] as const)('at the %s by %s has a reason in words', (side, code, words) => {
    const reason = tlsReason(Object.assign(new Error('routines'), { code }), side)
    if (words === undefined) expect(reason).toBeUndefined()
    else expect(reason).toContain(words)
  })

  it('for want of a common protocol is explained without the words of OpenSSL', async () => {
    const options = { cert: bytes('server'), key: bytes('server-key'), ALPNProtocols: ['acme-tls/1'] }
    const address = await listening(tls.createServer(options))
    const transport = grpc(address, { tls: trusting })
    onCleanup(() => transport.close({ drainMs: 0 }))
    const error = (await rejection(createClient(Echo, transport).unary({}))) as { message: string }
    expect(error.message).toContain('the server does not speak the protocol of this client (ALPN)')
    expect(error.message).not.toMatch(/routines|deps/)
    const served = await serve({ tls: serverTls })
    const [host, port] = served.address.split(':')
    const socket = tls.connect({ host, port: Number(port), ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false })
    await new Promise((resolve) => socket.once('error', resolve))
    expect(served.errors).toMatchObject([
      { message: expect.stringContaining('speaks no protocol of this port (ALPN)') },
    ])
  })

  it('of a peer that just leaves is no news', async () => {
    const { address, errors } = await serve({ tls: serverTls })
    const [host, port] = address.split(':')
    const client = new (await import('node:net')).Socket()
    client.connect(Number(port), host!)
    await new Promise<void>((resolve) => client.write(Buffer.from('160301', 'hex'), () => resolve()))
    client.destroy()
    const next = await serve({ tls: serverTls })
    await failures(next.address)
    expect(errors).toEqual([])
  })
})
