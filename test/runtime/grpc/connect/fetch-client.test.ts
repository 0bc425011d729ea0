/** The Connect protocol over fetch: connect-node as the server, this package's server, and answers that no server sends. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { describe, expect, it } from 'vitest'
import { createTransportClient } from '../../../../src/runtime/core/client/transport-client.ts'
import { RpcError } from '../../../../src/runtime/core/error.ts'
import { protoJson } from '../../../../src/runtime/grpc/message-format.ts'
import { type ConnectWebOptions, connect } from '../../../../src/runtime/grpc/web/connect-client.ts'
import { Server, type ServerOptions } from '../../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../../support/cleanup.ts'
import { all, failure } from '../../../support/settle.ts'
import { ConnectShop, Shop, type ShopClient, type ShopHandler, shopHandler } from '../../serve/http-shop.ts'

async function ofOwnServer(
  handler: Partial<ShopHandler>,
  options: ConnectWebOptions,
  serverOptions: ServerOptions = {},
): Promise<ShopClient> {
  const server = new Server({ http: {}, onError: () => {}, ...serverOptions }).add(Shop, { ...shopHandler, ...handler })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return createTransportClient(Shop, connect(`http://127.0.0.1:${port}`, options))
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(() => {
    server.closeAllConnections()
    return new Promise((resolve) => {
      server.close(resolve)
    })
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const large = { name: 'grüße', count: 3n, data: new Uint8Array(3_000).fill(7), tags: ['a'] }

describe.each([
  ['protobuf', {}],
  ['JSON', { format: protoJson() }],
] as const)('in %s', (_, options) => {
  it('calls connect-node: unary calls, streams of both sides, errors', async () => {
    const item = (init: object): unknown => create(ConnectShop.methods[0]!.input, init as never)
    const handler = {
      get(request: { name: string }) {
        if (request.name === 'bad') throw new ConnectError('größer', Code.NotFound)
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
    const routes = (router: ConnectRouter): void => {
      router.service(ConnectShop, handler as never)
    }
    const shop = createTransportClient(Shop, connect(await listen(connectNodeAdapter({ routes })), options))
    const got = await shop.get(large)
    expect([got.name, got.count, Uint8Array.from(got.data)]).toEqual([large.name, 3n, large.data])
    expect(await all(shop.list({ count: 3n }))).toMatchObject([{ count: 0n }, { count: 1n }, { count: 2n }])
    expect(await shop.collect([{}, large, {}])).toMatchObject({ count: 3n })
    expect(await failure(shop.get({ name: 'bad' }))).toMatchObject({ code: 'NOT_FOUND', message: 'größer' })
    expect(await failure(all(shop.list({ name: 'bad', count: 2n })))).toMatchObject({ code: 'ABORTED' })
  })

  it('takes compressed answers, where it is told to in streams', async () => {
    const handler: Partial<ShopHandler> = {
      async *list() {
        yield* [large, {}, large]
      },
    }
    const shop = await ofOwnServer(handler, { ...options, acceptCompression: true }, { grpc: { compression: 'gzip' } })
    expect((await shop.get(large)).data).toHaveLength(3_000)
    expect((await all(shop.list({}))).map(({ data }) => data.length)).toEqual([3_000, 0, 3_000])
  })

  it('ends calls at their deadline, by signal, and when the reader leaves', async () => {
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
    expect((await failure(shop.get({}, { signal: AbortSignal.timeout(50) }))).code).toBe('CANCELLED')
    for await (const { count } of shop.list({})) if (count === 3n) break
    await expect.poll(() => cancelled).toBe(3)
  })

  it('carries large details and metadata', async () => {
    const value = new Uint8Array(100_000).fill(5)
    const shop = await ofOwnServer(
      {
        get(_, cx) {
          cx.responseHeaders.set('x-head', 'h')
          cx.responseTrailers.set('x-tail', 't')
          throw new RpcError('NOT_FOUND', 'no', { details: [{ typeUrl: 'type.googleapis.com/a.B', value }] })
        },
      },
      options,
    )
    const { details, metadata } = await failure(shop.get({}))
    expect([details[0]!.value.length, metadata?.get('x-tail')]).toEqual([100_000, 't'])
  })
})

it('says what answered when it was not Connect, and when nobody did', async () => {
  const html = await listen((_, response) => response.setHeader('content-type', 'text/html').end('<p>'))
  const shop = createTransportClient(Shop, connect(html))
  expect(await failure(shop.get({}))).toMatchObject({ code: 'UNKNOWN', message: expect.stringContaining('text/html') })
  const nobody = createTransportClient(Shop, connect('http://127.0.0.1:1'))
  expect(await failure(nobody.get({}))).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('/Get') })
  expect(() => connect('shop.example')).toThrow('https://api.example')
})

it('fails what runs when it is closed, and what comes after', async () => {
  const base = await listen(() => {})
  const transport = connect(base)
  const shop = createTransportClient(Shop, transport)
  const running = failure(shop.get({}))
  await transport.close({ drainMs: 0 })
  expect((await running).code).toBe('UNAVAILABLE')
  expect((await failure(shop.get({}))).code).toBe('UNAVAILABLE')
})

it('is cut off while a stream waits for its reader without harm', async () => {
  const shop = await ofOwnServer(
    {
      async *list() {
        for (let i = 0; i < 100; i++) yield large
        await new Promise(() => {})
      },
    },
    {},
  )
  const stream = shop.list({}, { timeoutMs: 300 })[Symbol.asyncIterator]()
  expect((await stream.next()).value).toMatchObject({ name: large.name })
  await new Promise((resolve) => setTimeout(resolve, 350))
  await expect(stream.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})
