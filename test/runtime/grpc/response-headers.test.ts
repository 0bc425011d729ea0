import type { EventEmitter } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import type { CallOptions } from '../../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { sendHeaders } from '../../../src/runtime/grpc/server/call.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { encodeTrailersFrame } from '../../../src/runtime/grpc/web/web-frame.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo as ThriftEcho, echoHandler as thriftHandler } from '../../support/echo-service.ts'
import { all, deferred, failure } from '../../support/settle.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler, serveEcho } from './echo.ts'
import { type GrpcJsClient, grpcJsClient, serveGrpcJs } from './grpc-js.ts'

const none = new grpcJs.Metadata()

async function serve(handler: Partial<EchoHandler>): Promise<{ client: GrpcJsClient; echo: EchoClient }> {
  const port = await serveEcho(handler)
  onCleanup(() => port.close())
  const client = grpcJsClient(port.address, {})
  onCleanup(() => client.close())
  const transport = grpc(port.address)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { client, echo: createClient(Echo, transport) }
}

const broken = (cx: Context): never => {
  cx.responseHeaders.set('x-head', 'h')
  cx.responseTrailers.set('x-tail', 't')
  throw new RpcError('NOT_FOUND', 'no')
}
const failing: Partial<EchoHandler> = {
  unary: (_note, cx) => broken(cx),
  collect: (_notes, cx) => broken(cx),
  expand: (_note, cx) => broken(cx),
  chat: (_notes, cx) => broken(cx),
}

/** Headers and trailers of a call that fails, as grpc-js tells them apart. */
function told(call: grpcJs.ClientUnaryCall | grpcJs.ClientReadableStream<unknown>): Promise<unknown[]> {
  let headers: unknown[] = []
  return new Promise((resolve) => {
    call.on('metadata', (metadata: grpcJs.Metadata) => {
      headers = metadata.get('x-head')
    })
    ;(call as EventEmitter).on('error', () => {})
    if ('read' in call) call.resume()
    call.on('status', ({ code, metadata }) => resolve([code, headers, metadata.get('x-head'), metadata.get('x-tail')]))
  })
}

describe('a handler that fails before it has sent anything', () => {
  it('has its headers sent as headers and its trailers as trailers, for every kind of call', async () => {
    const { client } = await serve(failing)
    const expected = [grpcJs.status.NOT_FOUND, ['h'], [], ['t']]
    expect(await told(client.unary({}, none, {}, () => {}))).toEqual(expected)
    const collecting = client.collect(none, {}, () => {})
    const collected = told(collecting)
    collecting.end()
    expect(await collected).toEqual(expected)
    expect(await told(client.expand({}, none, {}))).toEqual(expected)
    const chat = client.chat(none, {})
    const chatted = told(chat)
    chat.end()
    expect(await chatted).toEqual(expected)
  })

  it('ends with trailers alone where it has set no headers', async () => {
    const { client } = await serve({
      unary: (_note, cx) => {
        cx.responseTrailers.set('x-tail', 't')
        throw new RpcError('NOT_FOUND', 'no')
      },
    })
    let metadata = 0
    const call = client.unary({}, none, {}, () => {})
    call.on('metadata', (one: grpcJs.Metadata) => {
      if (Object.keys(one.getMap()).some((name) => name !== 'content-type' && name !== 'date')) metadata++
    })
    expect(await told(call)).toEqual([grpcJs.status.NOT_FOUND, [], [], ['t']])
    expect(metadata).toBe(0)
  })
})

describe('sendHeaders()', () => {
  it.each(['unary', 'collect'] as const)('sends them at once in a handler of one answer: %s', async (method) => {
    const seen = deferred()
    const handle = async (cx: Context): Promise<{ text: string }> => {
      cx.responseHeaders.set('x-head', 'h')
      sendHeaders(cx)
      await seen.promise
      return { text: 'done' }
    }
    const { echo, client } = await serve({ unary: (_note, cx) => handle(cx), collect: (_notes, cx) => handle(cx) })
    const heads: unknown[] = []
    const options: CallOptions = {
      onHeaders: (headers) => {
        heads.push(headers.get('x-head'))
        seen.resolve()
      },
    }
    const answer = method === 'unary' ? echo.unary({}, options) : echo.collect([], options)
    expect(await answer).toMatchObject({ text: 'done' })
    expect(heads).toEqual(['h'])
    const second = method === 'unary' ? client.unary({}, none, {}, () => {}) : client.collect(none, {}, () => {})
    ;(second as EventEmitter).on('error', () => {})
    const metadata = await new Promise<grpcJs.Metadata>((resolve) => second.on('metadata', resolve))
    expect(metadata.get('x-head')).toEqual(['h'])
  })
})

describe('onHeaders', () => {
  it('is called when headers arrive, by a server of grpc-js, long before the answer, and once', async () => {
    const seen = deferred()
    const server = await serveGrpcJs({
      async Unary(call: grpcJs.ServerUnaryCall<unknown, unknown>, reply: grpcJs.sendUnaryData<unknown>) {
        const metadata = new grpcJs.Metadata()
        metadata.set('x-head', 'h')
        call.sendMetadata(metadata)
        await seen.promise
        reply({ code: grpcJs.status.ABORTED, details: 'no' })
      },
    })
    onCleanup(() => server.close())
    const transport = grpc(server.address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const heads: unknown[] = []
    const onHeaders: CallOptions['onHeaders'] = (headers) => {
      heads.push(headers.get('x-head'))
      seen.resolve()
    }
    expect((await failure(createClient(Echo, transport).unary({}, { onHeaders }))).code).toBe('ABORTED')
    const layered = createClient(Echo, transport, { layers: [retry()] })
    expect((await failure(layered.unary({}, { onHeaders }))).code).toBe('ABORTED')
    expect(heads).toEqual(['h', 'h'])
  })

  it('is called for calls that fail and have headers, and not for those without', async () => {
    const { echo } = await serve(failing)
    const heads: unknown[] = []
    const onHeaders: CallOptions['onHeaders'] = (headers) => heads.push(headers.get('x-head'))
    expect((await failure(echo.unary({}, { onHeaders }))).code).toBe('NOT_FOUND')
    expect((await failure(echo.collect([], { onHeaders }))).code).toBe('NOT_FOUND')
    expect((await failure(all(echo.expand({}, { onHeaders })))).code).toBe('NOT_FOUND')
    expect((await failure(all(echo.chat([], { onHeaders })))).code).toBe('NOT_FOUND')
    expect(heads).toEqual(['h', 'h', 'h', 'h'])
    const plain = await serve({ unary: () => Promise.reject(new RpcError('NOT_FOUND', 'no')) })
    expect((await failure(plain.echo.unary({}, { onHeaders }))).code).toBe('NOT_FOUND')
    expect(heads).toHaveLength(4)
  })

  it('that throws gives the caller its error, and ends the call', async () => {
    const ended = deferred<RpcError>()
    const { echo } = await serve({
      unary(_note, cx) {
        cx.onCancel(ended.resolve)
        sendHeaders(cx)
        return new Promise(() => {})
      },
    })
    const onHeaders = (): never => {
      throw new TypeError('mine')
    }
    await expect(echo.unary({}, { onHeaders })).rejects.toThrow('mine')
    expect((await ended.promise).code).toBe('CANCELLED')
  })

  it('is called for failed calls over Thrift and gRPC-web too', async () => {
    const server = new Server({ http: {} })
      .add(Echo, { ...echoHandler, ...failing })
      .add(ThriftEcho, thriftHandler({ echo: (_text, cx) => broken(cx) }))
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    const wire = thrift(`127.0.0.1:${port}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const heads: unknown[] = []
    const onHeaders: CallOptions['onHeaders'] = (headers) => heads.push(headers.get('x-head'))
    expect((await failure(createClient(ThriftEcho, wire).echo('a', { onHeaders }))).code).toBe('NOT_FOUND')
    const web = createClient(Echo, grpcWeb(`http://127.0.0.1:${port}`))
    expect((await failure(web.unary({}, { onHeaders }))).code).toBe('NOT_FOUND')
    expect(heads).toEqual(['h', 'h'])
  })
})

describe('a gRPC-web client', () => {
  async function answering(headers: http.OutgoingHttpHeaders, ...body: Uint8Array[]): Promise<EchoClient> {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc-web+proto', ...headers })
      response.end(Buffer.concat(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onCleanup(() => {
      server.closeAllConnections()
      server.close()
    })
    return createClient(Echo, grpcWeb(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  }

  const message = Uint8Array.from([0, 0, 0, 0, 3, 10, 1, 97])

  it('goes by the trailers of the body, whatever status stands in the headers', async () => {
    const failed = await answering(
      { 'grpc-status': '0' },
      encodeTrailersFrame(['grpc-status', '5', 'grpc-message', 'no']),
    )
    expect(await failure(failed.unary({}))).toMatchObject({ code: 'NOT_FOUND', message: 'no' })
    const fine = await answering({ 'grpc-status': '13' }, message, encodeTrailersFrame(['grpc-status', '0']))
    expect((await fine.unary({})).text).toBe('a')
    expect((await all(fine.expand({}))).map(({ text }) => text)).toEqual(['a'])
  })

  it('goes by the headers where there is no body, and by neither where the body has no trailers', async () => {
    const bodiless = await answering({ 'grpc-status': '5' })
    expect((await failure(bodiless.unary({}))).code).toBe('NOT_FOUND')
    const cut = await answering({ 'grpc-status': '0' }, message)
    expect((await failure(cut.unary({}))).code).toBe('INTERNAL')
  })
})

describe('gRPC over HTTP/1.1', () => {
  it('is refused with a sentence, and no handler runs', async () => {
    let ran = 0
    const server = new Server({ http: {} }).add(Echo, {
      ...echoHandler,
      unary(note) {
        ran++
        return note
      },
    })
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    const answer = await fetch(`http://127.0.0.1:${port}/test.Echo/Unary`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc', te: 'trailers' },
      body: new Uint8Array(5),
    })
    expect(answer.status).toBe(505)
    expect(await answer.text()).toBe('gRPC needs HTTP/2. Over HTTP/1.1 this server answers gRPC-web and JSON.\n')
    expect(ran).toBe(0)
  })
})
