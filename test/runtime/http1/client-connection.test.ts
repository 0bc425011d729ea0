/** The connections of a client over HTTP/1.1: how many there are, when they are used again, and what becomes of lost ones. */

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { GrpcTransport } from '../../../src/runtime/grpc/client/http-transport.ts'
import { type ConnectClientOptions, connect } from '../../../src/runtime/grpc/connect/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { failure } from '../../support/settle.ts'
import { Shop, type ShopClient } from '../serve/http-shop.ts'

interface Peer {
  readonly shop: ShopClient
  readonly transport: GrpcTransport
  readonly server: Server
  /** Every socket that was accepted. */
  readonly sockets: Socket[]
}

async function peer(listener: RequestListener, options: ConnectClientOptions = {}): Promise<Peer> {
  const server = createServer(listener)
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(() => {
    server.closeAllConnections()
    return new Promise((resolve) => {
      server.close(resolve)
    })
  })
  const transport = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`, { httpVersion: '1.1', ...options })
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { shop: createClient(Shop, transport), transport, server, sockets }
}

/** An empty message. */
const answer: RequestListener = (request, response) => {
  request.resume()
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/proto' }).end())
}

it('uses a connection for one call after the other, and several for calls at once, up to the limit', async () => {
  let open = 0
  let most = 0
  const { shop, sockets } = await peer(
    (request, response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        answer(request, response)
      })
    },
    { maxConnections: 3 },
  )
  for (let i = 0; i < 5; i++) await shop.get({})
  expect(sockets).toHaveLength(1)
  await Promise.all(Array.from({ length: 20 }, () => shop.get({})))
  expect([sockets.length, most <= 3]).toEqual([3, true])
})

it('dials anew where the server has closed an idle connection', async () => {
  const { shop, sockets } = await peer(answer)
  await shop.get({})
  const closed = new Promise((resolve) => sockets[0]!.once('close', resolve))
  sockets[0]!.end()
  await closed
  await shop.get({})
  expect(sockets).toHaveLength(2)
})

it('fails a call whose connection is lost, before and in the middle of its answer', async () => {
  const { shop } = await peer((request) => request.socket.destroy())
  expect(await failure(shop.get({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
  const half = await peer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/proto', 'content-length': '100' }).write('half')
    setImmediate(() => request.socket.destroy())
  })
  expect(await failure(half.shop.get({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
})

it('keeps the connection of a call that has its answer, and gives up that of one that has not', async () => {
  const { shop, sockets } = await peer((request, response) => {
    if (sockets.length > 1) answer(request, response)
  })
  expect((await failure(shop.get({}, { timeoutMs: 50 }))).code).toBe('DEADLINE_EXCEEDED')
  await expect.poll(() => sockets[0]!.destroyed).toBe(true)
  await shop.get({})
  await shop.get({})
  expect(sockets).toHaveLength(2)
})

it('closes its connections, after the calls that run', async () => {
  let finish = (): void => {}
  const { shop, transport, sockets } = await peer((request, response) => {
    finish = () => answer(request, response)
  })
  const running = shop.get({})
  await expect.poll(() => sockets.length).toBe(1)
  const closing = transport.close()
  expect((await failure(shop.get({}))).code).toBe('UNAVAILABLE')
  finish()
  await running
  await closing
  await expect.poll(() => sockets[0]!.destroyed).toBe(true)
})
