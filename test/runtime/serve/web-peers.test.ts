import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { grpcWeb } from '../../../src/runtime/grpc/web-client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { Echo, type EchoHandler, echoHandler } from '../grpc/echo.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(handler: Partial<EchoHandler> = {}): Promise<string> {
  const server = new Server({ http: {}, onError: () => {} }).add(Echo, { ...echoHandler, ...handler })
  const { port } = await server.listen('127.0.0.1:0')
  cleanups.push(() => server.close({ drainMs: 0 }))
  return `http://127.0.0.1:${port}`
}

describe.each([{ text: false }, { text: true }])('our own gRPC-web client (text: $text)', ({ text }) => {
  it('makes unary calls', async () => {
    const echo = createClient(Echo, grpcWeb(await serve(), { text }))
    expect(await echo.unary({ text: 'grüße', count: 3, data: new Uint8Array([0, 255]) })).toEqual({
      text: 'grüße',
      count: 3,
      data: new Uint8Array([0, 255]),
    })
  })
})
