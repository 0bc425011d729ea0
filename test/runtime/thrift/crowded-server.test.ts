/** A server that has a thread for each connection, and fewer threads than a client opens connections. */

import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, echoHandler } from '../../support/echo-service.ts'
import { failure } from '../../support/settle.ts'
import { bytesOf, framed, message, named, REPLY } from '../../support/thrift-frames.ts'

/** Takes every connection, and serves a few at a time, each until it closes, in the order in which they came. */
async function threadPoolServer(
  threads: number,
): Promise<{ port: number; accepted: () => number; served: () => number }> {
  let accepted = 0
  let served = 0
  const line: Socket[] = []
  const sockets = new Set<Socket>()
  const serveNext = (): void => {
    while (served < threads) {
      const socket = line.shift()
      if (socket === undefined) return
      served++
      socket.on('close', () => {
        served--
        serveNext()
      })
      socket.on('data', (bytes) => {
        // Framed, strict, binary; one call at a time.
        const length = bytes.readInt32BE(8)
        const method = bytes.toString('latin1', 12, 12 + length)
        const sequence = bytes.readInt32BE(12 + length)
        const isKnown = method === 'echo'
        const answer = isKnown
          ? message(method, sequence, `0b0000${named('hi')}00`, REPLY)
          : message(method, sequence, `0b0001${named('no')}0800020000000100`, 3)
        setTimeout(() => socket.write(bytesOf(framed(answer))), 5)
      })
      socket.resume()
    }
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => {})
    line.push(socket)
    serveNext()
  })
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted, served: () => served }
}

function clientOf(port: number, options: ThriftOptions) {
  const wire = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return { client: createClient(Echo, wire), wire }
}

it('answers every call of a client that opens more connections than it serves, and gets no more of them', async () => {
  const server = await threadPoolServer(4)
  const { client, wire } = clientOf(server.port, { transport: 'framed', pool: { maxTotal: 32 } })
  const burst = () => Promise.all(Array.from({ length: 32 }, () => client.echo('x')))
  expect(new Set(await burst())).toEqual(new Set(['hi']))
  const { opened, idle, busy } = wire.stats
  expect(opened).toBe(32)
  expect(idle + busy).toBeLessThanOrEqual(4)
  expect(new Set(await burst())).toEqual(new Set(['hi']))
  expect(wire.stats.opened - opened).toBeLessThanOrEqual(4)
})

it('is told from one whose handlers are slow, which gets as many connections as there may be', async () => {
  const slow = async (text: string): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, text === 'slow' ? 2_500 : 1))
    return text
  }
  const server = new Server({ onError: () => {} }).add(Echo, echoHandler({ echo: slow }))
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  const { client, wire } = clientOf(port, { transport: 'framed' })
  const first = Array.from({ length: 8 }, (_, i) => client.echo(i < 6 ? 'slow' : 'fast'))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const second = Array.from({ length: 20 }, () => client.echo('slow'))
  await expect.poll(() => wire.stats.busy).toBe(26)
  await Promise.all([...first, ...second])
})

it('is named where calls are refused, with the options that decide', async () => {
  const server = await threadPoolServer(0)
  const { client, wire } = clientOf(server.port, { transport: 'framed', pool: { maxTotal: 1, maxWaiting: 1 } })
  const calls = [failure(client.echo('x', { timeoutMs: 500 }))]
  await expect.poll(() => wire.stats.busy).toBe(1)
  calls.push(failure(client.echo('x', { timeoutMs: 500 })))
  expect(await failure(client.echo('x'))).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    bytesSent: false,
    message:
      '1 calls already wait for one of 1 connections; raise `pool.maxTotal` if the server serves more at once, else `pool.maxWaiting`',
  })
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})
