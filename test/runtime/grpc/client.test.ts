import { mkdtempSync, rmSync } from 'node:fs'
import * as http2 from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { packageVersion } from '../../../src/runtime/core/version.ts'
import type { GrpcOptions } from '../../../src/runtime/grpc/client/grpc-options.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { encodeStatusDetails } from '../../../src/runtime/grpc/status.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { all, failure } from '../../support/settle.ts'
import { Echo, type EchoClient, Missing, NewerEcho, Note, type NoteInput, serveEcho } from './echo.ts'
import { type GrpcJsServer, serveGrpcJs } from './grpc-js.ts'

function dial(address: string, options?: GrpcOptions): { transport: Transport; echo: EchoClient } {
  const transport = grpc(address, options)
  onCleanup(() => transport.close({ drainMs: 0 }))
  return { transport, echo: createClient(Echo, transport) }
}

async function withGrpcJs(
  implementation: object,
  options?: GrpcOptions,
): Promise<{ server: GrpcJsServer; echo: EchoClient; transport: Transport }> {
  const server = await serveGrpcJs(implementation, {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  onCleanup(() => server.close())
  return { server, ...dial(server.address, options) }
}

type Call = grpcJs.ServerDuplexStream<NoteInput, NoteInput> & { request: NoteInput }
type Reply = (error: Partial<grpcJs.StatusObject> | null, note?: NoteInput, trailer?: grpcJs.Metadata) => void

describe('a gRPC client calling grpc-js', () => {
  it('makes unary calls', async () => {
    const { echo } = await withGrpcJs({ Unary: (call: Call, reply: Reply) => reply(null, call.request) })
    const note = { text: 'grüße', count: -5, data: new Uint8Array([1, 2, 3]) }
    expect(await echo.unary(note)).toEqual(note)
  })

  it('streams requests, also none', async () => {
    const { echo } = await withGrpcJs({
      Collect(call: Call, reply: Reply) {
        const texts: string[] = []
        call.on('data', (note: NoteInput) => texts.push(note.text ?? ''))
        call.on('end', () => reply(null, { text: texts.join(','), count: texts.length }))
      },
    })
    async function* requests(): AsyncGenerator<NoteInput> {
      yield { text: 'a' }
      await new Promise((resolve) => setTimeout(resolve, 5))
      yield { text: 'b' }
    }
    expect(await echo.collect(requests())).toMatchObject({ text: 'a,b', count: 2 })
    expect(await echo.collect([])).toMatchObject({ text: '', count: 0 })
  })

  it('reads streamed responses, also none', async () => {
    const { echo } = await withGrpcJs({
      Expand(call: Call) {
        for (let count = 0; count < (call.request.count ?? 0); count++) call.write({ count })
        call.end()
      },
    })
    expect((await all(echo.expand({ count: 1000 }))).map((note) => note.count)).toEqual(
      Array.from({ length: 1000 }, (_, count) => count),
    )
    expect(await all(echo.expand({ count: 0 }))).toEqual([])
  })

  it('plays ping-pong: each request waits for the answer before', async () => {
    const { echo } = await withGrpcJs({
      Chat(call: Call) {
        call.on('data', (note: NoteInput) => call.write({ text: `re ${note.text}` }))
        call.on('end', () => call.end())
      },
    })
    let next: (note: NoteInput | undefined) => void = () => {}
    async function* requests(): AsyncGenerator<NoteInput> {
      yield { text: '0' }
      for (;;) {
        const note = await new Promise<NoteInput | undefined>((resolve) => {
          next = resolve
        })
        if (note === undefined) return
        yield note
      }
    }
    const heard: string[] = []
    for await (const note of echo.chat(requests())) {
      heard.push(note.text)
      next(heard.length < 4 ? { text: String(heard.length) } : undefined)
    }
    expect(heard).toEqual(['re 0', 're 1', 're 2', 're 3'])
  })

  it('ends well when the server answers before the requests have ended, and tells their producer', async () => {
    const { echo } = await withGrpcJs({
      Collect(call: Call, reply: Reply) {
        call.once('data', () => reply(null, { text: 'enough' }))
      },
    })
    let ended = false
    async function* requests(): AsyncGenerator<NoteInput> {
      try {
        for (;;) {
          yield { text: 'more' }
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      } finally {
        ended = true
      }
    }
    expect(await echo.collect(requests())).toMatchObject({ text: 'enough' })
    await expect.poll(() => ended).toBe(true)
  })

  it('sends and receives metadata: text, bytes, duplicates, in order', async () => {
    let received: Record<string, grpcJs.MetadataValue[]> = {}
    const { echo } = await withGrpcJs({
      Unary(call: Call, reply: Reply) {
        received = { two: call.metadata.get('x-two'), some: call.metadata.get('x-some-bin') }
        const headers = new grpcJs.Metadata()
        headers.add('x-first', 'a')
        headers.add('x-raw-bin', Buffer.from([0, 255]))
        headers.add('x-raw-bin', Buffer.from([]))
        call.sendMetadata(headers)
        const trailers = new grpcJs.Metadata()
        trailers.add('x-last', 'z')
        reply(null, call.request, trailers)
      },
    })
    let headers: Metadata | undefined
    let trailers: Metadata | undefined
    await echo.unary(
      { text: 'x' },
      {
        metadata: [
          ['X-Two', '1'],
          ['x-two', '2'],
          ['x-some-bin', new Uint8Array([9, 8, 7, 6])],
          ['x-some-bin', new Uint8Array(0)],
        ],
        onHeaders: (metadata) => {
          headers = metadata
        },
        onTrailers: (metadata) => {
          trailers = metadata
        },
      },
    )
    expect(received).toEqual({ two: ['1, 2'], some: [Buffer.from([9, 8, 7, 6]), Buffer.from([])] })
    expect(headers?.getAll('x-first')).toEqual(['a'])
    expect(headers?.getAll('x-raw-bin')).toEqual([new Uint8Array([0, 255]), new Uint8Array(0)])
    expect(trailers?.get('x-last')).toBe('z')
  })

  it.each([
    [{ 'x y': '1' }, /metadata name "x y" is not valid/],
    [{ 'x-text': 'ümlaut' }, /"x-text" has a value that is not printable ASCII/],
    [{ 'x-text': 'a\r\nb: c' }, /"x-text"/],
    [{ 'x-bytes-bin': 'text' }, /must be a Uint8Array/],
    [{ 'x-bytes': new Uint8Array(1) }, /need a name that ends in -bin/],
  ])('refuses the metadata %o before it is sent', async (metadata, message) => {
    const { echo } = await withGrpcJs({ Unary: (call: Call, reply: Reply) => reply(null, call.request) })
    const error = await failure(echo.unary({}, { metadata: metadata as Record<string, string> }))
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.message).toMatch(message)
    expect(await echo.unary({ text: 'next' })).toMatchObject({ text: 'next' })
  })

  it('writes its own user-agent', async () => {
    let seen: object = {}
    const { echo } = await withGrpcJs({
      Unary(call: Call, reply: Reply) {
        seen = call.metadata.getMap()
        reply(null, call.request)
      },
    })
    await echo.unary({}, { metadata: { 'user-agent': 'me', 'x-mine': '1' } })
    expect(seen).toMatchObject({ 'x-mine': '1', 'user-agent': expect.stringMatching(/^grpc-node-volo-ts\//) })
    expect(Object.keys(seen).sort()).toEqual(['user-agent', 'x-mine'])
  })

  it('gets code, message, details and metadata of a failure', async () => {
    const message = 'kein 车 da, 100 % ☠\n'
    const details = [{ typeUrl: 'type.googleapis.com/x.Y', value: new Uint8Array([1, 2, 3]) }]
    const metadata = new grpcJs.Metadata()
    metadata.set('x-why', 'because')
    metadata.set('grpc-status-details-bin', Buffer.from(encodeStatusDetails('ABORTED', message, details)))
    const { echo } = await withGrpcJs({
      Unary: (_call: Call, reply: Reply) => reply({ code: grpcJs.status.ABORTED, details: message, metadata }),
    })
    const error = await failure(echo.unary({}))
    expect(error).toMatchObject({ code: 'ABORTED', message, details })
    expect(error.metadata?.get('x-why')).toBe('because')
  })

  it('knows all 17 codes', async () => {
    const { echo } = await withGrpcJs({
      Unary: (call: Call, reply: Reply) => reply({ code: call.request.count ?? 0, details: 'as asked' }),
    })
    const codes: string[] = []
    for (let count = 1; count <= 16; count++) codes.push((await failure(echo.unary({ count }))).code)
    expect(codes.map((code) => grpcJs.status[code as keyof typeof grpcJs.status])).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 1),
    )
  })

  it('gets the messages before an error of a stream, then the error', async () => {
    const { echo } = await withGrpcJs({
      Expand(call: Call) {
        call.write({ text: 'one' })
        call.write({ text: 'two' })
        call.emit('error', { code: grpcJs.status.OUT_OF_RANGE, details: 'enough' })
      },
    })
    const heard: string[] = []
    const error = await failure(
      (async () => {
        for await (const note of echo.expand({})) heard.push(note.text)
      })(),
    )
    expect(heard).toEqual(['one', 'two'])
    expect(error).toMatchObject({ code: 'OUT_OF_RANGE', message: 'enough' })
  })

  it('says UNIMPLEMENTED for an unknown method and an unknown service', async () => {
    const { transport } = await withGrpcJs({})
    expect((await failure(createClient(NewerEcho, transport).later({}))).code).toBe('UNIMPLEMENTED')
    expect((await failure(createClient(Missing, transport).unary({}))).code).toBe('UNIMPLEMENTED')
  })

  it('tells the server its deadline, and keeps it itself', async () => {
    let deadline: grpcJs.Deadline | undefined
    let cancelled = false
    const { echo } = await withGrpcJs({
      Unary(call: Call) {
        deadline = call.getDeadline()
        call.on('cancelled', () => {
          cancelled = true
        })
      },
    })
    const error = await failure(echo.unary({}, { timeoutMs: 150 }))
    expect(error.code).toBe('DEADLINE_EXCEEDED')
    expect(Number(deadline) - Date.now()).toBeLessThan(150)
    await expect.poll(() => cancelled).toBe(true)
  })

  it('cancels by signal and by leaving the loop, and the server hears of it', async () => {
    let cancelled = 0
    const { echo } = await withGrpcJs({
      Unary(call: Call) {
        call.on('cancelled', () => cancelled++)
      },
      Expand(call: Call) {
        call.on('cancelled', () => cancelled++)
        call.write({ text: 'one' })
      },
      Chat(call: Call) {
        call.on('cancelled', () => cancelled++)
        call.write({ text: 'hello' })
      },
    })
    const controller = new AbortController()
    const unary = failure(echo.unary({}, { signal: controller.signal }))
    setTimeout(() => controller.abort(), 50)
    expect((await unary).code).toBe('CANCELLED')
    await expect.poll(() => cancelled).toBe(1)
    for await (const note of echo.expand({})) {
      expect(note.text).toBe('one')
      break
    }
    await expect.poll(() => cancelled).toBe(2)
    let producerEnded = false
    async function* requests(): AsyncGenerator<NoteInput> {
      try {
        for (;;) {
          yield { text: 'x' }
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      } finally {
        producerEnded = true
      }
    }
    for await (const note of echo.chat(requests())) {
      expect(note.text).toBe('hello')
      break
    }
    await expect.poll(() => cancelled).toBe(3)
    await expect.poll(() => producerEnded).toBe(true)
  })

  it('carries messages far larger than the windows, both ways', async () => {
    const { echo } = await withGrpcJs(
      { Unary: (call: Call, reply: Reply) => reply(null, call.request) },
      { maxReceiveBytes: 64 * 1024 * 1024 },
    )
    const data = new Uint8Array(9 * 1024 * 1024).fill(7)
    const answer = await echo.unary({ data })
    expect(Buffer.from(answer.data).equals(Buffer.from(data))).toBe(true)
  })

  it('refuses messages beyond its limits, received and sent', async () => {
    const { echo } = await withGrpcJs(
      { Unary: (_call: Call, reply: Reply) => reply(null, { data: new Uint8Array(5 * 1024 * 1024) }) },
      { maxSendBytes: 1000 },
    )
    const received = await failure(echo.unary({}))
    expect(received.code).toBe('RESOURCE_EXHAUSTED')
    expect(received.message).toMatch(/maxReceiveBytes/)
    const sent = await failure(echo.unary({ data: new Uint8Array(2000) }))
    expect(sent).toMatchObject({ code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(/maxSendBytes/) })
  })

  it.each(['gzip', 'deflate'] as const)('compresses requests with %s', async (compression) => {
    const { echo } = await withGrpcJs(
      { Unary: (call: Call, reply: Reply) => reply(null, call.request) },
      { compression },
    )
    const text = 'volo '.repeat(5000)
    expect((await echo.unary({ text })).text).toBe(text)
    expect((await echo.unary({ text: 'short' })).text).toBe('short')
  })

  it('makes many calls at once on one connection', async () => {
    const { echo } = await withGrpcJs({ Unary: (call: Call, reply: Reply) => reply(null, call.request) })
    const answers = await Promise.all(Array.from({ length: 500 }, (_, count) => echo.unary({ count })))
    expect(answers.map(({ count }) => count)).toEqual(Array.from({ length: 500 }, (_, count) => count))
  })

  it('settles every call at once when grpc-js shuts down by force, and says what it finds then', async () => {
    const { server, echo } = await withGrpcJs({ Unary() {}, Expand() {} })
    const calls = [failure(echo.unary({})), failure(all(echo.expand({})))]
    await new Promise((resolve) => setTimeout(resolve, 100))
    server.close()
    // grpc-js resets its streams with CANCEL before it hangs up.
    for (const call of calls) expect(await call).toMatchObject({ code: expect.stringMatching(/CANCELLED|UNAVAILABLE/) })
    const gone = await failure(echo.unary({}))
    expect(gone).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(gone.message).toMatch(/refused/)
  })

  it('holds back a server whose messages nobody reads', async () => {
    let written = 0
    const { echo } = await withGrpcJs({
      Expand(call: Call) {
        const data = Buffer.alloc(64 * 1024)
        const write = (): void => {
          do written++
          while (call.write({ data }))
        }
        call.on('drain', write)
        write()
      },
    })
    const stream = echo.expand({})[Symbol.asyncIterator]()
    await stream.next()
    for (let before = -1; before !== written; ) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(written * 64 * 1024).toBeLessThan(8 * 1024 * 1024)
    for (let more = 0; more < 200; more++) await stream.next()
    expect(written).toBeGreaterThan(200)
    await stream.return?.()
  })
})

describe('a gRPC client calling our server', () => {
  it('calls all four kinds of methods', async () => {
    const port = await serveEcho()
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    expect(await echo.unary({ text: 'hello', count: 7 })).toEqual({ text: 'hello', count: 7, data: new Uint8Array(0) })
    expect(await echo.collect([{ text: 'a' }, { text: 'b' }])).toMatchObject({ text: 'a,b', count: 2 })
    expect((await all(echo.expand({ text: 'x', count: 3 }))).map((note) => note.count)).toEqual([0, 1, 2])
    expect((await all(echo.chat([{ text: 'p' }, { text: 'q' }]))).map((note) => note.text)).toEqual(['p', 'q'])
  })

  it('gets a BizError with its extra', async () => {
    const port = await serveEcho({
      unary() {
        throw new BizError(4001, 'zu wenig Guthaben für Ä', { konto: 'ä-1' })
      },
    })
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    const error = await echo.unary({}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BizError)
    expect(error).toMatchObject({ status: 4001, message: 'zu wenig Guthaben für Ä', extra: { konto: 'ä-1' } })
  })

  it('gets RpcErrors with details and metadata, and nothing of unknown throws', async () => {
    const port = await serveEcho(
      {
        unary(note) {
          if (note.text === 'unknown') throw new Error('secret')
          throw new RpcError('FAILED_PRECONDITION', 'nicht jetzt', {
            details: [{ typeUrl: 'type.googleapis.com/a.B', value: new Uint8Array([4]) }],
            metadata: new Metadata({ 'x-retry': 'later' }),
          })
        },
      },
      { router: { onError: () => {} } },
    )
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    const error = await failure(echo.unary({}))
    expect(error).toMatchObject({ code: 'FAILED_PRECONDITION', message: 'nicht jetzt' })
    expect(error.details).toEqual([{ typeUrl: 'type.googleapis.com/a.B', value: new Uint8Array([4]) }])
    expect(error.metadata?.get('x-retry')).toBe('later')
    expect(await failure(echo.unary({ text: 'unknown' }))).toMatchObject({
      code: 'INTERNAL',
      message: 'internal error',
    })
  })

  it('hands metainfo, caller and callee along, and backward entries back', async () => {
    let seen: object = {}
    const port = await serveEcho({
      async *expand(_note, cx) {
        seen = {
          caller: cx.caller,
          user: cx.metainfo.persistent.get('USER_ID'),
          trace: cx.metainfo.transient.get('TRACE'),
        }
        cx.metainfo.backward.set('EARLY', '1')
        yield {}
        cx.metainfo.backward.set('LATE', '2')
      },
    })
    onCleanup(() => port.close())
    const transport = grpc(port.address, { caller: 'web', callee: 'echo' })
    onCleanup(() => transport.close({ drainMs: 0 }))
    let backward: (readonly [string, string])[] = []
    const spy: Layer = (next) => async (cx, request) => {
      const stream = (await next(cx, request)) as AsyncIterable<unknown>
      return (async function* () {
        yield* stream
        backward = [...cx.metainfo.backward]
      })()
    }
    const echo = createClient(Echo, transport, { layers: [spy] })
    await all(echo.expand({}, { metainfo: { persistent: { USER_ID: '7' }, transient: { TRACE: 'abc' } } }))
    expect(seen).toEqual({ caller: 'web', user: '7', trace: 'abc' })
    expect(Object.fromEntries(backward)).toEqual({ EARLY: '1', LATE: '2' })
    await all(createClient(Echo, transport, { caller: 'other' }).expand({}))
    expect(seen).toMatchObject({ caller: 'other' })
  })

  it('fails with the cause when the producer of its requests throws, and the handler hears of the end', async () => {
    let heard: unknown
    const port = await serveEcho({
      async collect(notes) {
        try {
          for await (const _ of notes);
        } catch (error) {
          heard = error
        }
        return {}
      },
    })
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    const broken = new Error('producer broke')
    async function* requests(): AsyncGenerator<NoteInput> {
      yield {}
      throw broken
    }
    const error = await echo.collect(requests()).catch((thrown: unknown) => thrown)
    expect(error === broken || (error as Error).cause === broken).toBe(true)
    await expect.poll(() => (heard as RpcError | undefined)?.code).toBe('CANCELLED')
  })

  it('moves to a new connection after GOAWAY while calls on the old one end', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const port = await serveEcho({
      async unary(note) {
        if (note.text === 'slow') await gate
        return note
      },
    })
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    const slow = echo.unary({ text: 'slow' })
    await expect.poll(() => port.router.inFlight).toBe(1)
    const drained = port.connections[0]!.drain()
    await expect
      .poll(async () => {
        expect(await echo.unary({ text: 'fast' })).toMatchObject({ text: 'fast' })
        return port.connections.length
      })
      .toBe(2)
    release()
    expect(await slow).toMatchObject({ text: 'slow' })
    await drained
  })

  it('answers every call while the server sends GOAWAY over and over', async () => {
    const port = await serveEcho()
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    let running = true
    const goaway = (async () => {
      while (running) {
        for (const connection of port.connections) connection.drain()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, count) => echo.unary({ count })))
      expect(answers.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, (_, count) => count))
    }
    running = false
    await goaway
    expect(port.connections.length).toBeGreaterThan(1)
  })

  it('settles every call at once when the connection is cut, and makes a new one', async () => {
    const port = await serveEcho({
      unary: (note) => (note.text === 'wait' ? new Promise(() => {}) : note),
      async *expand() {
        await new Promise(() => {})
      },
      async *chat(notes) {
        yield {}
        for await (const _ of notes);
      },
    })
    onCleanup(() => port.close())
    const { echo } = dial(port.address)
    async function* requests(): AsyncGenerator<NoteInput> {
      yield {}
      await new Promise(() => {})
    }
    const calls = Array.from({ length: 5 }, () => failure(echo.unary({ text: 'wait' })))
    calls.push(failure(all(echo.expand({}))), failure(all(echo.chat(requests()))))
    await expect.poll(() => port.router.inFlight).toBe(7)
    port.sockets[0]!.destroy()
    for (const call of calls) expect(await call).toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
    expect(await echo.unary({ text: 'again' })).toMatchObject({ text: 'again' })
    expect(port.sockets.length).toBe(2)
    await expect.poll(() => port.router.inFlight).toBe(0)
  })

  it('reaches a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volo-grpc-'))
    onCleanup(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'echo.sock')
    const port = await serveEcho({}, { path })
    onCleanup(() => port.close())
    const { echo } = dial(`unix:${path}`)
    expect(await echo.unary({ text: 'by file' })).toMatchObject({ text: 'by file' })
  })

  it('closes: open calls fail at once, or end within the drain', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const port = await serveEcho({
      async unary(note) {
        await gate
        return note
      },
    })
    onCleanup(() => port.close())
    const first = dial(port.address)
    const hopeless = failure(first.echo.unary({}))
    await expect.poll(() => port.router.inFlight).toBe(1)
    await first.transport.close({ drainMs: 0 })
    expect(await hopeless).toMatchObject({ code: 'UNAVAILABLE' })
    await expect.poll(() => port.router.inFlight).toBe(0)
    const after = await failure(first.echo.unary({}))
    expect(after).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false, message: expect.stringMatching(/is closed/) })
    const second = dial(port.address)
    const patient = second.echo.unary({ text: 'patient' })
    const closed = second.transport.close()
    release()
    expect(await patient).toMatchObject({ text: 'patient' })
    await closed
  })
})

/** A server of raw bytes. */
async function raw(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(resolve)
      }),
  )
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A bare HTTP/2 server. */
async function bare(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<string> {
  const server = http2.createServer()
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onCleanup(
    () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy()
        server.close(resolve)
      }),
  )
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const emptyMessage = Buffer.from([0, 0, 0, 0, 0])

/** An answer of headers, body and trailers. */
function answering(
  headers: http2.OutgoingHttpHeaders,
  body: Uint8Array | undefined,
  trailers?: http2.OutgoingHttpHeaders,
): (stream: http2.ServerHttp2Stream) => void {
  return (stream) => {
    stream.respond(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    if (body !== undefined) stream.end(body)
  }
}

const ok = { ':status': 200, 'content-type': 'application/grpc' }

describe('a gRPC client answered by a bare HTTP/2 server', () => {
  it.each([
    [502, 'text/html', 'UNAVAILABLE'],
    [503, 'application/grpc', 'UNAVAILABLE'],
    [401, 'text/plain', 'UNAUTHENTICATED'],
    [403, 'text/plain', 'PERMISSION_DENIED'],
    [404, 'text/plain', 'UNIMPLEMENTED'],
    [400, 'text/plain', 'INTERNAL'],
    [418, 'text/plain', 'UNKNOWN'],
    [200, 'text/html', 'UNKNOWN'],
    [200, 'application/json', 'UNKNOWN'],
  ])('maps HTTP status %s with %s to %s', async (status, type, code) => {
    const { echo } = dial(await bare(answering({ ':status': status, 'content-type': type }, Buffer.from('<html>'))))
    const error = await failure(echo.unary({}))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(new RegExp(`did not answer in gRPC: HTTP status ${status}, content-type ${type}`))
    expect((await failure(all(echo.expand({})))).code).toBe(code)
  })

  it.each([
    [
      'trailers only',
      answering({ ...ok, 'grpc-status': '5', 'grpc-message': 'no%20x%' }, undefined),
      'NOT_FOUND',
      'no x%',
    ],
    [
      'no status in the trailers',
      answering(ok, emptyMessage, { 'x-a': '1' }),
      'UNKNOWN',
      'the server sent no grpc-status',
    ],
    ['no trailers', answering(ok, emptyMessage), 'INTERNAL', 'the server ended the stream without a status'],
    [
      'a status that is none',
      answering(ok, emptyMessage, { 'grpc-status': '99' }),
      'UNKNOWN',
      'the server sent grpc-status "99"',
    ],
    ['OK without a message', answering(ok, Buffer.alloc(0), { 'grpc-status': '0' }), 'UNIMPLEMENTED', /no response/],
    ['OK as trailers only', answering({ ...ok, 'grpc-status': '0' }, undefined), 'UNIMPLEMENTED', /no response/],
    [
      'two messages',
      answering(ok, Buffer.concat([emptyMessage, emptyMessage]), { 'grpc-status': '0' }),
      'UNIMPLEMENTED',
      /more than one/,
    ],
    [
      'half a message',
      answering(ok, Buffer.from([0, 0, 0, 0, 9]), { 'grpc-status': '0' }),
      'UNIMPLEMENTED',
      /half a response/,
    ],
    [
      'an unknown flag',
      answering(ok, Buffer.from([7, 0, 0, 0, 0]), { 'grpc-status': '0' }),
      'INTERNAL',
      /first byte is 7/,
    ],
    [
      '4 GiB to come',
      answering(ok, Buffer.from([0, 255, 255, 255, 255]), { 'grpc-status': '0' }),
      'RESOURCE_EXHAUSTED',
      /limit/,
    ],
    [
      'no protobuf',
      answering(ok, Buffer.from([0, 0, 0, 0, 1, 255]), { 'grpc-status': '0' }),
      'INTERNAL',
      /malformed protobuf/,
    ],
    [
      'an unknown compression',
      answering({ ...ok, 'grpc-encoding': 'snappy' }, emptyMessage, { 'grpc-status': '0' }),
      'INTERNAL',
      /snappy/,
    ],
    [
      'broken metadata',
      answering({ ...ok, 'x-a-bin': '!' }, emptyMessage, { 'grpc-status': '0' }),
      'INTERNAL',
      /x-a-bin/,
    ],
    [
      'broken metadata at the end',
      answering(ok, emptyMessage, { 'grpc-status': '0', 'x-a-bin': '!' }),
      'INTERNAL',
      /x-a-bin/,
    ],
  ])('takes %s for a failure', async (_what, onStream, code, message) => {
    const { echo } = dial(await bare(onStream))
    const error = await failure(echo.unary({}))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  it('takes an empty stream that is trailers only for one without messages', async () => {
    const { echo } = dial(await bare(answering({ ...ok, 'grpc-status': '0', 'x-a': '1' }, undefined)))
    let trailers: Metadata | undefined
    const stream = echo.expand({}, { onTrailers: (metadata) => (trailers = metadata) })
    expect(await all(stream)).toEqual([])
    expect(trailers?.get('x-a')).toBe('1')
  })

  it('gives a stream its messages before a cut-off one fails it', async () => {
    const body = Buffer.concat([emptyMessage, Buffer.from([0, 0, 0, 0, 9, 1])])
    const { echo } = dial(await bare(answering(ok, body, { 'grpc-status': '0' })))
    const stream = echo.expand({})[Symbol.asyncIterator]()
    expect((await stream.next()).done).toBe(false)
    expect(await failure(stream.next())).toMatchObject({ code: 'INTERNAL', message: 'the last message was cut off' })
  })

  it('sends the header fields of the specification', async () => {
    let headers: http2.IncomingHttpHeaders = {}
    const address = await bare((stream, received) => {
      headers = received
      answering({ ...ok, 'grpc-status': '5' }, undefined)(stream)
    })
    const options = { userAgent: 'shop/1.0', caller: 'web', callee: 'echo', authority: 'echo.internal' }
    await failure(dial(address, options).echo.unary({}, { timeoutMs: 60_000 }))
    expect(Object.keys(headers).slice(0, 4).sort()).toEqual([':authority', ':method', ':path', ':scheme'])
    expect(headers).toMatchObject({
      ':method': 'POST',
      ':path': '/test.Echo/Unary',
      ':scheme': 'http',
      ':authority': 'echo.internal',
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': `shop/1.0 grpc-node-volo-ts/${packageVersion}`,
      'grpc-accept-encoding': expect.stringMatching(/^identity,deflate,gzip,br(,zstd)?$/),
      'source-service': 'web',
      'destination-service': 'echo',
      'grpc-timeout': expect.stringMatching(/^(?:60000|5\d{4})m$/),
    })
  })

  it.each([
    [http2.constants.NGHTTP2_CANCEL, 'CANCELLED'],
    [http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 'RESOURCE_EXHAUSTED'],
    [http2.constants.NGHTTP2_INADEQUATE_SECURITY, 'PERMISSION_DENIED'],
    [http2.constants.NGHTTP2_INTERNAL_ERROR, 'INTERNAL'],
    [http2.constants.NGHTTP2_PROTOCOL_ERROR, 'INTERNAL'],
  ])('maps RST_STREAM %s to %s', async (code, expected) => {
    const { echo } = dial(await bare((stream) => stream.close(code)))
    expect(await failure(echo.unary({}))).toMatchObject({ code: expected, bytesSent: true })
  })

  it('sends a refused call once more, and no more', async () => {
    let streams = 0
    const { echo } = dial(
      await bare((stream) => {
        streams++
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      }),
    )
    expect(await failure(echo.unary({}))).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(streams).toBe(2)
  })
})

describe('a gRPC client that finds no gRPC server', () => {
  it('says what it could not reach', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { echo } = dial(`127.0.0.1:${port}`)
    const error = await failure(echo.unary({}))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(error.message).toContain(`127.0.0.1:${port}`)
  })

  it('fails at once when the peer speaks something else', async () => {
    const { echo } = dial(await raw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect((await failure(echo.unary({}))).code).toBe('UNAVAILABLE')
  })

  it('fails at once when the peer hangs up', async () => {
    const { echo } = dial(await raw((socket) => socket.destroy()))
    expect((await failure(echo.unary({}))).code).toBe('UNAVAILABLE')
    expect((await failure(all(echo.expand({})))).code).toBe('UNAVAILABLE')
    expect((await failure(echo.collect([{}]))).code).toBe('UNAVAILABLE')
  })

  it('gives up a silent peer by the deadline, and by the signal before the connection stands', async () => {
    const { echo } = dial(await raw(() => {}))
    expect((await failure(echo.unary({}, { timeoutMs: 100 }))).code).toBe('DEADLINE_EXCEEDED')
    const aborted = AbortSignal.abort()
    expect((await failure(echo.unary({}, { signal: aborted }))).code).toBe('CANCELLED')
  })

  it('refuses a Thrift service, and an address that is none', () => {
    const transport = grpc('127.0.0.1:1')
    onCleanup(() => transport.close({ drainMs: 0 }))
    const shop = { ...Echo, idl: 'thrift', fullName: 'Shop' } as ServiceType
    expect(() => transport.bind(shop)).toThrow(/Shop is a Thrift service.*use thrift\(\)/)
    expect(() => grpc('http://x:1')).toThrow(/invalid address/)
    expect(() => grpc('127.0.0.1:1', { caller: 'ümlaut' })).toThrow(/caller/)
    expect(Note.typeName).toBe('test.Note')
  })
})
