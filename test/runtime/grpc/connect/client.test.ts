/** The Connect protocol on a client: connect-node as the server, this package's server, and answers that no server sends. */

import { readFileSync } from 'node:fs'
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../../src/runtime/core/client/client.ts'
import { BizError, isBizError, RpcError } from '../../../../src/runtime/core/error.ts'
import type { ServiceType } from '../../../../src/runtime/core/service-type.ts'
import { type ConnectClientOptions, connect } from '../../../../src/runtime/grpc/connect/client/transport.ts'
import { protoJson } from '../../../../src/runtime/grpc/message-format.ts'
import { Server, type ServerOptions } from '../../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../../support/cleanup.ts'
import { generated } from '../../../support/generated.ts'
import { all, failure, rejection } from '../../../support/settle.ts'
import { ConnectShop, Shop, type ShopClient, type ShopHandler, shopHandler } from '../../serve/http-shop.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Listens with a handler of Node, over one version of HTTP. */
async function listen(httpVersion: '1.1' | '2', listener: Listener): Promise<string> {
  const server: NetServer = httpVersion === '2' ? createHttp2(listener as never) : createHttp1(listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
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
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function clientOf(address: string, options: ConnectClientOptions): ShopClient {
  const transport = connect(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return createClient(Shop, transport)
}

/** A client of connect-node's server. */
async function ofConnectNode(handler: object, options: ConnectClientOptions): Promise<ShopClient> {
  const routes = (router: ConnectRouter): void => {
    router.service(ConnectShop, handler as never)
  }
  return clientOf(await listen(options.httpVersion ?? '2', connectNodeAdapter({ routes }) as Listener), options)
}

/** A client of this package's server. */
async function ofOwnServer(
  handler: Partial<ShopHandler>,
  options: ConnectClientOptions,
  serverOptions: ServerOptions = {},
): Promise<ShopClient> {
  const server = new Server({ http: {}, onError: () => {}, ...serverOptions }).add(Shop, { ...shopHandler, ...handler })
  const { address } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return clientOf(address, options)
}

const item = (init: object): unknown => create(ConnectShop.methods[0]!.input, init as never)

describe.each([
  { httpVersion: '1.1', isJson: false },
  { httpVersion: '1.1', isJson: true },
  { httpVersion: '2', isJson: false },
  { httpVersion: '2', isJson: true },
] as const)('over HTTP/$httpVersion (JSON: $isJson)', ({ httpVersion, isJson }) => {
  const options = { httpVersion, ...(isJson && { format: protoJson() }) }
  const handler = {
    get(request: { name: string }, cx: HandlerContext) {
      if (request.name === 'bad') throw new ConnectError('größer', Code.NotFound, { 'x-why': 'because' })
      cx.responseHeader.set('x-head', cx.requestHeader.get('x-token') ?? '')
      cx.responseTrailer.set('x-tail', 't')
      return request
    },
    async *list({ name, count }: { name: string; count: bigint }) {
      for (let i = 0n; i < count; i++) yield item({ name, count: i })
      if (name === 'bad') throw new ConnectError('in the middle', Code.Aborted)
    },
    async collect(items: AsyncIterable<unknown>) {
      let count = 0n
      for await (const _ of items) count++
      return item({ count })
    },
  }

  it('makes unary calls and streams to connect-node, compressed where they are large', async () => {
    const shop = await ofConnectNode(handler, { ...options, compression: 'gzip' })
    const large = { name: 'grüße', count: 3n, data: new Uint8Array(3_000).fill(7), tags: ['a'] }
    const got = await shop.get(large)
    expect([got.name, got.count, Uint8Array.from(got.data)]).toEqual([large.name, 3n, large.data])
    expect(await shop.get({})).toMatchObject({ name: '', count: 0n })
    expect(await all(shop.list({ name: 'x', count: 3n }))).toMatchObject([{ count: 0n }, { count: 1n }, { count: 2n }])
    expect(await shop.collect([large, large, large])).toMatchObject({ count: 3n })
  })

  it('reads errors and metadata of connect-node', async () => {
    const shop = await ofConnectNode(handler, options)
    const got: unknown[] = []
    await shop.get(
      {},
      {
        metadata: { 'x-token': 'abc' },
        onHeaders: (headers) => got.push(headers.get('x-head')),
        onTrailers: (trailers) => got.push(trailers.get('x-tail')),
      },
    )
    expect(got).toEqual(['abc', 't'])
    const error = await failure(shop.get({ name: 'bad' }))
    expect([error.code, error.message]).toEqual(['NOT_FOUND', 'größer'])
    const stream = await failure(all(shop.list({ name: 'bad', count: 2n })))
    expect([stream.code, stream.message]).toEqual(['ABORTED', 'in the middle'])
  })

  it('keeps deadlines, and cancels what nobody waits for any more', async () => {
    let cancelled = 0
    const shop = await ofOwnServer(
      {
        get: (_, cx) => new Promise(() => cx.onCancel(() => cancelled++)),
        async *list(_, cx) {
          cx.onCancel(() => cancelled++)
          for (let count = 0n; ; count++) {
            yield { count }
            await new Promise((resolve) => setImmediate(resolve))
          }
        },
      },
      options,
    )
    expect((await failure(shop.get({}, { timeoutMs: 50 }))).code).toBe('DEADLINE_EXCEEDED')
    for await (const { count } of shop.list({})) if (count === 3n) break
    await expect.poll(() => cancelled).toBe(2)
  })

  it('carries business errors, large details and metainfo to and from this package', async () => {
    const value = new Uint8Array(100_000).fill(5)
    const shop = await ofOwnServer(
      {
        get({ name }) {
          if (name === 'biz') throw new BizError(404, 'sold out', { why: 'weil' })
          throw new RpcError('NOT_FOUND', 'x'.repeat(10_000), {
            details: [{ typeUrl: 'type.googleapis.com/a.B', value }],
          })
        },
        // biome-ignore lint/correctness/useYield: it fails at once
        async *list() {
          throw new RpcError('NOT_FOUND', 'x'.repeat(10_000), {
            details: [{ typeUrl: 'type.googleapis.com/a.B', value }],
          })
        },
      },
      options,
    )
    const biz = await rejection(shop.get({ name: 'biz' }))
    expect(isBizError(biz) && [biz.status, biz.message, biz.extra['why']]).toEqual([404, 'sold out', 'weil'])
    for (const call of [() => shop.get({}), () => all(shop.list({}))]) {
      const { message, details } = await failure(call())
      expect([message.length, details[0]!.typeUrl]).toEqual([10_000, 'type.googleapis.com/a.B'])
      expect(Buffer.compare(details[0]!.value, value)).toBe(0)
    }
  })

  it('refuses answers that are larger than it takes', async () => {
    const shop = await ofOwnServer({}, { ...options, maxReceiveBytes: 1_000 })
    expect((await failure(shop.get({ name: 'x'.repeat(2_000) }))).code).toBe('RESOURCE_EXHAUSTED')
    expect((await failure(all(shop.list({ name: 'x'.repeat(2_000), count: 1n })))).code).toBe('RESOURCE_EXHAUSTED')
  })

  it('tells what an answer is that is none', async () => {
    const answers: [Listener, string][] = [
      [(_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), 'UNKNOWN'],
      [(_, response) => response.writeHead(503).end(), 'UNAVAILABLE'],
      [
        (_, response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":7}'),
        'UNIMPLEMENTED',
      ],
      [(_, response) => response.writeHead(401, { 'content-type': 'application/json' }).end('['), 'UNAUTHENTICATED'],
    ]
    let answer = answers[0]![0]
    const shop = clientOf(
      await listen(options.httpVersion, (request, response) => {
        request.resume()
        answer(request, response)
      }),
      options,
    )
    for (const [next, code] of answers) {
      answer = next
      expect((await failure(shop.get({}))).code).toBe(code)
      expect((await failure(all(shop.list({})))).code).toBe(code)
    }
  })

  it('ends a stream whose envelopes are broken with an error', async () => {
    const contentType = `application/connect+${isJson ? 'json' : 'proto'}`
    const envelope = (flags: number, text: string): Buffer =>
      Buffer.from([flags, 0, 0, 0, text.length, ...Buffer.from(text)])
    const bodies = [
      [],
      [envelope(0, isJson ? '{}' : '')],
      [envelope(2, '{')],
      [envelope(2, '{}'), envelope(2, '{}')],
      [envelope(2, '{}'), envelope(0, '')],
      [envelope(8, '{}'), envelope(2, '{}')],
      [envelope(3, '{}')],
      [envelope(2, '{}').subarray(0, 6)],
      [Buffer.from([0, 0])],
    ]
    let body: Buffer[] = []
    const shop = clientOf(
      await listen(options.httpVersion, (request, response) => {
        request.resume()
        response.writeHead(200, { 'content-type': contentType }).end(Buffer.concat(body))
      }),
      options,
    )
    for (const one of bodies) {
      body = one
      expect((await failure(all(shop.list({})))).code).toBe('INTERNAL')
    }
    // The same in the smallest pieces is a whole stream.
    body = [envelope(0, isJson ? '{}' : ''), envelope(2, '{}')]
    expect(await all(shop.list({}))).toHaveLength(1)
  })
})

const keys = 'test/support/tls'

it('calls over TLS with a client certificate, over both versions of HTTP', async () => {
  const read = (name: string): Buffer => readFileSync(`${keys}/${name}`)
  const tls = { cert: read('server.pem'), key: read('server-key.pem'), ca: read('ca.pem') }
  const server = new Server({ http: {}, tls }).add(Shop, shopHandler)
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  for (const httpVersion of ['1.1', '2'] as const) {
    const identity = {
      ca: read('ca.pem'),
      cert: read('client.pem'),
      key: read('client-key.pem'),
      servername: 'localhost',
    }
    const shop = clientOf(`127.0.0.1:${port}`, { httpVersion, tls: identity })
    expect(await shop.get({ name: 'a' })).toMatchObject({ name: 'a' })
    expect(await all(shop.list({ name: 'a', count: 2n }))).toHaveLength(2)
  }
})

it('calls methods without side effects by GET where it is told to, unless the message is too long', async () => {
  const module = await generated({
    'peek.proto': `syntax = "proto3"; package peek.v1; message Note { string text = 1; }
      service Peek { rpc Look(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; } }`,
  })
  const Peek: ServiceType<{ look(note: { text: string }): Promise<{ text: string }> }, object> = module['Peek']
  const server = new Server({ http: {} }).add(Peek, { look: (note: { text: string }) => note })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  const seen: string[] = []
  const through = await listen('1.1', async (request, response) => {
    seen.push(`${request.method} ${request.url!.slice(0, 78)}`)
    const init = { method: request.method!, headers: { 'content-type': request.headers['content-type'] ?? '' } }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = request.method === 'GET' ? undefined : Buffer.concat(chunks)
    const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, { ...init, ...(body && { body }) })
    response.writeHead(answer.status, [...answer.headers].flat()).end(Buffer.from(await answer.arrayBuffer()))
  })
  for (const format of [undefined, protoJson()]) {
    const transport = connect(through, { httpVersion: '1.1', format, useGet: true })
    onCleanup(() => transport.close({ drainMs: 0 }))
    const peek = createClient(Peek, transport)
    expect(await peek.look({ text: 'grüße & mehr?' })).toEqual({ text: 'grüße & mehr?' })
    expect((await peek.look({ text: 'x'.repeat(9_000) })).text).toHaveLength(9_000)
  }
  expect(seen).toEqual([
    'GET /peek.v1.Peek/Look?connect=v1&base64=1&encoding=proto&message=Cg9ncsO8w59lICYg',
    'POST /peek.v1.Peek/Look',
    'GET /peek.v1.Peek/Look?connect=v1&encoding=json&message=%7B%22text%22%3A%22gr%C3%B',
    'POST /peek.v1.Peek/Look',
  ])
})

it('fails at once where nobody listens, and finds a server that comes later', async () => {
  const server = new Server({ http: {} }).add(Shop, shopHandler)
  const { port } = await server.listen('127.0.0.1:0')
  await server.close()
  const shop = clientOf(`127.0.0.1:${port}`, { httpVersion: '1.1', backoff: { initialMs: 1, maxMs: 1 } })
  const error = await failure(shop.get({}))
  expect([error.code, error.bytesSent]).toEqual(['UNAVAILABLE', false])
  const later = new Server({ http: {} }).add(Shop, shopHandler)
  await later.listen(`127.0.0.1:${port}`)
  onCleanup(() => later.close({ drainMs: 0 }))
  await expect.poll(() => shop.get({ name: 'b' }).catch(() => undefined)).toMatchObject({ name: 'b' })
})
