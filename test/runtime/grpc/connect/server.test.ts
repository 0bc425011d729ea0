/** The Connect protocol on a server: connect-node as the client, and requests that no client makes. */

import { connect as connectSocket } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { Code, type ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { describe, expect, it } from 'vitest'
import { RpcError } from '../../../../src/runtime/core/error.ts'
import { BadRequest } from '../../../../src/runtime/protobuf/gen/google/rpc/error_details.ts'
import { anyPack } from '../../../../src/runtime/protobuf/well-known.ts'
import { Server, type ServerOptions } from '../../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../../support/cleanup.ts'
import { generated } from '../../../support/generated.ts'
import { all, rejection } from '../../../support/settle.ts'
import { ConnectShop, Shop, type ShopHandler, shopHandler } from '../../serve/http-shop.ts'

async function serve(handler: Partial<ShopHandler> = {}, options: ServerOptions = {}): Promise<string> {
  const server = new Server({ http: {}, onError: () => {}, ...options }).add(Shop, { ...shopHandler, ...handler })
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return `http://127.0.0.1:${port}`
}

const item = (init: object): unknown => create(ConnectShop.methods[0]!.input, init as never)
const failing: Partial<ShopHandler> = {
  get() {
    const details = [anyPack(BadRequest, { fieldViolations: [{ field: 'name', description: 'bad' }] })]
    throw new RpcError('NOT_FOUND', 'größer', { details })
  },
  async *list() {
    yield { name: 'one' }
    throw new RpcError('ABORTED', 'in the middle')
  },
}

describe.each([
  { httpVersion: '1.1', useBinaryFormat: true },
  { httpVersion: '1.1', useBinaryFormat: false },
  { httpVersion: '2', useBinaryFormat: true },
  { httpVersion: '2', useBinaryFormat: false },
] as const)('connect-node over HTTP/$httpVersion (binary: $useBinaryFormat)', ({ httpVersion, useBinaryFormat }) => {
  async function client(
    handler: Partial<ShopHandler> = {},
    options: ServerOptions = {},
  ): Promise<Record<string, (request: unknown, options?: object) => never>> {
    const baseUrl = await serve(handler, options)
    return createClient(ConnectShop, createConnectTransport({ baseUrl, httpVersion, useBinaryFormat })) as never
  }
  const large = { name: 'grüße', count: 3n, data: new Uint8Array(3_000).fill(7), tags: ['a'] }

  it('makes unary calls and streams, compressed where they are large', async () => {
    const shop = await client({}, { grpc: { compression: 'gzip' } })
    // connect-node gives a Buffer where it has inflated.
    const got = (await shop['get']!(item(large))) as { name: string; data: Uint8Array }
    expect([got.name, Uint8Array.from(got.data)]).toEqual([large.name, large.data])
    expect(await shop['get']!(item({}))).toMatchObject({ name: '' })
    const listed = await all(shop['list']!(item({ name: 'x', count: 3n })))
    expect(listed).toMatchObject([{ count: 0n }, { count: 1n }, { count: 2n }])
    async function* requests(): AsyncGenerator<unknown> {
      for (let i = 0; i < 5; i++) yield item(large)
    }
    expect(await shop['collect']!(requests())).toMatchObject({ count: 5n })
  })

  it('tells errors with details, also in the middle of a stream', async () => {
    const shop = await client(failing)
    const error = (await rejection(shop['get']!(item({})))) as ConnectError
    expect([error.code, error.rawMessage, error.details.length]).toEqual([Code.NotFound, 'größer', 1])
    const stream = all(shop['list']!(item({})))
    expect(((await rejection(stream)) as ConnectError).code).toBe(Code.Aborted)
  })

  it('carries metadata both ways and keeps deadlines', async () => {
    let seen: unknown
    const shop = await client({
      async get(item, cx) {
        seen = [cx.requestHeaders.get('x-token'), [...cx.requestHeaders].some(([name]) => name.startsWith('connect-'))]
        cx.responseHeaders.set('x-head', 'h')
        cx.responseTrailers.set('x-tail', 't')
        if (item.name === 'slow') await new Promise((resolve) => cx.onCancel(resolve))
        return item
      },
    })
    const got: (string | null)[] = []
    await shop['get']!(item({}), {
      headers: { 'x-token': 'abc' },
      onHeader: (headers: Headers) => got.push(headers.get('x-head')),
      onTrailer: (trailers: Headers) => got.push(trailers.get('x-tail')),
    })
    expect([seen, got]).toEqual([
      ['abc', false],
      ['h', 't'],
    ])
    const slow = shop['get']!(item({ name: 'slow' }), { timeoutMs: 50 })
    expect(((await rejection(slow)) as ConnectError).code).toBe(Code.DeadlineExceeded)
  })
})

const post = (url: string, type: string, body: string | Uint8Array = '{}', headers = {}): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body })

/** An envelope of a stream. */
function envelope(flags: number, text: string): Uint8Array {
  const payload = new TextEncoder().encode(text)
  return Uint8Array.of(flags, 0, 0, 0, payload.length, ...payload)
}

/** The error in the last envelope of a stream. */
async function endOf(response: Response): Promise<unknown> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  let at = 0
  for (;;) {
    const length = new DataView(bytes.buffer).getUint32(at + 1)
    if (bytes[at] === 2) return JSON.parse(new TextDecoder().decode(bytes.subarray(at + 5, at + 5 + length)))
    at += 5 + length
  }
}

describe('a request that no client makes', () => {
  it('of a wrong protocol version or timeout is invalid', async () => {
    const url = `${await serve()}/web.v1.Shop/Get`
    for (const headers of [{ 'connect-protocol-version': '2' }, { 'connect-timeout-ms': '1s' }]) {
      const response = await post(url, 'application/json', '{}', headers)
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'invalid_argument'])
    }
  })

  it('of a content type for the other kind of method is 415 and told which one', async () => {
    const url = await serve()
    const streamed = await post(`${url}/web.v1.Shop/Get`, 'application/connect+json')
    expect([streamed.status, streamed.headers.get('accept-post')]).toEqual([415, 'application/json'])
    const bare = await post(`${url}/web.v1.Shop/List`, 'application/proto')
    expect([bare.status, bare.headers.get('accept-post')]).toEqual([415, 'application/connect+proto'])
    expect((await post(`${url}/web.v1.Shop/Get`, 'text/plain')).status).toBe(415)
  })

  it('whose envelopes are broken ends with an error', async () => {
    const url = `${await serve()}/web.v1.Shop/List`
    const bodies = [
      envelope(8, '{}'),
      envelope(0, '{'),
      envelope(0, '{}').subarray(0, 6),
      envelope(1, '{}'),
      new Uint8Array(3),
    ]
    for (const body of bodies) {
      const response = await post(url, 'application/connect+json', body)
      expect(response.status).toBe(200)
      expect(await endOf(response)).toMatchObject({ error: { code: expect.stringMatching(/./) } })
    }
  })

  it('that is too large is refused before it is read', async () => {
    const url = `${await serve({}, { grpc: { maxReceiveBytes: 1_000 } })}/web.v1.Shop/Get`
    const response = await post(url, 'application/json', JSON.stringify({ name: 'x'.repeat(2_000) }))
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([429, 'resource_exhausted'])
  })

  it('by GET is only for methods without side effects', async () => {
    const response = await fetch(`${await serve()}/web.v1.Shop/Get?connect=v1&encoding=json&message=%7B%7D`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('with envelopes that end a stream, which requests have none of, ends with an error', async () => {
    const url = await serve()
    const twice = new Uint8Array([...envelope(2, '{}'), ...envelope(2, '{}')])
    for (const body of [
      envelope(2, '{}'),
      twice,
      new Uint8Array([...envelope(0, '{}'), ...twice]),
      envelope(3, '{}'),
    ]) {
      for (const method of ['List', 'Collect']) {
        const response = await post(`${url}/web.v1.Shop/${method}`, 'application/connect+json', body)
        expect([response.status, await endOf(response)]).toMatchObject([
          200,
          { error: { code: expect.stringMatching(/^(?:internal|unimplemented)$/) } },
        ])
      }
    }
  })

  it('of no content type that is known is refused with an error that a page of another site may read', async () => {
    const url = await serve({}, { http: { cors: { origins: ['https://a.example'] } } })
    const asked = async (method: string, path: string, type: string): Promise<unknown> => {
      const headers = { origin: 'https://a.example', 'content-type': type }
      const response = await fetch(`${url}${path}`, { method, headers, ...(method === 'POST' && { body: 'x' }) })
      const { code } = (await response.json()) as { code: string }
      return [response.status, code, response.headers.get('access-control-allow-origin')]
    }
    const allowed = 'https://a.example'
    expect(await asked('POST', '/web.v1.Shop/Get', 'text/plain')).toEqual([415, 'unknown', allowed])
    expect(await asked('POST', '/web.v1.Shop/List', 'application/json')).toEqual([415, 'unknown', allowed])
    expect(await asked('PUT', '/web.v1.Shop/Get', 'application/json')).toEqual([405, 'unknown', allowed])
    expect(await asked('POST', '/web.v1.Shop/Nope', 'application/json')).toEqual([404, 'unimplemented', allowed])
    expect(await asked('POST', '/nothing', 'text/plain')).toEqual([404, 'unimplemented', allowed])
    const head = await fetch(`${url}/web.v1.Shop/Get`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([405, ''])
  })

  it('by GET with a message of more than 8 KiB is answered, and beyond the limit of heads refused', async () => {
    const module = await generated({
      'peek.proto': `syntax = "proto3"; package peek.v1; message Note { string text = 1; }
        service Peek { rpc Look(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; } }`,
    })
    const server = new Server({ http: {} }).add(module['Peek'], { look: (note: object) => note })
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    const look = (bytes: number, more = ''): Promise<Response> => {
      const message = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes) })).toString('base64url')
      return fetch(
        `http://127.0.0.1:${port}/peek.v1.Peek/Look?connect=v1&base64=1&encoding=json&message=${message}${more}`,
      )
    }
    const answer = await look(9_000)
    expect([answer.status, ((await answer.json()) as { text: string }).text.length]).toEqual([200, 9_000])
    expect((await look(20_000)).status).toBe(431)
    const refused = async (more: string): Promise<unknown> => {
      const response = await look(10, more)
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    expect(await refused('!')).toEqual([400, 'invalid_argument'])
    expect(await refused('&compression=lzma')).toEqual([501, 'unimplemented'])
  })

  it('that is cut off reaches no handler and leaves nothing behind', async () => {
    let handled = 0
    const server = new Server({ http: {} }).add(Shop, {
      ...shopHandler,
      get: (item) => ({ ...item, count: BigInt(++handled) }),
    })
    const { port } = await server.listen('127.0.0.1:0')
    onCleanup(() => server.close({ drainMs: 0 }))
    for (const end of ['destroy', 'end'] as const) {
      const socket = connectSocket(port!, '127.0.0.1')
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.on('error', () => {})
      socket.resume()
      socket.write(
        'POST /web.v1.Shop/Get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"na',
      )
      await expect.poll(() => server.router.inFlight + server.connections).toBeGreaterThan(0)
      socket[end]()
      await closed
      await expect.poll(() => [server.router.inFlight, server.connections]).toEqual([0, 0])
    }
    expect(handled).toBe(0)
  })
})
