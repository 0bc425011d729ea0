import * as http2 from 'node:http2'
import {
  Code,
  ConnectError,
  type Transport as ConnectTransport,
  createClient as connectClient,
} from '@connectrpc/connect'
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, isBizError, isRpcError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Metadata } from '../../../src/runtime/core/metadata.ts'
import { type GrpcWebOptions, grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { decodeTrailers } from '../../../src/runtime/grpc/web/web-frame.ts'
import { BadRequest } from '../../../src/runtime/protobuf/gen/google/rpc/error_details.ts'
import { anyPack, anyUnpack } from '../../../src/runtime/protobuf/well-known.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { all, rejection } from '../../support/settle.ts'
import { ConnectShop, Shop, type ShopClient, type ShopHandler, shopHandler } from './http-shop.ts'

async function serve(handler: Partial<ShopHandler> = {}, options: ServerOptions = {}): Promise<string> {
  const server = new Server({ http: {}, onError: () => {}, ...options }).add(Shop, { ...shopHandler, ...handler })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return `http://127.0.0.1:${port}`
}

const failing: Partial<ShopHandler> = {
  get({ name }, cx) {
    cx.responseTrailers.set('x-trail', 'end')
    if (name === 'biz') throw new BizError(40_404, 'sold out', { sku: 'a' })
    throw new RpcError('INVALID_ARGUMENT', 'größer', {
      details: [anyPack(BadRequest, { fieldViolations: [{ field: 'name', description: 'bad' }] })],
    })
  },
  async *list() {
    yield { name: 'one' }
    throw new RpcError('ABORTED', 'in the middle')
  },
}

describe.each([{ text: false }, { text: true }])('our gRPC-web client (text: $text)', ({ text }) => {
  async function client(handler: Partial<ShopHandler> = {}, options: GrpcWebOptions = {}): Promise<ShopClient> {
    return createClient(Shop, grpcWeb(await serve(handler), { text, ...options }))
  }

  it('makes unary calls, small and large', async () => {
    const shop = await client()
    const data = new Uint8Array(300_000).map((_, i) => i)
    const item = { name: 'grüße', count: 3n, data, tags: ['a', 'b'] }
    expect(await shop.get(item)).toEqual(item)
    expect(await shop.get({})).toMatchObject({ name: '', count: 0n })
  })

  it('reads streams of responses, also none', async () => {
    const shop = await client()
    expect((await all(shop.list({ name: 'x', count: 3n }))).map((item) => item.count)).toEqual([0n, 1n, 2n])
    expect(await all(shop.list({ count: 0n }))).toEqual([])
  })

  it('carries metadata both ways, bytes among them', async () => {
    let received: unknown
    const shop = await client({
      get(item, cx) {
        received = [cx.requestHeaders.get('x-token'), cx.requestHeaders.get('x-raw-bin')]
        cx.responseHeaders.set('x-head', 'h').set('x-head-bin', new Uint8Array([1, 255]))
        cx.responseTrailers.set('x-tail', 't')
        return item
      },
    })
    let headers: Metadata | undefined
    let trailers: Metadata | undefined
    await shop.get(
      {},
      {
        metadata: { 'x-token': 'abc', 'x-raw-bin': new Uint8Array([0, 128]) },
        onHeaders: (got) => {
          headers = got
        },
        onTrailers: (got) => {
          trailers = got
        },
      },
    )
    expect(received).toEqual(['abc', new Uint8Array([0, 128])])
    expect(headers?.get('x-head')).toBe('h')
    expect(headers?.get('x-head-bin')).toEqual(new Uint8Array([1, 255]))
    expect(trailers?.get('x-tail')).toBe('t')
  })

  it('tells errors with their details, and business errors', async () => {
    const shop = await client(failing)
    const error = await rejection(shop.get({}))
    if (!isRpcError(error)) throw error
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'größer' })
    expect(anyUnpack(error.details[0]!, BadRequest)?.fieldViolations[0]?.field).toBe('name')
    expect(error.metadata?.get('x-trail')).toBe('end')
    const biz = await rejection(shop.get({ name: 'biz' }))
    expect(isBizError(biz) && [biz.status, biz.message, { ...biz.extra }]).toEqual([40_404, 'sold out', { sku: 'a' }])
  })

  it('gives the messages before an error in a stream', async () => {
    const shop = await client(failing)
    const names: string[] = []
    const error = await rejection(
      (async () => {
        for await (const item of shop.list({})) names.push(item.name)
      })(),
    )
    expect(names).toEqual(['one'])
    expect(error).toMatchObject({ code: 'ABORTED', message: 'in the middle' })
  })

  it('ends a call at its deadline, and the server knows the deadline', async () => {
    let remaining = 0
    const shop = await client({
      get: (_, cx) => {
        remaining = cx.remainingMs
        return new Promise(() => {})
      },
    })
    expect(await rejection(shop.get({}, { timeoutMs: 150 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(remaining).toBeGreaterThan(0)
    expect(remaining).toBeLessThanOrEqual(150)
  })

  it('cancels by a signal and by leaving the loop, and the handler hears of it', async () => {
    const heard: string[] = []
    const shop = await client({
      get: (_, cx) => {
        cx.onCancel((reason) => heard.push(`get ${reason.code}`))
        controller.abort()
        return new Promise(() => {})
      },
      async *list(_, cx) {
        cx.onCancel((reason) => heard.push(`list ${reason.code}`))
        for (let i = 0n; ; i++) {
          yield { count: i }
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      },
    })
    const controller = new AbortController()
    expect(await rejection(shop.get({}, { signal: controller.signal }))).toMatchObject({ code: 'CANCELLED' })
    for await (const item of shop.list({})) if (item.count === 2n) break
    await expect.poll(() => heard).toEqual(['get CANCELLED', 'list CANCELLED'])
  })

  it('refuses answers beyond its limit', async () => {
    const shop = await client({ get: () => ({ data: new Uint8Array(2_000) }) }, { maxReceiveBytes: 1_000 })
    expect(await rejection(shop.get({}))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  })
})

describe('our gRPC-web client', () => {
  it('streams requests where the platform does, and says so where it does not', async () => {
    const shop = createClient(Shop, grpcWeb(await serve()))
    expect(await shop.collect([{}, {}])).toMatchObject({ count: 2n })
    const { Request } = globalThis
    onCleanup(() => Object.assign(globalThis, { Request }))
    // As in Firefox and Safari, where a stream that is given as a body becomes text.
    const withText = (url: string, { body, ...init }: RequestInit): Request =>
      new Request(url, { ...init, body: String(body) })
    Object.assign(globalThis, { Request: withText })
    const error = await rejection(shop.collect([{}]))
    expect(error).toMatchObject({ code: 'UNIMPLEMENTED', message: expect.stringContaining('streams its requests') })
  })

  it('takes compressed messages where it is told to', async () => {
    const seen: (string | null)[] = []
    const watched = async (url: string, init: RequestInit): Promise<Response> => {
      const response = await fetch(url, init)
      seen.push(response.headers.get('grpc-encoding'))
      return response
    }
    const large = { name: 'x'.repeat(5_000) }
    for (const acceptCompression of [true, false]) {
      const base = await serve(
        {
          list: async function* () {
            yield* [large, {}, large]
          },
        },
        { grpc: { compression: 'gzip' } },
      )
      const transport = grpcWeb(base, { acceptCompression, fetch: watched as typeof fetch })
      const shop = createClient(Shop, transport)
      expect((await shop.get(large)).name).toBe(large.name)
      expect((await all(shop.list({}))).map(({ name }) => name.length)).toEqual([5_000, 0, 5_000])
    }
    expect(seen).toEqual(['gzip', 'gzip', null, null])
    const small = grpcWeb(await serve({}, { grpc: { compression: 'gzip' } }), {
      acceptCompression: true,
      maxReceiveBytes: 2_000,
    })
    expect(await rejection(createClient(Shop, small).get(large))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  })

  it('says what answered when it was not gRPC-web, and when nobody did', async () => {
    const shop = createClient(Shop, grpcWeb(await serve({}, { http: { grpcWeb: false } })))
    expect(await rejection(shop.get({}))).toMatchObject({ code: 'UNKNOWN', message: expect.stringContaining('415') })
    const nobody = createClient(Shop, grpcWeb('http://127.0.0.1:1'))
    expect(await rejection(nobody.get({}))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(() => grpcWeb('shop.example')).toThrow('https://api.example')
  })

  it('fails what runs when it is closed, and what comes after', async () => {
    const transport = grpcWeb(await serve({ get: () => new Promise(() => {}) }))
    const shop = createClient(Shop, transport)
    const running = rejection(shop.get({}))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await transport.close()
    expect(await running).toMatchObject({ code: 'UNAVAILABLE' })
    expect(await rejection(shop.get({}))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('waits at its close for streams that are read, and not for one that was left unread', async () => {
    const transport = grpcWeb(await serve())
    const shop = createClient(Shop, transport)
    const unread = shop.list({ count: 3n })[Symbol.asyncIterator]()
    const read = shop.list({ name: 'a', count: 2n })[Symbol.asyncIterator]()
    expect((await read.next()).value).toMatchObject({ count: 0n })
    await unread.return?.()
    const closed = transport.close({ drainMs: 60_000 })
    expect((await read.next()).value).toMatchObject({ count: 1n })
    expect((await read.next()).done).toBe(true)
    await closed
  })

  it.each([
    ['a status that is none', 'application/grpc-web', [0x80, 0, 0, 0, 0], 'UNKNOWN'],
    ['no trailers', 'application/grpc-web', [0, 0, 0, 0, 0], 'INTERNAL'],
    ['a body that is cut off', 'application/grpc-web', [0, 0, 0, 0, 9, 1], 'INTERNAL'],
    ['a frame of no kind', 'application/grpc-web', [7, 0, 0, 0, 0], 'INTERNAL'],
    ['a message behind the trailers', 'application/grpc-web', [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'INTERNAL'],
    ['text that is not base64', 'application/grpc-web-text', [...Buffer.from('!!!!')], 'INVALID_ARGUMENT'],
  ])('survives an answer with %s', async (_, type, bytes, code) => {
    const answer = async () => new Response(Uint8Array.from(bytes), { headers: { 'content-type': type } })
    const shop = createClient(Shop, grpcWeb('http://x', { fetch: answer as typeof fetch }))
    expect(await rejection(shop.get({}))).toMatchObject({ code })
    expect(await rejection(all(shop.list({})))).toMatchObject({ code })
  })
})

interface ConnectShopClient {
  get(item: object, options?: object): Promise<{ name: string; count: bigint }>
  list(item: object): AsyncIterable<{ name: string; count: bigint }>
}

const transports: [string, (baseUrl: string) => ConnectTransport][] = [
  ['gRPC-web', (baseUrl) => createGrpcWebTransport({ baseUrl })],
  ['Connect with JSON', (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: false })],
]

describe.each(transports)('connect-web by %s', (_, transport) => {
  async function client(handler: Partial<ShopHandler> = {}): Promise<ConnectShopClient> {
    return connectClient(ConnectShop, transport(await serve(handler))) as unknown as ConnectShopClient
  }

  it('is answered', async () => {
    const shop = await client()
    expect(await shop.get({ name: 'grüße', count: 3n })).toMatchObject({ name: 'grüße', count: 3n })
  })

  it('gets metadata', async () => {
    const shop = await client({
      get(item, cx) {
        cx.responseHeaders.set('x-head', String(cx.requestHeaders.get('x-token')))
        cx.responseTrailers.set('x-tail', 't')
        return item
      },
    })
    let head: Headers | undefined
    let tail: Headers | undefined
    await shop.get(
      {},
      {
        headers: { 'x-token': 'abc' },
        onHeader: (headers: Headers) => {
          head = headers
        },
        onTrailer: (headers: Headers) => {
          tail = headers
        },
      },
    )
    expect(head?.get('x-head')).toBe('abc')
    expect(tail?.get('x-tail')).toBe('t')
  })

  it('gets errors with their details', async () => {
    const shop = await client(failing)
    const error = ConnectError.from(await rejection(shop.get({})))
    expect(error.code).toBe(Code.InvalidArgument)
    expect(error.rawMessage).toBe('größer')
    expect(error.details).toHaveLength(1)
    expect(error.metadata.get('x-trail')).toBe('end')
  })

  it('is told of an unknown method and of a deadline', async () => {
    const shop = await client({ get: () => new Promise(() => {}) })
    expect(ConnectError.from(await rejection(shop.get({}, { timeoutMs: 100 }))).code).toBe(Code.DeadlineExceeded)
  })
})

describe('connect-web', () => {
  it('reads a stream by gRPC-web', async () => {
    const transport = createGrpcWebTransport({ baseUrl: await serve() })
    const shop = connectClient(ConnectShop, transport) as unknown as ConnectShopClient
    expect((await all(shop.list({ name: 'x', count: 3n }))).map((item) => item.count)).toEqual([0n, 1n, 2n])
  })
})

it('answers gRPC-web over HTTP/2 as well', async () => {
  const session = http2.connect(await serve())
  onCleanup(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': '/web.v1.Shop/Get',
    'content-type': 'application/grpc-web+proto',
  })
  stream.end(Buffer.from([0, 0, 0, 0, 3, 10, 1, 0x78]))
  const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc-web+proto' })
  expect([...body.subarray(0, 9)]).toEqual([0, 0, 0, 0, 3, 10, 1, 0x78, 0x80])
  expect(decodeTrailers(body.subarray(13))).toEqual(['grpc-status', '0'])
})
