import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { memoryHost } from '../../../src/compiler/host.ts'
import { loadSchemas } from '../../../src/compiler/load-schemas.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { createGenericClient, interpretedService } from '../../../src/runtime/thrift/generic.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import { bytesOf, forms, framed, message, named, ONEWAY, rawConnection, textArgs } from '../../support/thrift-frames.ts'

interface Observed {
  readonly server: Server
  readonly port: number
  readonly fired: string[]
  readonly errors: unknown[]
}

async function serverOf(handler: Partial<EchoHandler> = {}, options: ServerOptions = {}): Promise<Observed> {
  const fired: string[] = []
  const errors: unknown[] = []
  const server = new Server({ onError: (error) => void errors.push(error), ...options }).add(
    Echo,
    echoHandler({ fire: (text) => void fired.push(text), ...handler }),
  )
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  return { server, port, fired, errors }
}

const sumArgs = '080001000000020800020000000300'
const badArgs = '0b00017fffffff'

describe.each(Object.entries(forms))('over %s', (_, form) => {
  /** Sends the messages and then a call; what came back until its answer. */
  async function answersTo(port: number, ...messages: string[]): Promise<string> {
    const { socket, received } = rawConnection(port)
    socket.write(Buffer.concat(messages.map((hex, i) => form(hex, i + 1))))
    socket.write(form(message('echo', 99, textArgs('the last one')), 99))
    await expect.poll(received).toContain('the last one')
    return received()
  }

  it('runs and never answers a oneway method that was sent as a call', async () => {
    const { port, fired } = await serverOf()
    const answers = await answersTo(
      port,
      message('fire', 1, textArgs('one')),
      message('fire', 2, textArgs('two'), ONEWAY),
      message('Echo:fire', 3, textArgs('three')),
    )
    expect(answers).not.toContain('fire')
    expect(fired).toEqual(['one', 'two', 'three'])
  })

  it('runs and does not answer a method with an answer that was sent as oneway', async () => {
    const asked: string[] = []
    const { port } = await serverOf({
      add(a, b) {
        asked.push(`${a}+${b}`)
        return a + b
      },
    })
    const answers = await answersTo(port, message('add', 1, sumArgs, ONEWAY))
    expect(answers).not.toContain('add')
    expect(asked).toEqual(['2+3'])
  })

  it('answers no oneway method with an error of its handler', async () => {
    const { port, errors } = await serverOf({
      fire(text) {
        throw text === 'biz'
          ? new BizError(7, text)
          : text === 'rpc'
            ? new RpcError('NOT_FOUND', text)
            : new Error(text)
      },
    })
    const answers = await answersTo(
      port,
      ...['biz', 'rpc', 'bug'].map((text, i) => message('fire', i + 1, textArgs(text))),
    )
    expect(answers).not.toContain('fire')
    expect(errors).toMatchObject([{ message: 'biz' }, { message: 'rpc' }, { message: 'bug' }])
  })

  it('answers no oneway method with the refusal of a limit', async () => {
    for (const options of [{ thrift: { maxConcurrentCalls: 2 } }, { limits: { maxConcurrentCalls: 2 } }]) {
      const { port, server, fired } = await serverOf({ add: () => new Promise<number>(() => {}) }, options)
      const { socket, received } = rawConnection(port)
      socket.write(Buffer.concat([1, 2].map((i) => form(message('add', i, sumArgs), i))))
      socket.write(form(message('fire', 3, textArgs('refused')), 3))
      socket.write(form(message('fire', 4, textArgs('refused'), ONEWAY), 4))
      socket.write(form(message('add', 5, sumArgs), 5))
      if (form === forms.buffered) {
        await expect.poll(() => server.router.inFlight).toBe(2)
      } else await expect.poll(received).toContain('in flight')
      expect(fired).toEqual([])
      expect(received()).not.toContain('fire')
    }
  })

  it('tells onError what the caller of a method that was sent as oneway does not hear', async () => {
    const { port, errors } = await serverOf({
      add() {
        throw new RpcError('NOT_FOUND', 'unheard')
      },
    })
    const answers = await answersTo(port, message('add', 1, sumArgs, ONEWAY))
    expect(answers).not.toContain('add')
    expect(errors).toMatchObject([{ code: 'NOT_FOUND', message: 'unheard' }])
  })

  it('goes by the message where no IDL is known', async () => {
    const called: string[] = []
    const { port } = await serverOf(
      {},
      {
        unknown: async (cx, request) => {
          called.push(`${cx.method.name} ${cx.method.kind}`)
          return request
        },
      },
    )
    const answers = await answersTo(port, message('ring', 1, '00'), message('knock', 2, '00', ONEWAY))
    expect(called).toEqual(['ring unary', 'knock oneway'])
    expect(answers).toContain('ring')
    expect(answers).not.toContain('knock')
  })

  it('goes by the IDL of a service that is described at run time', async () => {
    const server = new Server({ onError: () => {}, unknown: { handle: async () => undefined, describe: () => Echo } })
    onCleanup(() => server.close({ drainMs: 0 }))
    const { port } = await server.listen('127.0.0.1:0')
    const { socket, received } = rawConnection(port)
    socket.write(Buffer.concat([form(message('fire', 1, textArgs('x')), 1), form(message('ping', 2, '00'), 2)]))
    await expect.poll(received).toContain('ping')
    expect(received()).not.toContain('fire')
  })

  it('answers an unknown method only where it was sent as a call', async () => {
    const { port } = await serverOf()
    const answers = await answersTo(port, message('gone', 1, '00'), message('away', 2, '00', ONEWAY))
    expect(answers).toContain('unknown method gone')
    expect(answers).not.toContain('away')
  })
})

describe.each(['framed', 'TTHeader'] as const)('over %s', (name) => {
  const form = forms[name]

  it('answers no oneway method with what is wrong with its arguments', async () => {
    const { port } = await serverOf()
    const { socket, received } = rawConnection(port)
    socket.write(Buffer.concat([form(message('fire', 1, badArgs), 1), form(message('echo', 2, badArgs), 2)]))
    await expect.poll(received).toContain('echo: the arguments cannot be decoded')
    expect(received()).not.toContain('fire')
  })

  it('says nothing of a oneway message over the limit, and reads on', async () => {
    const { port } = await serverOf({}, { thrift: { maxFrameBytes: 1_000 } })
    for (const hex of [
      message('fire', 1, textArgs('x'.repeat(2_000))),
      message('echo', 1, textArgs('x'.repeat(2_000)), ONEWAY),
    ]) {
      const { socket, received } = rawConnection(port)
      socket.write(Buffer.concat([form(hex, 1), form(message('echo', 2, textArgs('the last one')), 2)]))
      await expect.poll(received).toContain('the last one')
      expect(received()).not.toContain('fire')
      expect(received()).not.toContain('limit')
    }
  })
})

/** A server that answers everything, whatever the kind of the message. */
async function talkativeServer(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const size = chunk.readUInt32BE(at)
        const name = chunk.subarray(at + 12, at + 12 + chunk.readUInt32BE(at + 8)).toString()
        const sequence = chunk.readUInt32BE(at + 12 + name.length)
        const result = name === 'echo' ? `0b0000${named(`answer ${sequence}`)}00` : '00'
        socket.write(bytesOf(framed(message(name, sequence, result, 2))))
        at += 4 + size
      }
    })
    onCleanup(() => socket.destroy())
  })
  onCleanup(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function clientOf(port: number, options: ThriftOptions): EchoClient {
  const wire = thrift({ host: '127.0.0.1', port }, { transport: 'framed', ...options })
  onCleanup(() => wire.close({ drainMs: 0 }))
  return createClient(Echo, wire, { timeoutMs: 10_000 })
}

describe('a client', () => {
  it.each(['pool', 'multiplexed'] as const)(
    '(%s) does not take the answer to a oneway call for another',
    async (connections) => {
      const client = clientOf(await talkativeServer(), { connections, pool: { maxTotal: 1 } })
      for (let round = 0; round < 3; round++) {
        await client.fire('one')
        await client.fire('two')
        expect(await client.echo('x')).toBe(`answer ${round * 3 + 3}`)
      }
    },
  )

  it('of a process that calls in bytes and oneway waits for no answer', async () => {
    const { schemas } = loadSchemas({
      entries: ['sum.thrift'],
      host: memoryHost({ 'sum.thrift': 'service Sum { i32 add(1: i32 a, 2: i32 b) }' }),
    })
    const errors: unknown[] = []
    const server = new Server({ onError: (error) => void errors.push(error) })
    server.add(interpretedService(schemas[0]!, 'Sum'), {
      add: () => Promise.reject(new RpcError('NOT_FOUND', 'unheard')),
    })
    const client = createGenericClient([], inProcess(server))
    const args = bytesOf(sumArgs)
    expect(await client.callBytes('Sum', 'add', args, { oneway: true })).toEqual(new Uint8Array(0))
    await expect.poll(() => errors).toMatchObject([{ code: 'NOT_FOUND' }])
  })
})
