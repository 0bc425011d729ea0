/** Thrift services by curl: unary calls in natural JSON over HTTP/1.1 and HTTP/2, their errors, and the index of services. */

import * as http2 from 'node:http2'
import { expect, it } from 'vitest'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'
import { shopHandler, Shop as WebShop } from './http-shop.ts'

const idl = `
enum Kind { TEA = 1, COFFEE = 2 }
struct Item { 1: string name, 2: i64 pieces, 3: Kind kind, 4: binary picture, 5: map<i32, list<string>> tags }
exception SoldOut { 1: string message, 2: i64 until }
service Stock {
  Item get(1: string name, 2: i64 pieces) throws (1: SoldOut gone)
  i32 count(1: string name)
  void put(1: Item item)
  oneway void note(1: string text)
}`
const module = await generated({ 'stock.thrift': idl })
const Stock: ServiceType = module['Stock']

const seen: unknown[] = []
const handler = {
  get(name: string, pieces: bigint, cx: Context) {
    if (name === 'gone') throw new module['SoldOut']({ message: 'no tea', until: 7n })
    if (name === 'biz') throw new BizError(404, 'not listed', { where: 'here' })
    if (name === 'bad') throw new RpcError('NOT_FOUND', 'no such name')
    if (name === 'broken') throw new Error('secret')
    if (name === 'meta') {
      seen.push(cx.requestHeaders.get('x-token'), Number.isFinite(cx.remainingMs))
      cx.responseHeaders.set('x-answer', 'a')
    }
    return { name, pieces, kind: 2, picture: new Uint8Array([1, 2]), tags: new Map([[1, ['x']]]) }
  },
  count: (name: string) => name.length,
  put: (item: unknown) => void seen.push(item),
  note: (text: string) => void seen.push(text),
}

async function serve(options: ServerOptions = {}): Promise<{ url: string; port: number; server: Server }> {
  const server = new Server({ http: {}, onError: () => {}, ...options }).add(Stock, handler)
  const { port } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { url: `http://127.0.0.1:${port}`, port: port!, server }
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
  return [response.status, await response.json()]
}

const tea = { name: 'tea', pieces: '1152921504606846976', kind: 'COFFEE', picture: 'AQI=', tags: { '1': ['x'] } }

it('answers with the value that the method returns', async () => {
  const { url } = await serve()
  expect(await post(`${url}/Stock/get`, { name: 'tea', pieces: '1152921504606846976' })).toEqual([200, tea])
  expect(await post(`${url}/Stock/get`, { name: 'tea', pieces: 5 })).toMatchObject([200, { pieces: '5' }])
  expect(await post(`${url}/Stock/count`, { name: 'four' })).toEqual([200, 4])
  seen.length = 0
  expect(await post(`${url}/Stock/put`, { item: { name: 'a', kind: 'TEA' } })).toEqual([200, null])
  expect(await post(`${url}/Stock/note`, { text: 'hello' })).toEqual([200, null])
  expect(seen).toMatchObject([{ name: 'a', kind: 1 }, 'hello'])
})

it('does so over HTTP/2 on the same port', async () => {
  const { url } = await serve()
  const session = http2.connect(url)
  onCleanup(() => session.destroy())
  const request = session.request({ ':method': 'POST', ':path': '/Stock/get', 'content-type': 'application/json' })
  request.end('{"name":"tea","pieces":"1152921504606846976"}')
  let text = ''
  for await (const chunk of request) text += chunk
  expect(JSON.parse(text)).toEqual(tea)
})

it('tells declared exceptions, business errors and failures apart', async () => {
  const { url } = await serve()
  const answers = await Promise.all(['gone', 'biz', 'bad', 'broken'].map((name) => post(`${url}/Stock/get`, { name })))
  expect(answers).toEqual([
    [500, { code: 'unknown', message: 'no tea', exception: 'SoldOut', value: { message: 'no tea', until: '7' } }],
    [500, { code: 'unknown', message: 'not listed', bizStatus: 404, bizExtra: { where: 'here' } }],
    [404, { code: 'not_found', message: 'no such name' }],
    [500, { code: 'internal', message: 'internal error' }],
  ])
})

it('carries metadata and deadlines', async () => {
  const { url } = await serve()
  seen.length = 0
  const response = await fetch(`${url}/Stock/get`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-token': 'abc', 'connect-timeout-ms': '5000' },
    body: '{"name":"meta"}',
  })
  expect([response.headers.get('x-answer'), ...seen]).toEqual(['a', 'abc', true])
})

it('refuses what is no call with an error that a page of another site may read', async () => {
  const { url } = await serve({ http: { cors: { origins: ['https://a.example'] } }, grpc: { maxReceiveBytes: 1_000 } })
  const code = async (path: string, init: RequestInit): Promise<unknown> => {
    const headers = { origin: 'https://a.example', 'content-type': 'application/json', ...init.headers }
    const response = await fetch(`${url}${path}`, { method: 'POST', ...init, headers })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://a.example')
    return [response.status, ((await response.json()) as { code: string }).code]
  }
  expect(await code('/Stock/get', { body: '{"nane":"tea"}' })).toEqual([400, 'invalid_argument'])
  expect(await code('/Stock/get', { body: '{"name":' })).toEqual([400, 'invalid_argument'])
  expect(await code('/Stock/get', { body: '' })).toEqual([400, 'invalid_argument'])
  expect(await code('/Stock/nope', { body: '{}' })).toEqual([404, 'unimplemented'])
  expect(await code('/Stack/get', { body: '{}' })).toEqual([404, 'unimplemented'])
  expect(await code('/Stock/get', { body: JSON.stringify({ name: 'x'.repeat(2_000) }) })).toEqual([
    429,
    'resource_exhausted',
  ])
  expect(await code('/Stock/get', { method: 'GET' })).toEqual([405, 'unknown'])
  for (const type of ['text/plain', 'application/proto', 'application/connect+json']) {
    expect(await code('/Stock/get', { body: '{}', headers: { 'content-type': type } })).toEqual([415, 'unknown'])
  }
})

it('leaves a path to the protobuf service of the same name', async () => {
  const both = await generated({ 'both.thrift': 'service Both { string take(1: string text) string only() }' })
  const proto = await generated({
    'both.proto': 'syntax = "proto3"; message M { string text = 1; } service Both { rpc take(M) returns (M); }',
  })
  const { url, server } = await serve()
  server.add(both['Both'] as ServiceType, { take: () => 'Thrift', only: () => 'Thrift' })
  server.add(proto['Both'] as ServiceType, { take: () => ({ text: 'protobuf' }) })
  expect(await post(`${url}/Both/take`, { text: 'a' })).toEqual([200, { text: 'protobuf' }])
  expect(await post(`${url}/Both/only`, {})).toMatchObject([404, { code: 'unimplemented' }])
})

it('is switched off with Connect, and not in the way of a fallback', async () => {
  const fallback: NonNullable<ServerOptions['http']>['fallback'] = (request, response) => {
    request.resume()
    response.end('fallback')
  }
  const off = await serve({ http: { connect: false } })
  expect((await fetch(`${off.url}/Stock/get`, { method: 'POST', body: '{}' })).status).toBe(404)
  const { url } = await serve({ http: { fallback } })
  expect(await (await fetch(`${url}/Stack/get`, { method: 'POST', body: '{}' })).text()).toBe('fallback')
  expect(await (await fetch(`${url}/`)).text()).toBe('fallback')
  expect(await post(`${url}/Stock/count`, { name: 'four' })).toEqual([200, 4])
})

it('lists services, methods and example bodies at / where it is told to', async () => {
  expect((await fetch((await serve()).url)).status).toBe(404)
  const { url, server } = await serve({ http: { index: true } })
  server.add(WebShop, shopHandler)
  const response = await fetch(url)
  const { services } = (await response.json()) as {
    services: { name: string; methods: { path: string; request: unknown }[] }[]
  }
  expect(services.map(({ name }) => name)).toEqual(['Stock', 'web.v1.Shop'])
  expect(services[0]!.methods[0]).toEqual({
    name: 'get',
    kind: 'unary',
    path: '/Stock/get',
    contentType: 'application/json',
    request: { name: '', pieces: '0' },
    response: { name: '', pieces: '0', kind: 'TEA', picture: '', tags: { '0': [''] } },
  })
  expect(services[1]!.methods.map(({ path }) => path)).toContain('/web.v1.Shop/List')
  // Every example is a request that the server understands.
  for (const { methods } of services) {
    for (const { path, request } of methods.filter(({ path }) => !/List|Collect/.test(path))) {
      expect((await post(`${url}${path}`, request))[0]).toBe(200)
    }
  }
  const page = await fetch(url, { headers: { accept: 'text/html' } })
  expect([page.headers.get('content-type'), await page.text()]).toEqual([
    'text/html; charset=utf-8',
    expect.stringContaining('/Stock/get'),
  ])
})
