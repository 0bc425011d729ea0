import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { Metadata, type MetadataInit } from '../../../src/runtime/core/metadata.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web/web-client.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import { rejection } from '../../support/settle.ts'
import { Shop, type ShopHandler, shopHandler } from '../serve/http-shop.ts'

const wrong: readonly [value: unknown, message: RegExp][] = [
  [undefined, /metadata "x-user" is undefined, not a string or Uint8Array; leave the entry out/],
  [null, /metadata "x-user" is null/],
  [7, /metadata "x-user" is a number.*turn it into text/],
  [true, /metadata "x-user" is a boolean/],
  [{}, /metadata "x-user" is an object/],
  [['a', undefined], /metadata "x-user" is undefined/],
]

interface Handlers {
  readonly shop?: Partial<ShopHandler>
  readonly echo?: Partial<EchoHandler>
}

async function port({ shop, echo = {} }: Handlers = {}, onError: (error: unknown) => void = () => {}): Promise<number> {
  const server = new Server({ http: {}, onError }).add(Shop, { ...shopHandler, ...shop }).add(Echo, echoHandler(echo))
  onCleanup(() => server.close({ drainMs: 0 }))
  return (await server.listen('127.0.0.1:0')).port
}

describe('Metadata', () => {
  it.each(wrong)('throws TypeError for the value %o and names the entry', (value, message) => {
    const init = { 'x-user': value } as unknown as MetadataInit
    expect(() => new Metadata(init)).toThrow(message)
    expect(() => new Metadata(init)).toThrow(TypeError)
    if (Array.isArray(value)) return
    const kept = new Metadata({ 'x-user': 'a' })
    expect(() => kept.set('X-User', value as string)).toThrow(/metadata "X-User"/)
    expect(() => kept.append('x-user', value as string)).toThrow(TypeError)
    expect(kept.getAll('x-user')).toEqual(['a'])
  })

  it('throws TypeError for names that are not strings and for what is not metadata', () => {
    expect(() => new Metadata([[5, 'x']] as unknown as MetadataInit)).toThrow(/name of a metadata entry is a number/)
    expect(() => new Metadata('x=y' as unknown as MetadataInit)).toThrow('metadata is a string, not an object')
    expect(() => new Metadata(null as unknown as MetadataInit)).toThrow('metadata is null, not an object')
  })
})

describe('metadata and metainfo of a call', () => {
  it('is INVALID_ARGUMENT that names the entry, over every transport', async () => {
    const at = await port()
    const server = new Server().add(Shop, shopHandler)
    const transports = [grpc(`127.0.0.1:${at}`), grpcWeb(`http://127.0.0.1:${at}`), inProcess(server)]
    onCleanup(() => Promise.all(transports.map((one) => one.close())))
    for (const transport of transports) {
      const shop = createClient(Shop, transport)
      for (const [value, message] of wrong) {
        const metadata = { 'x-user': value } as never
        const error = await rejection(shop.get({}, { metadata }))
        expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) })
      }
    }
    const wire = thrift(`127.0.0.1:${at}`)
    onCleanup(() => wire.close({ drainMs: 0 }))
    const echo = createClient(Echo, wire)
    expect(await rejection(echo.ping({ metadata: { 'x-user': 7 } as never }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('metadata "x-user" is a number'),
    })
    expect(await rejection(echo.ping({ metainfo: { persistent: { USER: undefined } } as never }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('metainfo "USER" is undefined, not a string'),
    })
  })

  it('of a client is checked when the client is made', () => {
    const make = (): unknown => createClient(Shop, shopHandler, { metadata: { tenant: undefined } as never })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/bad options of a client of web\.v1\.Shop: metadata "tenant" is undefined/)
  })
})

const reserved: readonly [name: string, reason: RegExp][] = [
  [':authority', /begin with ":" belong to HTTP\/2/],
  ['grpc-timeout', /use timeoutMs/],
  ['grpc-status', /throw an RpcError/],
  ['grpc-encoding', /belong to gRPC/],
  ['te', /HTTP has its own use/],
  ['Content-Type', /HTTP has its own use/],
  ['host', /HTTP has its own use/],
  ['rpc-persist-user', /use the metainfo/],
  ['source-service', /option caller/],
  ['biz-status', /throw a BizError/],
]

describe('a reserved name', () => {
  it.each(reserved)('%s is refused by gRPC and gRPC-web clients, with the reason', async (name, reason) => {
    const at = await port()
    const transports = [grpc(`127.0.0.1:${at}`), grpcWeb(`http://127.0.0.1:${at}`)]
    onCleanup(() => Promise.all(transports.map((one) => one.close())))
    for (const transport of transports) {
      const shop = createClient(Shop, transport)
      const error = await rejection(shop.get({}, { metadata: { [name]: 'x' } }))
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(reason) })
      expect(String(error)).toContain(`"${name.toLowerCase()}" is reserved`)
    }
  })

  it('does not concern metadata that each hop writes itself', async () => {
    let seen: Context | undefined
    const at = await port({
      shop: {
        get(_request, cx) {
          seen = cx
          return {}
        },
      },
    })
    const transport = grpc(`127.0.0.1:${at}`)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const shop = createClient(Shop, transport)
    await shop.get({}, { metadata: { 'user-agent': 'me', 'x-mine': '1' } })
    expect(seen?.requestHeaders.get('user-agent')).toMatch(/volo-ts/)
    // What a gateway received may be passed on as it is.
    await shop.get({}, { metadata: seen!.requestHeaders })
    expect(seen?.requestHeaders.getAll('x-mine')).toEqual(['1'])
  })

  it('in the headers or trailers of a handler is reported, and the caller gets INTERNAL', async () => {
    const errors: unknown[] = []
    let part: 'responseHeaders' | 'responseTrailers' = 'responseHeaders'
    const at = await port(
      {
        shop: {
          get(_request, cx) {
            cx[part].set('content-type', 'text/html')
            return {}
          },
        },
      },
      (error) => errors.push(error),
    )
    const transports = [grpc(`127.0.0.1:${at}`), grpcWeb(`http://127.0.0.1:${at}`)]
    onCleanup(() => Promise.all(transports.map((one) => one.close())))
    for (part of ['responseHeaders', 'responseTrailers'] as const) {
      for (const transport of transports) {
        expect(await rejection(createClient(Shop, transport).get({}))).toMatchObject({ code: 'INTERNAL' })
        expect(String(errors.pop())).toContain('metadata "content-type" is reserved')
      }
      const response = await fetch(`http://127.0.0.1:${at}/web.v1.Shop/Get`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      expect(response.status).toBe(500)
      expect(String(errors.pop())).toContain('metadata "content-type" is reserved')
    }
  })

  it('does not hide the error that a handler throws, over any wire', async () => {
    const errors: unknown[] = []
    const at = await port(
      {
        shop: {
          get(_request, cx) {
            cx.responseHeaders.set('x-fine', '1')
            cx.responseTrailers.set('te', 'x')
            throw new RpcError('NOT_FOUND', 'no such item')
          },
        },
        echo: {
          ping(cx) {
            cx.responseTrailers.set('isn', 'x')
            throw new RpcError('NOT_FOUND', 'no such item')
          },
        },
      },
      (error) => errors.push(error),
    )
    const transports = [grpc(`127.0.0.1:${at}`), grpcWeb(`http://127.0.0.1:${at}`)]
    const wire = thrift(`127.0.0.1:${at}`)
    onCleanup(() => Promise.all([...transports, wire].map((one) => one.close())))
    for (const transport of transports) {
      expect(await rejection(createClient(Shop, transport).get({}))).toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('no such item'),
      })
      expect(String(errors.pop())).toContain('metadata "te" is reserved')
    }
    expect(await rejection(createClient(Echo, wire).ping())).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no such item'),
    })
    expect(String(errors.pop())).toContain('metadata "isn" is reserved')
  })
})
