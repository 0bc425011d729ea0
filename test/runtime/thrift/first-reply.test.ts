/** A peer that speaks another Thrift than its client, and how the client finds out. */

import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import apache from 'thrift'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { type ApacheEchoHandler, ApacheEchoProcessor, listenApache } from '../../support/apache-echo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, echoHandler } from '../../support/echo-service.ts'
import { failure } from '../../support/settle.ts'
import { bytesOf, framed, message, named, REPLY } from '../../support/thrift-frames.ts'

const { TBinaryProtocol, TBufferedTransport, TFramedTransport } = apache

function clientOf(port: number, options: ThriftOptions): EchoClient {
  const wire = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return createClient(Echo, wire)
}

/** A peer that does with the bytes of each connection what the test says. */
async function peer(onData: (socket: Socket, bytes: Buffer) => void): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => onData(socket, bytes))
  })
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** Reads frames as Apache's servers do: what is no strict message begins with the length of a name, for which it waits. */
function answerFramed(socket: Socket, bytes: Buffer): void {
  const { version, method, sequence } = envelopeOf(bytes.subarray(4))
  if (version !== 0x8001) return
  if (method === 'echo') socket.write(bytesOf(framed(message('echo', sequence, `0b0000${named('hi')}00`, REPLY))))
  else socket.write(bytesOf(framed(message(method, sequence, `0b0001${named('no')}0800020000000100`, 3))))
}

function envelopeOf(bytes: Buffer): { version: number; method: string; sequence: number } {
  const length = bytes.readInt32BE(4)
  return {
    version: bytes.readUInt16BE(0),
    method: bytes.toString('latin1', 8, 8 + length),
    sequence: bytes.length >= 12 + length && length >= 0 ? bytes.readInt32BE(8 + length) : 0,
  }
}

describe('the first call of a connection', () => {
  it.each(['auto', 'pool', 'multiplexed'] as const)(
    'fails in a stated time where the peer takes the TTHeader for something else, and says what to set (%s)',
    async (connections) => {
      const { port } = await peer(answerFramed)
      const client = clientOf(port, { connections, firstReplyTimeoutMs: 200 })
      const error = await failure(client.echo('x'))
      expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
      expect(error.message).toBe(
        `127.0.0.1:${port} took the connection and has not sent a byte for 200 ms (firstReplyTimeoutMs); it may speak another ` +
          "Thrift than `transport: 'ttheader'`: set `transport: 'framed'` or `transport: 'buffered'`, or `'auto'` to find out, " +
          'or it hangs; the request had been sent',
      )
    },
  )

  it('waits as long as it takes on a peer that understands, and where the time is 0', async () => {
    const slow = async (text: string): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      return text
    }
    const server = new Server({ onError: () => {} }).add(Echo, echoHandler({ echo: slow }))
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    for (const transport of ['ttheader', 'framed', 'buffered'] as const) {
      expect(await clientOf(port, { transport, firstReplyTimeoutMs: 800 }).echo('x')).toBe('x')
    }
    let answer = (): void => {}
    const late = await peer((socket, bytes) => {
      answer = () => answerFramed(socket, bytes)
    })
    const call = clientOf(late.port, { transport: 'framed', firstReplyTimeoutMs: 0 }).echo('x')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(late.sockets).toHaveLength(1)
    answer()
    expect(await call).toBe('hi')
  })

  it('counts neither oneway calls nor calls after the first answer', async () => {
    let silent = false
    const { port } = await peer((socket, bytes) => {
      if (!silent) answerFramed(socket, bytes)
    })
    const client = clientOf(port, { transport: 'framed', connections: 'pool', firstReplyTimeoutMs: 100 })
    expect(await client.echo('x')).toBe('hi')
    silent = true
    expect(await failure(client.echo('x', { timeoutMs: 400 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    const other = clientOf(port, { transport: 'framed', connections: 'pool', firstReplyTimeoutMs: 100 })
    await other.fire('x')
    await new Promise((resolve) => setTimeout(resolve, 250))
    silent = false
    expect(await other.echo('x')).toBe('hi')
  })
})

describe("transport: 'auto'", () => {
  const forms = [
    { transport: 'framed', Transport: TFramedTransport },
    { transport: 'buffered', Transport: TBufferedTransport },
  ] as const

  it.each(forms)("finds out what Apache's npm server speaks ($transport)", async ({ Transport }) => {
    const called: string[] = []
    const handler: ApacheEchoHandler = {
      echo: async (text) => {
        called.push(text)
        return text
      },
      add: async (a, b) => a + b,
      ping: async () => {},
      fire: () => {},
    }
    const options = { transport: Transport, protocol: TBinaryProtocol }
    const server = apache.createServer(ApacheEchoProcessor, handler, options) as unknown as NetServer
    const sockets: Socket[] = []
    server.on('connection', (socket) => sockets.push(socket))
    onCleanup(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const port = await listenApache(server)
    const mistaken = await failure(clientOf(port, { firstReplyTimeoutMs: 200 }).echo('never'))
    expect(mistaken).toMatchObject({ code: 'UNAVAILABLE' })
    expect(mistaken.message).toContain("set `transport: 'framed'` or `transport: 'buffered'`")
    for (const connections of ['auto', 'multiplexed'] as const) {
      const client = clientOf(port, { transport: 'auto', connections })
      expect(await Promise.all([client.echo('a'), client.echo('b')])).toEqual(['a', 'b'])
    }
    expect(called.toSorted()).toEqual(['a', 'a', 'b', 'b'])
  })

  it('speaks TTHeader where it is understood', async () => {
    const server = new Server({ onError: () => {} }).add(
      Echo,
      echoHandler({ echo: (text, cx) => `${text} for ${cx.caller}` }),
    )
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    expect(await clientOf(port, { transport: 'auto', caller: 'web' }).echo('x')).toBe('x for web')
  })

  it('never finds out by a call of the user, and says when nothing was understood', async () => {
    const methods: string[] = []
    const { port } = await peer((socket, bytes) => {
      methods.push(bytes.toString('latin1'))
      socket.destroy()
    })
    const error = await failure(clientOf(port, { transport: 'auto' }).echo('x'))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(error.message).toContain('answers an unknown method neither in TTHeader nor in framed or buffered form')
    expect(methods).toHaveLength(3)
    for (const text of methods) expect(text).not.toContain('echo')
  })
})
