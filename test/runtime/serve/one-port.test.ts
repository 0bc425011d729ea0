import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as grpcJs from '@grpc/grpc-js'
import apache from 'thrift'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { ApacheEchoClient } from '../../support/apache-echo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo as ThriftEcho, echoHandler as thriftHandler } from '../../support/echo-service.ts'
import { rejection } from '../../support/settle.ts'
import { Echo as GrpcEcho, echoHandler as grpcHandler, grpcJsEcho } from '../grpc/echo.ts'
import type { GrpcJsClient } from '../grpc/grpc-js.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url))
const ca = { file: path('ca') }

function grpcJsUnary(client: GrpcJsClient, text: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    client.unary({ text }, new grpcJs.Metadata(), {}, (error, note) => (error ? reject(error) : resolve(note.text)))
  })
}

describe('one port', () => {
  it('answers Thrift and gRPC at once, plain and over TLS where both are allowed, to outsiders and to us', async () => {
    const server = new Server({
      tls: { cert: { file: path('server') }, key: { file: path('server-key') } },
      plaintext: true,
    })
      .add(ThriftEcho, thriftHandler())
      .add(GrpcEcho, grpcHandler)
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    const address = `127.0.0.1:${port}`

    for (const secure of [false, true]) {
      const tls = secure ? { ca, servername: 'localhost' } : undefined
      const thriftWire = thrift(address, { tls })
      const grpcWire = grpc(address, { tls })
      onCleanup(() => thriftWire.close({ drainMs: 0 }))
      onCleanup(() => grpcWire.close({ drainMs: 0 }))
      const credentials = secure
        ? grpcJs.credentials.createSsl(readFileSync(path('ca')))
        : grpcJs.credentials.createInsecure()
      const outsider = new grpcJsEcho(address, credentials, {
        // grpc-js asks TLS for the target, and Node refuses an address as a server name since 26.
        'grpc.ssl_target_name_override': 'localhost',
      }) as unknown as GrpcJsClient
      onCleanup(() => outsider.close())
      const options = {
        transport: apache.TFramedTransport,
        protocol: apache.TBinaryProtocol,
        rejectUnauthorized: false,
      }
      const connection = secure
        ? apache.createSSLConnection('127.0.0.1', port, options)
        : apache.createConnection('127.0.0.1', port, options)
      connection.on('error', () => {})
      onCleanup(() => connection.end())

      const texts = await Promise.all([
        createClient(ThriftEcho, thriftWire).echo('our thrift'),
        createClient(GrpcEcho, grpcWire)
          .unary({ text: 'our grpc' })
          .then(({ text }) => text),
        apache.createClient(ApacheEchoClient, connection).echo('apache'),
        grpcJsUnary(outsider, 'grpc-js'),
      ])
      expect(texts).toEqual(['our thrift', 'our grpc', 'apache', 'grpc-js'])
      const streamed: number[] = []
      for await (const { count } of createClient(GrpcEcho, grpcWire).expand({ text: 's', count: 3 }))
        streamed.push(count)
      expect(streamed).toEqual([0, 1, 2])
    }
  })

  it('drains both kinds at once', async () => {
    const gate = withResolvers()
    const server = new Server()
      .add(ThriftEcho, thriftHandler({ echo: (text) => gate.promise.then(() => text) }))
      .add(GrpcEcho, { ...grpcHandler, unary: (note) => gate.promise.then(() => note) })
    onCleanup(() => server.close({ drainMs: 0 }))
    const { address } = await server.listen('127.0.0.1:0')
    const thriftWire = thrift(address)
    const grpcWire = grpc(address)
    onCleanup(() => thriftWire.close({ drainMs: 0 }))
    onCleanup(() => grpcWire.close({ drainMs: 0 }))
    const answers = Promise.all([
      createClient(ThriftEcho, thriftWire).echo('a'),
      createClient(GrpcEcho, grpcWire)
        .unary({ text: 'b' })
        .then(({ text }) => text),
    ])
    await expect.poll(() => server.router.inFlight).toBe(2)
    const closed = server.close({ drainMs: 10_000 })
    gate.resolve()
    expect(await answers).toEqual(['a', 'b'])
    await closed
    expect(server.connections).toBe(0)
  })

  it('answers a service that it does not have as UNIMPLEMENTED, also of a kind that it has none of', async () => {
    const server = new Server().add(ThriftEcho, thriftHandler())
    onCleanup(() => server.close({ drainMs: 0 }))
    const { address } = await server.listen('127.0.0.1:0')
    const wire = grpc(address)
    onCleanup(() => wire.close({ drainMs: 0 }))
    await expect(createClient(GrpcEcho, wire).unary({ text: 'x' })).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
  })

  it('says why a call of the other IDL finds no service', async () => {
    const both = new Server({ http: {} }).add(ThriftEcho, thriftHandler())
    const protobufOnly = new Server().add(GrpcEcho, grpcHandler)
    onCleanup(() => Promise.all([both, protobufOnly].map((server) => server.close({ drainMs: 0 }))))
    const { address } = await both.listen('127.0.0.1:0')
    const web = { 'content-type': 'application/grpc-web+proto' }
    const response = await fetch(`http://${address}/Echo/echo`, { method: 'POST', headers: web })
    expect([response.headers.get('grpc-status'), response.headers.get('grpc-message')]).toEqual([
      '12',
      expect.stringContaining('"Echo" is a Thrift service, and gRPC carries protobuf services'),
    ])
    const headers = { 'content-type': 'application/json' }
    const unknown = await fetch(`http://${address}/Ecco/echo`, { method: 'POST', headers, body: '{"text":"x"}' })
    expect(await unknown.json()).toMatchObject({ message: 'there is no service "Ecco"' })
    const wire = thrift((await protobufOnly.listen('127.0.0.1:0')).address)
    onCleanup(() => wire.close({ drainMs: 0 }))
    await expect(createClient(ThriftEcho, wire).echo('x')).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('Echo is a protobuf service, and Thrift carries Thrift services'),
    })
  })

  it('is reached by a transport of the other IDL not at all, and the error says which one to use', async () => {
    const wrong = [
      [ThriftEcho, grpc('127.0.0.1:1'), 'Echo is a Thrift service, and gRPC carries protobuf; use thrift() for it'],
      [
        ThriftEcho,
        grpcWeb('http://127.0.0.1:1'),
        'Echo is a Thrift service, and gRPC-web carries protobuf; use thrift()',
      ],
      [
        GrpcEcho,
        thrift('127.0.0.1:1'),
        'test.Echo is a protobuf service, and thrift() carries Thrift; use grpc() for it',
      ],
    ] as const
    for (const [service, transport, message] of wrong) {
      onCleanup(() => transport.close({ drainMs: 0 }))
      const client = rejection(Promise.resolve().then(() => createClient(service as ServiceType, transport)))
      expect(await client).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) })
    }
  })
})

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
