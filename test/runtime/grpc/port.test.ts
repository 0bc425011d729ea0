import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler, grpcJsEcho } from './echo.ts'

const pem = (name: string): { readonly file: string } => ({
  file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
})

async function listen(
  handler: Partial<EchoHandler> = {},
  options: ServerOptions = {},
): Promise<{ server: Server; port: number }> {
  const server = new Server(options).add(Echo, { ...echoHandler, ...handler })
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  return { server, port }
}

function dial(address: string, options?: GrpcOptions): { transport: Transport; echo: EchoClient } {
  const transport = grpc(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { transport, echo: createClient(Echo, transport) }
}

const tls = { cert: pem('server'), key: pem('server-key') }

describe('gRPC on a Server', () => {
  it('answers plain and TLS on one port where both are allowed, and knows which it was', async () => {
    const seen: boolean[] = []
    const { port } = await listen(
      {
        unary(note, cx) {
          seen.push(cx.peer?.tls !== undefined)
          return note
        },
      },
      { tls, plaintext: true },
    )
    const plain = dial(`127.0.0.1:${port}`)
    const secure = dial(`localhost:${port}`, { tls: { ca: pem('ca') } })
    expect(await plain.echo.unary({ text: 'plain' })).toMatchObject({ text: 'plain' })
    expect(await secure.echo.unary({ text: 'secure' })).toMatchObject({ text: 'secure' })
    const all: number[] = []
    for await (const note of secure.echo.expand({ count: 3 })) all.push(note.count)
    expect(all).toEqual([0, 1, 2])
    expect(seen).toEqual([false, true])
  })

  it('answers grpc-js over TLS', async () => {
    const { port } = await listen({}, { tls })
    const credentials = grpcJs.credentials.createSsl(readFileSync(pem('ca').file))
    const client = new grpcJsEcho(`localhost:${port}`, credentials) as unknown as {
      unary(note: object, callback: (error: Error | null, note: object) => void): void
      close(): void
    }
    onCleanup(() => client.close())
    const note = await new Promise((resolve, reject) => {
      client.unary({ text: 'over TLS' }, (error, reply) => (error === null ? resolve(reply) : reject(error)))
    })
    expect(note).toMatchObject({ text: 'over TLS' })
  })

  it('knows a client by its certificate', async () => {
    let authorized: boolean | undefined
    const { port } = await listen(
      {
        unary(note, cx) {
          authorized = cx.peer?.tls?.authorized
          return note
        },
      },
      { tls: { ...tls, ca: pem('ca') } },
    )
    const known = dial(`localhost:${port}`, { tls: { ca: pem('ca'), cert: pem('client'), key: pem('client-key') } })
    await known.echo.unary({})
    expect(authorized).toBe(true)
    const unknown = dial(`localhost:${port}`, { tls: { ca: pem('ca') } })
    await expect(unknown.echo.unary({})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('says why a certificate is not trusted', async () => {
    const { port } = await listen({}, { tls })
    const { echo } = dial(`localhost:${port}`, { tls: {} })
    await expect(echo.unary({})).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
      message: expect.stringContaining('tls.ca'),
    })
  })

  it('drains: the calls in flight end, then the server closes', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { server, port } = await listen({
      async *expand(note) {
        yield note
        await gate
        yield note
      },
    })
    const { echo } = dial(`127.0.0.1:${port}`)
    const stream = echo.expand({ text: 'x' })[Symbol.asyncIterator]()
    expect((await stream.next()).done).toBe(false)
    const closed = server.close({ drainMs: 10_000 })
    release()
    expect((await stream.next()).value).toMatchObject({ text: 'x' })
    expect((await stream.next()).done).toBe(true)
    await closed
    await expect(echo.unary({})).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('ends calls as UNAVAILABLE when the drain is over', async () => {
    const { server, port } = await listen({ unary: () => new Promise(() => {}) })
    const { echo } = dial(`127.0.0.1:${port}`)
    const call = echo.unary({}).catch((error: unknown) => error)
    await expect.poll(() => server.router.inFlight).toBe(1)
    await server.close({ drainMs: 20 })
    expect(await call).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('takes the limits of the gRPC wire', async () => {
    const { port } = await listen({}, { grpc: { maxReceiveBytes: 100 } })
    const { echo } = dial(`127.0.0.1:${port}`)
    await expect(echo.unary({ data: new Uint8Array(200) })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  })
})
