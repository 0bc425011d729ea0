import { type AddressInfo, createServer, type Server as NetServer, connect as netConnect, type Socket } from 'node:net'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, type ThriftTransport, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../../support/echo-service.ts'
import { freePort } from '../../support/free-port.ts'
import { failure, rejection } from '../../support/settle.ts'

/** A peer that does with each connection what the test says. */
async function peer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: NetServer = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function clientOf(port: number, options: ThriftOptions = {}): { client: EchoClient; wire: ThriftTransport } {
  const wire = thrift({ host: '127.0.0.1', port }, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return { client: createClient(Echo, wire, { timeoutMs: 15_000 }), wire }
}

async function serverOf(
  handler: Partial<EchoHandler> = {},
  options: ServerOptions = {},
): Promise<{ server: Server; port: number }> {
  const server = new Server({ onError: () => {}, ...options }).add(Echo, echoHandler(handler))
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  return { server, port }
}

/** A raw connection to a server that collects what it says. */
function raw(port: number): { socket: Socket; received: () => string; closed: Promise<void> } {
  const socket = netConnect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('hex')
  })
  socket.on('error', () => {})
  onCleanup(() => socket.destroy())
  return { socket, received: () => received, closed: new Promise((resolve) => socket.on('close', () => resolve())) }
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')
const u32 = (value: number): Buffer => bytesOf(value.toString(16).padStart(8, '0'))
const framed = (hex: string): Buffer => bytesOf((hex.length / 2).toString(16).padStart(8, '0') + hex)
const name = (text: string): string => text.length.toString(16).padStart(8, '0') + Buffer.from(text).toString('hex')
const call = (method: string, sequence: number, args: string, kind = 1): string =>
  `8001000${kind}${name(method)}${sequence.toString(16).padStart(8, '0')}${args}`
const echoArgs = (text: string): string => `0b0001${name(text)}00`
const reply = (method: string, sequence: number, text: string): string =>
  `80010002${name(method)}${sequence.toString(16).padStart(8, '0')}0b0000${name(text)}00`
/** An exception of type 1, unknown method, as Kitex answers before it closes the connection. */
const refusal = (method: string, sequence: number): string =>
  `80010003${name(method)}${sequence.toString(16).padStart(8, '0')}0b0001${name('no')}0800020000000100`

for (const connections of ['pool', 'multiplexed'] as const) {
  describe(`a Thrift client (${connections}) of a peer in trouble`, () => {
    it('settles every call at once when the peer dies with the request read', async () => {
      const port = await peer((socket) => socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 20)))
      const { client } = clientOf(port, { connections })
      const errors = await Promise.all([1, 2, 3].map((i) => failure(client.echo(`${i}`))))
      for (const error of errors) {
        expect(error).toBeInstanceOf(RpcError)
        expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
        expect(error.message).toMatch(/^the connection to 127\.0\.0\.1:\d+ was lost: .*; the request had been sent$/)
      }
    })

    it('says that nothing was sent when nobody listens', async () => {
      const port = await freePort()
      const { client } = clientOf(port, { connections })
      const errors = await Promise.all([1, 2, 3].map((i) => failure(client.echo(`${i}`))))
      for (const error of errors) expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    })

    it('leaves a connection on which its message was refused: such a peer may close it', async () => {
      let connection = 0
      const port = await peer((socket) => {
        const number = ++connection
        socket.on('data', (chunk) => {
          const sequence = chunk.readInt32BE(16)
          if (number > 1) socket.write(framed(reply('echo', sequence, 'answered')))
          else socket.write(framed(refusal('echo', sequence)), () => setTimeout(() => socket.destroy(), 20))
        })
      })
      const { client } = clientOf(port, { connections: 'pool', transport: 'framed' })
      expect(await failure(client.echo('x'))).toMatchObject({ code: 'UNIMPLEMENTED' })
      expect(await client.echo('y')).toBe('answered')
    })

    it('connects again after a loss', async () => {
      let connection = 0
      const port = await peer((socket) => {
        const number = ++connection
        socket.on('data', (chunk) => {
          if (number === 1) socket.destroy()
          else socket.write(framed(reply('echo', chunk.readInt32BE(16), 'back')))
        })
      })
      const { client } = clientOf(port, { connections, transport: 'framed' })
      expect(await failure(client.echo('a'))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
      expect(await client.echo('b')).toBe('back')
      expect(connection).toBe(2)
    })

    it('fails with INTERNAL on a reply that is no Thrift, and goes on with another connection', async () => {
      let connection = 0
      const port = await peer((socket) => {
        const first = ++connection === 1
        socket.on('data', (chunk) =>
          socket.write(first ? 'HTTP/1.1 400\r\n' : framed(reply('echo', chunk.readInt32BE(16), 'ok'))),
        )
      })
      const { client } = clientOf(port, { connections, transport: 'framed' })
      const error = await failure(client.echo('a'))
      expect(error).toMatchObject({
        code: 'INTERNAL',
        message: expect.stringContaining('no Thrift message: 485454502f312e31'),
      })
      expect(await client.echo('b')).toBe('ok')
    })

    it('fails on a reply over the limit without waiting for it', async () => {
      const port = await peer((socket) => socket.on('data', () => socket.write(bytesOf('3fffffff8001'))))
      const { client } = clientOf(port, { connections, transport: 'framed' })
      expect(await failure(client.echo('a'))).toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringContaining('maxFrameBytes'),
      })
    })

    it('fails only the call whose reply is over the limit', async () => {
      const { port } = await serverOf({ echo: (text) => (text === 'big' ? 'x'.repeat(100_000) : text) })
      for (const transport of ['ttheader', 'framed'] as const) {
        const { client, wire } = clientOf(port, {
          connections,
          transport,
          maxFrameBytes: 10_000,
          pool: { maxTotal: 1 },
        })
        await client.echo('first')
        const outcomes = await Promise.allSettled(['a', 'big', 'b'].map((text) => client.echo(text)))
        expect(outcomes).toMatchObject([
          { value: 'a' },
          {
            reason: {
              code: 'RESOURCE_EXHAUSTED',
              message: expect.stringContaining('the limit is 10000 (maxFrameBytes)'),
            },
          },
          { value: 'b' },
        ])
        expect(wire.stats.opened).toBe(1)
      }
    })

    it('names HTTP/2 where the server speaks that', async () => {
      const port = await peer((socket) => socket.write(bytesOf('000006040000000000000300000064')))
      const { client } = clientOf(port, { connections })
      expect(await failure(client.echo('a'))).toMatchObject({
        message: expect.stringContaining('the peer seems to speak HTTP/2'),
      })
    })

    it('gives each wrong reply its own typed outcome', async () => {
      const answers = new Map<string, (sequence: number) => string>([
        ['name', (sequence) => reply('other', sequence, 'x')],
        ['kind', (sequence) => call('echo', sequence, '00')],
        ['empty', (sequence) => `80010002${name('echo')}${sequence.toString(16).padStart(8, '0')}00`],
        ['type', (sequence) => `80010002${name('echo')}${sequence.toString(16).padStart(8, '0')}0800000000000700`],
        ['cut', (sequence) => `80010002${name('echo')}${sequence.toString(16).padStart(8, '0')}0b0000000000ff`],
        ['exception', (sequence) => `80010003${name('echo')}${sequence.toString(16).padStart(8, '0')}080002000004d200`],
        ['good', (sequence) => reply('echo', sequence, 'good')],
      ])
      const port = await peer((socket) =>
        socket.on('data', (chunk) => {
          const text = chunk.subarray(27, chunk.length - 1).toString()
          socket.write(framed(answers.get(text)?.(chunk.readInt32BE(16)) ?? ''))
        }),
      )
      const { client } = clientOf(port, { connections, transport: 'framed' })
      expect(await failure(client.echo('name'))).toMatchObject({ code: 'INTERNAL', cause: { type: 3 } })
      expect(await failure(client.echo('kind'))).toMatchObject({ code: 'INTERNAL', cause: { type: 2 } })
      expect(await failure(client.echo('empty'))).toMatchObject({ code: 'INTERNAL', cause: { type: 5 } })
      expect(await failure(client.echo('type'))).toMatchObject({ code: 'INTERNAL', cause: { type: 5 } })
      expect(await failure(client.echo('cut'))).toMatchObject({ code: 'INTERNAL' })
      expect(await failure(client.echo('exception'))).toMatchObject({ code: 'UNKNOWN', cause: { type: 1234 } })
      expect(await client.echo('good')).toBe('good')
    })

    it('reads replies that come byte by byte', async () => {
      const port = await peer((socket) =>
        socket.on('data', async (chunk) => {
          for (const byte of framed(reply('echo', chunk.readInt32BE(16), 'slowly'))) {
            socket.write(Uint8Array.of(byte))
            await new Promise((resolve) => setImmediate(resolve))
          }
        }),
      )
      expect(await clientOf(port, { connections, transport: 'framed' }).client.echo('x')).toBe('slowly')
    })

    it('frees what a call held when its time is up on a silent peer', async () => {
      const port = await peer((socket) => socket.resume())
      const { client, wire } = clientOf(port, { connections })
      expect(await failure(client.echo('x', { timeoutMs: 40 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
      await expect.poll(() => wire.stats).toMatchObject({ busy: 0, waiting: 0, connecting: 0 })
      expect(wire.stats.idle).toBe(connections === 'pool' ? 0 : 1)
    })

    it('fails calls in flight when the transport is closed, after their drain', async () => {
      const port = await peer((socket) => socket.resume())
      const { client, wire } = clientOf(port, { connections })
      const outcome = failure(client.echo('x'))
      await expect.poll(() => wire.stats.busy).toBe(1)
      await wire.close({ drainMs: 20 })
      expect(await outcome).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
      expect(await failure(client.echo('after'))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    })

    it('does not use a connection that a server says it will reset', async () => {
      let connection = 0
      const port = await peer((socket) => {
        const number = ++connection
        socket.on('data', (chunk) => {
          const sequence = chunk.readInt32BE(8)
          const payload = framed(reply('echo', sequence, `connection ${number}`)).toString('hex')
          const header = `10000000${sequence.toString(16).padStart(8, '0')}000400000100010005637272737400013100`
          socket.write(framed(header + payload))
        })
      })
      const { client, wire } = clientOf(port, { connections })
      expect(await client.echo('x')).toBe('connection 1')
      expect(await client.echo('x')).toBe('connection 2')
      await expect.poll(() => wire.stats).toMatchObject({ idle: 0, busy: 0 })
    })

    it('accepts the business error of Rust Volo, an exception with biz headers, and keeps the connection', async () => {
      let connection = 0
      const port = await peer((socket) => {
        connection++
        socket.on('data', (chunk) => {
          const sequence = chunk.readInt32BE(8).toString(16).padStart(8, '0')
          const payload = framed(`80010003${name('echo')}${sequence}0b0001000000036572720800020000000600`).toString(
            'hex',
          )
          const info =
            '010002000a62697a2d7374617475730003343034000b62697a2d6d65737361676500046e6f7065100001001600010300000000'
          socket.write(framed(`10000000${sequence}000d0000${info.slice(0, 100)}${payload}`))
        })
      })
      const { client } = clientOf(port, { connections })
      for (let i = 0; i < 2; i++) {
        expect(await rejection(client.echo('x'))).toMatchObject({ name: 'BizError', status: 404, message: 'nope' })
      }
      expect(connection).toBe(1)
    })
  })
}

describe('a Thrift client', () => {
  it('of one call at a time takes a wrong sequence id for a broken connection', async () => {
    const port = await peer((socket) => socket.on('data', () => socket.write(framed(reply('echo', 4_242, 'x')))))
    const error = await failure(clientOf(port, { transport: 'framed' }).client.echo('x'))
    expect(error).toMatchObject({ code: 'INTERNAL', cause: { type: 4 } })
  })

  it('multiplexed ignores replies that nobody waits for, also twice the same', async () => {
    const port = await peer((socket) =>
      socket.on('data', (chunk) => {
        const sequence = chunk.readInt32BE(16)
        for (const one of [4_242, sequence, sequence]) socket.write(framed(reply('echo', one, 'x')))
      }),
    )
    const { client, wire } = clientOf(port, { transport: 'framed', connections: 'multiplexed' })
    expect(await client.echo('x')).toBe('x')
    expect(await client.echo('x')).toBe('x')
    await expect.poll(() => wire.stats.lateReplies).toBe(4)
  })

  it('multiplexed understands an unsolicited reset of Kitex, lets calls end and connects anew', async () => {
    let connection = 0
    const port = await peer((socket) => {
      connection++
      const waiting: Buffer[] = []
      socket.on('data', (chunk) => {
        waiting.push(chunk)
        if (connection === 1)
          socket.write(framed('1000000000000000' + '00040000' + '01000100056372727374000131' + '00'))
        setTimeout(() => {
          const sequence = waiting.shift()?.readInt32BE(8) ?? 0
          const payload = framed(reply('echo', sequence, 'x')).toString('hex')
          socket.write(framed(`10000000${sequence.toString(16).padStart(8, '0')}000100000000${payload}`))
        }, 20)
      })
    })
    const { client } = clientOf(port, { connections: 'multiplexed' })
    expect(await client.echo('a')).toBe('x')
    expect(await client.echo('b')).toBe('x')
    expect(connection).toBe(2)
  })

  it('refuses calls for a peer that does not read once too much is unsent', async () => {
    const port = await peer((socket) => socket.pause())
    const { client } = clientOf(port, { connections: 'multiplexed', maxUnsentBytes: 1_000_000 })
    const big = 'x'.repeat(2_000_000)
    const outcomes = Array.from({ length: 20 }, () =>
      client.echo(big, { timeoutMs: 300 }).catch((error: RpcError) => error.code),
    )
    const codes = await Promise.all(outcomes)
    expect(new Set(codes)).toEqual(new Set(['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']))
  })

  it('gives a service of the other kind to the right transport', () => {
    const wire = thrift('127.0.0.1:1')
    onCleanup(() => wire.close({ drainMs: 0 }))
    expect(() => wire.bind({ ...Echo, idl: 'protobuf' })).toThrow(/use grpc\(\) for it/)
  })
})

describe('a Thrift server', () => {
  it('answers requests that come byte by byte, in every form', async () => {
    const { port } = await serverOf()
    const body = call('echo', 5, echoArgs('hi'))
    const old = `${name('echo')}01000000050b0001${name('hi')}00`
    const compact = '8221050465' + '63686f' + '18026869' + '00'
    for (const [bytes, answer] of [
      [bytesOf(body), reply('echo', 5, 'hi')],
      [framed(body), framed(reply('echo', 5, 'hi')).toString('hex')],
      [framed(old), framed(reply('echo', 5, 'hi')).toString('hex')],
      [bytesOf(old), reply('echo', 5, 'hi')],
      // A TTHeader with no length in front of its payload.
      [
        framed(`1000000000000005000100000000${body}`),
        framed(`10000000000000050003000010000100160001320000${reply('echo', 5, 'hi')}`).toString('hex'),
      ],
      [bytesOf(compact), '82410504656368' + '6f' + '0800026869' + '00'],
    ] as const) {
      const { socket, received } = raw(port)
      for (const byte of bytes) socket.write(Uint8Array.of(byte))
      await expect.poll(received).toBe(answer)
      socket.destroy()
    }
  })

  it('answers bare pipelined requests in their order, framed ones as they are ready', async () => {
    const releases = new Map<string, () => void>()
    const { port } = await serverOf({
      echo: (text) => new Promise<string>((resolve) => releases.set(text, () => resolve(text))),
    })
    for (const bare of [true, false]) {
      releases.clear()
      const { socket, received } = raw(port)
      const form = bare ? bytesOf : framed
      socket.write(Buffer.concat(['a', 'b', 'c'].map((text, i) => form(call('echo', i + 1, echoArgs(text))))))
      await expect.poll(() => releases.size).toBe(3)
      const answers: string[] = []
      for (const text of ['c', 'a', 'b']) {
        releases.get(text)?.()
        const before = received()
        if (!bare) await expect.poll(received).not.toBe(before)
      }
      const order = bare ? ['a', 'b', 'c'] : ['c', 'a', 'b']
      for (const text of order) answers.push(form(reply('echo', 'abc'.indexOf(text) + 1, text)).toString('hex'))
      await expect.poll(received).toBe(answers.join(''))
      socket.destroy()
    }
  })

  it('keeps the connection after arguments it cannot decode, and an unknown kind', async () => {
    const { port } = await serverOf()
    const { socket, received } = raw(port)
    socket.write(framed(call('echo', 1, '0b0001000000ff6100')))
    await expect.poll(received).toContain(Buffer.from('the arguments cannot be decoded').toString('hex'))
    socket.write(framed(call('echo', 2, echoArgs('x'), 2)))
    await expect.poll(received).toContain(Buffer.from('a message of kind 2').toString('hex'))
    socket.write(framed(call('echo', 3, echoArgs('still'))))
    await expect.poll(received).toContain(reply('echo', 3, 'still'))
  })

  for (const transport of ['ttheader', 'framed', 'buffered'] as const) {
    it(`tells the caller that its message is longer than 16 MiB, over ${transport}`, async () => {
      const { port } = await serverOf({})
      const wire = thrift(`127.0.0.1:${port}`, { transport })
      onCleanup(() => wire.close({ drainMs: 0 }))
      const outcome = createClient(Echo, wire).echo('x'.repeat(17 << 20))
      await expect(outcome).rejects.toThrow('the limit is 16777216 (maxFrameBytes)')
    })
  }

  it('refuses a message over the limit and reads on', async () => {
    const { port } = await serverOf({}, { thrift: { maxFrameBytes: 1_000 } })
    const { socket, received } = raw(port)
    const big = framed(call('echo', 9, echoArgs('x'.repeat(200_000))))
    // The refusal comes when the message has been read and discarded, however it is cut.
    for (let at = 0; at < big.length; at += 7_000) socket.write(big.subarray(at, at + 7_000))
    socket.write(framed(call('echo', 10, echoArgs('fine'))))
    await expect.poll(received).toContain(reply('echo', 10, 'fine'))
    expect(received()).toMatch(new RegExp(`80010003${name('echo')}00000009`))
    expect(Buffer.from(received(), 'hex').toString('latin1')).toContain('the limit is 1000')
  })

  it('tells a client that is still writing why it does not read further', async () => {
    const errors: unknown[] = []
    const { port } = await serverOf({}, { onError: (error) => void errors.push(error) })
    const { socket, received } = raw(port)
    const size = 70 * 1024 * 1024
    socket.write(Buffer.concat([u32(size), bytesOf(call('echo', 9, '')), bytesOf('0b0001'), u32(size - 30)]))
    for (let sent = 0; sent < 20; sent++) socket.write(Buffer.alloc(1024 * 1024))
    await expect.poll(() => Buffer.from(received(), 'hex').toString('latin1')).toContain('the limit is 16777216')
    expect(errors).toMatchObject([
      { code: 'RESOURCE_EXHAUSTED', message: expect.stringContaining('is not read further') },
    ])
  })

  it('answers the calls in front of what it cannot read, then closes', async () => {
    const open: (() => void)[] = []
    const { port } = await serverOf({
      async echo(text) {
        if (text === 'slow') await new Promise<void>((resolve) => open.push(resolve))
        return text
      },
    })
    for (const form of [framed, bytesOf]) {
      const garbage = raw(port)
      const calls = ['fine', 'slow'].map((text, i) => form(call('echo', i + 1, echoArgs(text))))
      garbage.socket.write(Buffer.concat([...calls, Buffer.from('garbage, not Thrift')]))
      await expect.poll(garbage.received).toContain(reply('echo', 1, 'fine'))
      await expect.poll(() => open.length).toBe(1)
      open.pop()!()
      await garbage.closed
      expect(garbage.received()).toContain(reply('echo', 2, 'slow'))
    }
  })

  it.each([
    ["Apache Thrift's THeader transport", bytesOf('0000003a0fff0000000000010001020000000000')],
    ["Apache Thrift's JSON protocol", Buffer.from('[1,"echo",1,1,{}]')],
    ["Apache Thrift's JSON protocol", Buffer.concat([bytesOf('00000011'), Buffer.from('[1,"echo",1,1,{}]')])],
    ["Apache Thrift's zlib transport", deflateSync(bytesOf(call('echo', 1, '00')))],
    ["Apache Thrift's zlib transport", framed(deflateSync(bytesOf(call('echo', 1, '00'))).toString('hex'))],
    ['TLS', bytesOf('1603010200010001fc0303')],
  ])('closes at once on a client that speaks %s and names it', async (spoken, first) => {
    const errors: unknown[] = []
    const { port } = await serverOf({}, { onError: (error) => void errors.push(error) })
    const { socket, closed } = raw(port)
    socket.write(first)
    await closed
    expect(errors).toMatchObject([{ message: expect.stringContaining(`; the peer seems to speak ${spoken}`) }])
  })

  it('names what a client speaks that has spoken Thrift before', async () => {
    const errors: unknown[] = []
    const { port } = await serverOf({}, { onError: (error) => void errors.push(error) })
    const { socket, closed } = raw(port)
    socket.write(Buffer.concat([framed(call('echo', 1, echoArgs('x'))), Buffer.from('[1,"echo",1,1,{}]')]))
    await closed
    expect(errors).toMatchObject([{ message: expect.stringContaining('JSON protocol') }])
  })

  it('refuses a payload transform by name and keeps the connection', async () => {
    const { port } = await serverOf()
    const { socket, received } = raw(port)
    socket.write(framed(`1000000000000001000100010100${framed(call('echo', 1, echoArgs('x'))).toString('hex')}`))
    await expect
      .poll(() => Buffer.from(received(), 'hex').toString('latin1'))
      .toContain('transform zlib (1) is not supported')
    expect(received()).toContain(Buffer.from('rpc-code').toString('hex'))
    socket.write(framed(call('echo', 2, echoArgs('fine'))))
    await expect.poll(received).toContain(reply('echo', 2, 'fine'))
  })

  it('cancels the calls of a client that has gone', async () => {
    const reasons: string[] = []
    const { port, server } = await serverOf({
      echo: (_text, cx) =>
        new Promise<string>(() => {
          cx.onCancel((reason) => reasons.push(reason.code))
        }),
    })
    const { socket } = raw(port)
    socket.write(Buffer.concat([1, 2].map((i) => framed(call('echo', i, echoArgs('x'))))))
    await expect.poll(() => server.router.inFlight).toBe(2)
    socket.resetAndDestroy()
    await expect.poll(() => reasons).toEqual(['CANCELLED', 'CANCELLED'])
    expect(server.router.inFlight).toBe(0)
  })

  it('never answers a oneway call, not even one that fails', async () => {
    const errors: unknown[] = []
    const { port } = await serverOf(
      {
        fire() {
          throw new Error('unheard')
        },
      },
      { onError: (error) => void errors.push(error) },
    )
    const { socket, received } = raw(port)
    socket.write(
      Buffer.concat([
        framed(call('fire', 1, echoArgs('x'), 4)),
        framed(call('gone', 2, '00', 4)),
        framed(call('echo', 3, echoArgs('y'))),
      ]),
    )
    await expect.poll(received).toBe(framed(reply('echo', 3, 'y')).toString('hex'))
    expect(errors).toMatchObject([{ message: 'unheard' }])
  })

  it('refuses calls over the limit of a connection', async () => {
    const { port } = await serverOf(
      { echo: () => new Promise<string>(() => {}) },
      { thrift: { maxConcurrentCalls: 2 } },
    )
    const { client } = clientOf(port, { connections: 'multiplexed' })
    const calls = Array.from({ length: 5 }, () =>
      client.echo('x', { timeoutMs: 300 }).catch((error: RpcError) => error.code),
    )
    expect((await Promise.all(calls)).sort()).toEqual([
      'DEADLINE_EXCEEDED',
      'DEADLINE_EXCEEDED',
      'RESOURCE_EXHAUSTED',
      'RESOURCE_EXHAUSTED',
      'RESOURCE_EXHAUSTED',
    ])
  })

  it('stops reading from a client that does not read', async () => {
    let calls = 0
    const big = 'x'.repeat(100_000)
    const { port } = await serverOf({
      echo() {
        calls++
        return big
      },
    })
    const socket = netConnect(port, '127.0.0.1')
    socket.on('error', () => {})
    onCleanup(() => socket.destroy())
    for (let i = 1; i <= 400; i++) socket.write(framed(call('echo', i, echoArgs('x'.repeat(60_000)))))
    await expect.poll(() => calls).toBeGreaterThan(5)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(calls).toBeLessThan(200)
    socket.resume()
    await expect.poll(() => calls, { timeout: 15_000 }).toBe(400)
  })

  it('tells multiplexed clients to go before it closes', async () => {
    let release: (text: string) => void = () => {}
    const { port, server } = await serverOf({
      echo: () =>
        new Promise<string>((resolve) => {
          release = resolve
        }),
    })
    const { socket, received, closed } = raw(port)
    const payload = framed(call('echo', 1, echoArgs('x'))).toString('hex')
    socket.write(framed(`1000000100000001000100000000${payload}`))
    await expect.poll(() => server.router.inFlight).toBe(1)
    const closing = server.close({ drainMs: 10_000 })
    await expect.poll(received).toContain('6372727374')
    expect(received().slice(8, 32)).toMatch(/^1000000000000000/)
    release('bye')
    await closing
    await closed
    expect(received().split('6372727374')).toHaveLength(3)
  })

  it('lives through any bytes, and serves the next client', async () => {
    const { port } = await serverOf({}, { limits: { firstBytesTimeoutMs: 200 } })
    const valid = Buffer.concat([
      framed(call('echo', 1, echoArgs('hello'))),
      framed(
        `1000000000000001000400000100010003` +
          `69736e00044563686f` +
          '00'.repeat(2) +
          framed(call('echo', 1, echoArgs('x'))).toString('hex'),
      ),
      bytesOf(call('echo', 2, echoArgs('bare'))),
    ])
    const send = (bytes: Uint8Array): Promise<void> =>
      new Promise((resolve) => {
        const socket = netConnect(port, '127.0.0.1', () => socket.end(bytes))
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.resume()
      })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
            const bytes = Uint8Array.from(valid)
            for (const [at, value] of changes) bytes[at] = value
            return bytes
          }),
        ),
        send,
      ),
      { numRuns: 300 },
    )
    expect(await clientOf(port).client.echo('alive')).toBe('alive')
  })
})
