import * as http2 from 'node:http2'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { failure } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, type EchoPort, serveEcho } from './echo.ts'
import { grpcJsClient, grpcJsUnary, serveGrpcJs } from './grpc-js.ts'

const large = (bytes: number): { big: string } => ({ big: 'v'.repeat(bytes) })
const slow: Partial<EchoHandler> = {
  async unary(note) {
    await new Promise((resolve) => setTimeout(resolve, note.count))
    return note
  },
}

async function serve(
  handler: Partial<EchoHandler>,
  ...options: [Parameters<typeof serveEcho>[1]?]
): Promise<{ port: EchoPort; echo: EchoClient }> {
  const port = await serveEcho(handler, ...options)
  onCleanup(() => port.close())
  const transport = grpc(port.address)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { port, echo: createClient(Echo, transport, { layers: [retry()] }) }
}

describe('a call with more metadata than the server takes', () => {
  it.each([66_000, 200_000, 2_000_000])(
    'is refused before it is sent, alone, with both sizes: %d bytes',
    async (bytes) => {
      const { port, echo } = await serve(slow)
      await echo.unary({})
      const neighbours = Array.from({ length: 10 }, () => echo.unary({ count: 150, text: 'fine' }))
      const error = await failure(echo.unary({}, { metadata: large(bytes) }))
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
      expect(error.bytesSent).toBeUndefined()
      const [, sent, limit] =
        /^the metadata of the request is too large: (\d+) bytes .* takes (\d+) /.exec(error.message) ?? []
      expect(Number(sent)).toBeGreaterThan(bytes)
      expect(limit).toBe('65536')
      for (const neighbour of neighbours) expect((await neighbour).text).toBe('fine')
      expect(port.connections).toHaveLength(1)
    },
  )

  it('goes by what a server says, here node:http2 with a limit of its own', async () => {
    const server = http2.createServer({ settings: { maxHeaderListSize: 2_000 } })
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(new Uint8Array(5))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const transport = grpc(`127.0.0.1:${(server.address() as { port: number }).port}`)
    onCleanup(async () => {
      await transport.close()
      server.close()
    })
    const echo = createClient(Echo, transport)
    await echo.unary({}, { metadata: large(1_000) })
    expect((await failure(echo.unary({}, { metadata: large(2_000) }))).message).toContain('takes 2000 (')
  })

  it('is refused by the server alone where the client sends it all the same', async () => {
    const { port, echo } = await serve(slow)
    const session = http2.connect(`http://${port.address}`, { maxSendHeaderBlockLength: 500_000 })
    onCleanup(() => session.destroy())
    const call = (headers: http2.OutgoingHttpHeaders, count = 0): Promise<http2.IncomingHttpHeaders> => {
      const stream = session.request({
        ...{ ':method': 'POST', ':path': '/test.Echo/Unary', te: 'trailers', 'content-type': 'application/grpc' },
        ...headers,
      })
      stream.on('error', () => {})
      stream.end(Buffer.from([0, 0, 0, 0, 2, 24, count]))
      return new Promise((resolve) => {
        stream.on('response', (head) => {
          if (head['grpc-status'] !== undefined) resolve(head)
        })
        stream.on('trailers', resolve)
        stream.resume()
      })
    }
    const neighbour = call({}, 100)
    const refused = await call(large(180_000))
    expect(refused).toMatchObject({ ':status': 200, 'grpc-status': '8' })
    expect(refused['grpc-message']).toMatch(/^the metadata of the request is too large: 18\d{4} bytes .* takes 65536 /)
    expect((await neighbour)['grpc-status']).toBe('0')
    expect((await call({}))['grpc-status']).toBe('0')
    expect(port.connections).toHaveLength(1)
    await echo.unary({})
  })

  it('is taken up to what grpc-js takes, in both directions', async () => {
    const { port } = await serve({
      unary(note, cx) {
        cx.responseHeaders.set('big', cx.requestHeaders.get('big')!)
        return note
      },
    })
    const client = grpcJsClient(port.address, {})
    onCleanup(() => client.close())
    const metadata = new grpcJs.Metadata()
    metadata.set('big', 'v'.repeat(60_000))
    const { status } = await grpcJsUnary(client, { text: 'a' }, metadata)
    expect(status.code).toBe(grpcJs.status.OK)
    const server = await serveGrpcJs({
      Unary: (call: grpcJs.ServerUnaryCall<unknown, unknown>, reply: grpcJs.sendUnaryData<unknown>) => {
        call.sendMetadata(call.metadata)
        reply(null, {})
      },
    })
    onCleanup(() => server.close())
    const transport = grpc(server.address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    let got = 0
    const onHeaders = (headers: { get(name: string): unknown }): void => {
      got = String(headers.get('big')).length
    }
    await createClient(Echo, transport).unary({}, { metadata: large(60_000), onHeaders })
    expect(got).toBe(60_000)
  })
})

describe('a handler with more metadata than the caller takes', () => {
  it('fails its call alone, with both sizes, and keeps the code of its own failure', async () => {
    const reported: unknown[] = []
    const { echo } = await serve(
      {
        async unary(note, cx) {
          if (note.count > 0) {
            await new Promise((resolve) => setTimeout(resolve, note.count))
            return note
          }
          if (note.text === 'headers') cx.responseHeaders.set('big', 'v'.repeat(70_000))
          else cx.responseTrailers.set('big', 'v'.repeat(70_000))
          if (note.text === 'failure') throw new RpcError('NOT_FOUND', 'nothing there')
          return note
        },
      },
      { router: { onError: (error) => reported.push(error) } },
    )
    const neighbour = echo.unary({ count: 100 })
    for (const text of ['headers', 'trailers']) {
      expect(await failure(echo.unary({ text }))).toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringMatching(/^the metadata of the response is too large: 70\d\d\d bytes .* takes 65536 /),
      })
    }
    expect(await failure(echo.unary({ text: 'failure' }))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'nothing there',
    })
    await neighbour
    expect(reported).toHaveLength(3)
  })
})
