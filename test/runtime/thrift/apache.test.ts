import type { Server as NetServer, Socket } from 'node:net'
import apache from 'thrift'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { ApacheBoom, ApacheEchoClient, ApacheEchoProcessor, listenApache } from '../../support/apache-echo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Boom, Echo, echoHandler } from '../../support/echo-service.ts'

const { TBinaryProtocol, TCompactProtocol, TBufferedTransport, TFramedTransport } = apache

const forms = [
  { transport: 'framed', protocol: 'binary', Transport: TFramedTransport, Protocol: TBinaryProtocol },
  { transport: 'buffered', protocol: 'binary', Transport: TBufferedTransport, Protocol: TBinaryProtocol },
  { transport: 'framed', protocol: 'compact', Transport: TFramedTransport, Protocol: TCompactProtocol },
  { transport: 'buffered', protocol: 'compact', Transport: TBufferedTransport, Protocol: TCompactProtocol },
] as const

for (const { transport, protocol, Transport, Protocol } of forms) {
  describe(`Apache's npm thrift, ${transport} ${protocol}`, () => {
    it('as a client of our server gets results, exceptions and refusals', async () => {
      const fired: string[] = []
      const server = new Server({ onError: () => {} }).add(
        Echo,
        echoHandler({
          echo(text) {
            if (text === 'boom') throw new Boom({ code: 7, text: 'declared' })
            if (text === 'bug') throw new TypeError('secret')
            return text
          },
          fire(text) {
            fired.push(text)
          },
        }),
      )
      onCleanup(() => server.close({ drainMs: 0 }))
      const { port } = await server.listen('127.0.0.1:0')
      const connection = apache.createConnection('127.0.0.1', port, { transport: Transport, protocol: Protocol })
      onCleanup(() => connection.end())
      const client = apache.createClient(ApacheEchoClient, connection)

      expect(await client.echo('héllo')).toBe('héllo')
      expect(await client.add(2, -3)).toBe(-1)
      expect(await client.ping()).toBeUndefined()
      expect(await client.echo('x'.repeat(200_000))).toHaveLength(200_000)
      client.fire('shot')
      const many = await Promise.all(Array.from({ length: 200 }, (_, i) => client.echo(`call ${i}`)))
      expect(many).toEqual(Array.from({ length: 200 }, (_, i) => `call ${i}`))
      expect(fired).toEqual(['shot'])
      const boom = await client.echo('boom').catch((error: unknown) => error)
      expect(boom).toBeInstanceOf(ApacheBoom)
      expect(boom).toMatchObject({ code: 7, text: 'declared' })
      expect(await client.echo('bug').catch((error: unknown) => error)).toMatchObject({
        type: 6,
        message: 'internal error',
      })
      expect(await client.unknown().catch((error: unknown) => error)).toMatchObject({
        type: 1,
        message: 'unknown method unknown',
      })
    })

    it('as a client has 64 calls run side by side on its connection', async () => {
      let running = 0
      let open!: () => void
      const all = new Promise<void>((resolve) => {
        open = resolve
      })
      const server = new Server().add(
        Echo,
        echoHandler({
          async echo(text) {
            if (++running === 64) open()
            await all
            return text
          },
        }),
      )
      onCleanup(() => server.close({ drainMs: 0 }))
      const { port } = await server.listen('127.0.0.1:0')
      const connection = apache.createConnection('127.0.0.1', port, { transport: Transport, protocol: Protocol })
      onCleanup(() => connection.end())
      const client = apache.createClient(ApacheEchoClient, connection)
      const texts = Array.from({ length: 64 }, (_, i) => `call ${i}`)
      expect(await Promise.all(texts.map((text) => client.echo(text)))).toEqual(texts)
    })

    it('as a server answers our client, one call at a time and multiplexed', async () => {
      const fired: string[] = []
      const sockets = new Set<Socket>()
      const apacheServer = apache.createServer(
        ApacheEchoProcessor,
        {
          async echo(text: string) {
            if (text === 'boom') throw Object.assign(new ApacheBoom(), { code: 9, text: 'apache' })
            return text
          },
          add: async (a: number, b: number) => a + b,
          ping: async () => {},
          fire: (text: string) => void fired.push(text),
        },
        { transport: Transport, protocol: Protocol },
      ) as unknown as NetServer
      apacheServer.on('connection', (socket) => sockets.add(socket))
      onCleanup(() => {
        for (const socket of sockets) socket.destroy()
        apacheServer.close()
      })
      const port = await listenApache(apacheServer)
      for (const connections of ['pool', 'multiplexed'] as const) {
        const wire = thrift({ host: '127.0.0.1', port }, { transport, protocol, connections })
        onCleanup(() => wire.close({ drainMs: 0 }))
        const client = createClient(Echo, wire, { timeoutMs: 10_000 })
        expect(await client.echo('héllo')).toBe('héllo')
        expect(await client.add(2, -3)).toBe(-1)
        expect(await client.ping()).toBeUndefined()
        await client.fire(connections)
        const many = await Promise.all(Array.from({ length: 100 }, (_, i) => client.echo(`call ${i}`)))
        expect(many).toEqual(Array.from({ length: 100 }, (_, i) => `call ${i}`))
        const boom = await client.echo('boom').catch((error: unknown) => error)
        expect(boom).toBeInstanceOf(Boom)
        expect(boom).toMatchObject({ code: 9, text: 'apache' })
      }
      expect(fired).toEqual(['pool', 'multiplexed'])
    })
  })
}

describe("Apache's npm thrift", () => {
  it('tells our client of a method it does not have', async () => {
    const apacheServer = apache.createServer(
      ApacheEchoProcessor,
      { echo: async (t: string) => t, add: async () => 0, ping: async () => {}, fire: () => {} },
      { transport: TFramedTransport, protocol: TBinaryProtocol },
    ) as unknown as NetServer
    onCleanup(() => apacheServer.close())
    const port = await listenApache(apacheServer)
    const wire = thrift(`127.0.0.1:${port}`, { transport: 'framed' })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const renamed = { ...Echo, methods: Echo.methods.map((method) => ({ ...method, name: `${method.name}2` })) }
    const error = await createClient(renamed, wire)
      .ping()
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RpcError)
    // Its exceptions never carry their type: `write` asks for `this.code`, which nothing sets.
    expect(error).toMatchObject({ code: 'UNKNOWN', message: 'Unknown function ping2', cause: { type: 0 } })
  })

  it('reaches our services through its multiplexed names', async () => {
    const server = new Server().add(Echo, echoHandler())
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    const connection = apache.createConnection('127.0.0.1', port, {
      transport: TFramedTransport,
      protocol: TBinaryProtocol,
    })
    onCleanup(() => connection.end())
    const client = new apache.Multiplexer().createClient('Echo', ApacheEchoClient, connection)
    expect(await client.echo('through')).toBe('through')
  })
})
