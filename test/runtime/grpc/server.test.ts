import * as http2 from 'node:http2'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import * as grpcJs from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import { sendHeaders } from '../../../src/runtime/grpc/server/call.ts'
import { grpcWire } from '../../../src/runtime/grpc/server/wire.ts'
import { decodeStatusDetails } from '../../../src/runtime/grpc/status.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { deferred } from '../../support/settle.ts'
import { type EchoPort, serveEcho } from './echo.ts'
import { type GrpcJsClient, grpcJsClient, grpcJsUnary, readAll } from './grpc-js.ts'

async function serve(...args: Parameters<typeof serveEcho>): Promise<{ port: EchoPort; client: GrpcJsClient }> {
  const port = await serveEcho(...args)
  onCleanup(() => port.close())
  const client = grpcJsClient(port.address, {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  onCleanup(() => client.close())
  return { port, client }
}

const none = new grpcJs.Metadata()

describe('a gRPC server called by grpc-js', () => {
  it('answers unary calls', async () => {
    const { client } = await serve()
    const { note, status } = await grpcJsUnary(client, { text: 'grüße', count: 5, data: Buffer.from([1, 2]) })
    expect(note).toMatchObject({ text: 'grüße', count: 5 })
    expect(status.code).toBe(grpcJs.status.OK)
  })

  it('reads streamed requests', async () => {
    const { client } = await serve()
    const note = await new Promise((resolve, reject) => {
      const call = client.collect(none, {}, (error, reply) => (error === null ? resolve(reply) : reject(error)))
      for (const text of ['a', 'b', 'c']) call.write({ text })
      call.end()
    })
    expect(note).toMatchObject({ text: 'a,b,c', count: 3 })
  })

  it('reads an empty stream of requests', async () => {
    const { client } = await serve()
    const note = await new Promise((resolve, reject) => {
      client.collect(none, {}, (error, reply) => (error === null ? resolve(reply) : reject(error))).end()
    })
    expect(note).toEqual({})
  })

  it('streams responses, also none', async () => {
    const { client } = await serve()
    const three = await readAll(client.expand({ text: 'x', count: 3 }, none, {}))
    expect(three.notes.map((note) => note.count ?? 0)).toEqual([0, 1, 2])
    expect(three.status.code).toBe(grpcJs.status.OK)
    const zero = await readAll(client.expand({ count: 0 }, none, {}))
    expect(zero).toMatchObject({ notes: [], status: { code: grpcJs.status.OK } })
  })

  it('plays ping-pong on a bidirectional stream', async () => {
    const { client } = await serve()
    const call = client.chat(none, {})
    const heard: string[] = []
    await new Promise<void>((resolve, reject) => {
      call.on('error', reject)
      call.on('data', (note: { text: string }) => {
        heard.push(note.text)
        if (heard.length === 3) call.end()
        else call.write({ text: `ping ${heard.length}` })
      })
      call.on('end', resolve)
      call.write({ text: 'ping 0' })
    })
    expect(heard).toEqual(['ping 0', 'ping 1', 'ping 2'])
  })

  it('may end a stream while requests still come', async () => {
    const { client } = await serve({
      async *chat(notes) {
        for await (const note of notes) {
          yield note
          return
        }
      },
    })
    const call = client.chat(none, {})
    call.write({ text: 'one' })
    call.write({ text: 'two' })
    const { notes, status } = await readAll(call)
    expect(notes).toMatchObject([{ text: 'one' }])
    expect(status.code).toBe(grpcJs.status.OK)
  })

  it('gives and takes metadata: text, bytes, duplicates, in order', async () => {
    let received: (readonly [string, unknown])[] = []
    const { client } = await serve({
      unary(note, cx) {
        received = [...cx.requestHeaders].filter(([name]) => name.startsWith('x-'))
        cx.responseHeaders
          .append('x-first', 'a')
          .append('x-first', 'b')
          .append('x-raw-bin', new Uint8Array([0, 255, 128]))
        cx.responseTrailers.set('x-last', 'z').set('x-end-bin', new Uint8Array([7]))
        return note
      },
    })
    const metadata = new grpcJs.Metadata()
    metadata.add('x-two', '1')
    metadata.add('x-two', '2')
    metadata.add('x-some-bin', Buffer.from([1, 2, 3, 4]))
    metadata.add('x-some-bin', Buffer.from([5]))
    const { headers, status } = await grpcJsUnary(client, {}, metadata)
    expect(received).toEqual([
      ['x-two', '1'],
      ['x-two', '2'],
      ['x-some-bin', new Uint8Array([1, 2, 3, 4])],
      ['x-some-bin', new Uint8Array([5])],
    ])
    expect(headers?.get('x-first')).toEqual(['a, b'])
    expect(headers?.get('x-raw-bin')).toEqual([Buffer.from([0, 255, 128])])
    expect(status.metadata.get('x-last')).toEqual(['z'])
    expect(status.metadata.get('x-end-bin')).toEqual([Buffer.from([7])])
  })

  it('sends the code, a message in any language, and details', async () => {
    const message = 'no such 车 – 100 % \t\r\n gone ☠'
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: new Uint8Array([10, 2, 8, 1]) }]
    const { client } = await serve({
      unary() {
        throw new RpcError('NOT_FOUND', message, { details })
      },
    })
    const { error, status } = await grpcJsUnary(client, {})
    expect(error?.code).toBe(grpcJs.status.NOT_FOUND)
    expect(status.details).toBe(message)
    const raw = status.metadata.get('grpc-status-details-bin')[0]
    expect(decodeStatusDetails(raw as Buffer)).toEqual(details)
  })

  it.each([
    ['unary', (client: GrpcJsClient) => grpcJsUnary(client, {})],
    ['expand', (client: GrpcJsClient) => readAll(client.expand({}, none, {}))],
  ] as const)('tells the peer nothing of an unknown throw in %s, and onError everything', async (name, call) => {
    const errors: unknown[] = []
    const secret = new Error('password is hunter2')
    const handler = {
      unary() {
        throw secret
      },
      // biome-ignore lint/correctness/useYield: the throw comes before the first message
      async *expand() {
        throw secret
      },
    }
    const { client } = await serve(handler, { router: { onError: (error) => errors.push(error) } })
    const { status } = await call(client)
    expect(name).toBeDefined()
    expect(status).toMatchObject({ code: grpcJs.status.INTERNAL, details: 'internal error' })
    expect(errors).toEqual([secret])
  })

  it('sends an error after messages as trailers', async () => {
    const { client } = await serve({
      async *expand() {
        yield { text: 'one' }
        throw new RpcError('DATA_LOSS', 'the rest is gone')
      },
    })
    const { notes, status } = await readAll(client.expand({}, none, {}))
    expect(notes).toMatchObject([{ text: 'one' }])
    expect(status).toMatchObject({ code: grpcJs.status.DATA_LOSS, details: 'the rest is gone' })
  })

  it('sends a BizError as UNKNOWN with biz trailers', async () => {
    const { client } = await serve({
      unary() {
        throw new BizError(4001, 'zu wenig Guthaben für Ä', { account: 'ä-1' })
      },
    })
    const { status } = await grpcJsUnary(client, {})
    expect(status).toMatchObject({ code: grpcJs.status.UNKNOWN, details: 'zu wenig Guthaben für Ä' })
    expect(status.metadata.get('biz-status')).toEqual(['4001'])
    expect(JSON.parse(String(status.metadata.get('biz-extra')[0]))).toEqual({ account: 'ä-1' })
  })

  it('says UNIMPLEMENTED for an unknown method and an unknown service', async () => {
    const { port } = await serve()
    const generic = new grpcJs.Client(port.address, grpcJs.credentials.createInsecure())
    onCleanup(() => generic.close())
    const ask = (path: string): Promise<grpcJs.ServiceError | null> =>
      new Promise((resolve) => {
        const identity = (bytes: Buffer): Buffer => bytes
        generic.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), (error) => resolve(error))
      })
    expect(await ask('/test.Echo/Later')).toMatchObject({
      code: grpcJs.status.UNIMPLEMENTED,
      details: 'the service "test.Echo" has no method "Later"',
    })
    expect(await ask('/test.Missing/Unary')).toMatchObject({
      code: grpcJs.status.UNIMPLEMENTED,
      details: 'there is no service "test.Missing"',
    })
  })

  it('hears of a deadline and ends the handler by it', async () => {
    let seen: Context | undefined
    let reason: string | undefined
    const { client } = await serve({
      unary: (_note, cx) =>
        new Promise((_resolve, reject) => {
          seen = cx
          cx.onCancel((error) => {
            reason = error.code
            reject(error)
          })
        }),
    })
    const { status } = await grpcJsUnary(client, {}, none, { deadline: Date.now() + 200 })
    expect(status.code).toBe(grpcJs.status.DEADLINE_EXCEEDED)
    expect(seen?.deadline).toBeLessThan(performance.now() + 200)
    await expect.poll(() => reason).toMatch(/DEADLINE_EXCEEDED|CANCELLED/)
  })

  it('cancels the handler when the caller cancels, also in the middle of a stream', async () => {
    const reasons: string[] = []
    const ended: string[] = []
    const { client, port } = await serve({
      unary: (_note, cx) =>
        new Promise((_resolve, reject) => {
          cx.onCancel((error) => {
            reasons.push(error.code)
            reject(error)
          })
        }),
      async *expand(note, cx) {
        cx.onCancel((error) => reasons.push(error.code))
        try {
          for (;;) yield note
        } finally {
          ended.push('expand')
        }
      },
    })
    const unary = client.unary({}, none, {}, () => {})
    unary.on('error', () => {})
    await expect.poll(() => port.router.inFlight).toBe(1)
    unary.cancel()
    await expect.poll(() => reasons).toEqual(['CANCELLED'])
    const stream = client.expand({ text: 'x' }, none, {})
    stream.on('error', () => {})
    stream.once('data', () => stream.cancel())
    await expect.poll(() => ended).toEqual(['expand'])
    await expect.poll(() => reasons).toEqual(['CANCELLED', 'CANCELLED'])
    await expect.poll(() => port.router.inFlight).toBe(0)
  })

  it('flushes headers before the first message when asked', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { client } = await serve({
      async *expand(_note, cx) {
        cx.responseHeaders.set('x-early', 'yes')
        sendHeaders(cx)
        await gate
        yield { text: 'late' }
      },
    })
    const stream = client.expand({}, none, {})
    const early = await new Promise<grpcJs.Metadata>((resolve) => stream.once('metadata', resolve))
    expect(early.get('x-early')).toEqual(['yes'])
    release()
    expect((await readAll(stream)).notes).toMatchObject([{ text: 'late' }])
  })

  it('carries messages far larger than the windows, both ways', async () => {
    const { client } = await serve({}, { wire: { maxReceiveBytes: 64 * 1024 * 1024 } })
    const data = Buffer.alloc(9 * 1024 * 1024, 'volo')
    const { note, error } = await grpcJsUnary(client, { data })
    expect(error).toBeUndefined()
    expect(data.equals(note?.data as Buffer)).toBe(true)
  })

  it('refuses a message beyond its limit', async () => {
    const { client } = await serve()
    const { status } = await grpcJsUnary(client, { data: Buffer.alloc(4 * 1024 * 1024 + 1) })
    expect(status.code).toBe(grpcJs.status.RESOURCE_EXHAUSTED)
    expect(status.details).toMatch(/larger than the limit of 4194304 \(maxReceiveBytes\)/)
    expect((await grpcJsUnary(client, { text: 'still here' })).note).toMatchObject({ text: 'still here' })
  })

  it('reads compressed requests and compresses responses', async () => {
    const { port } = await serve({}, { wire: { compression: 'gzip', acceptCompression: ['gzip', 'deflate'] } })
    const text = 'volo '.repeat(2000)
    for (const algorithm of [1, 2]) {
      const client = grpcJsClient(port.address, { 'grpc.default_compression_algorithm': algorithm })
      onCleanup(() => client.close())
      const { note, headers } = await grpcJsUnary(client, { text })
      expect(note?.text).toBe(text)
      expect(headers).toBeDefined()
    }
  })

  it('answers many calls at once on one connection', async () => {
    const { client } = await serve()
    const outcomes = await Promise.all(Array.from({ length: 500 }, (_, count) => grpcJsUnary(client, { count })))
    expect(outcomes.map(({ note }) => note?.count ?? 0)).toEqual(Array.from({ length: 500 }, (_, count) => count))
  })

  it('drains with GOAWAY: the calls in flight end well', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { client, port } = await serve({
      async unary(note) {
        await gate
        return note
      },
    })
    const call = grpcJsUnary(client, { text: 'before' })
    await expect.poll(() => port.router.inFlight).toBe(1)
    const drained = port.connections[0]!.drain()
    release()
    expect((await call).note).toMatchObject({ text: 'before' })
    await drained
  })

  it('cancels its calls when the connection is destroyed', async () => {
    let reason: RpcError | undefined
    const { client, port } = await serve({
      unary: (_note, cx) =>
        new Promise((_resolve, reject) => {
          cx.onCancel((error) => {
            reason = error
            reject(error)
          })
        }),
    })
    const call = grpcJsUnary(client, {})
    await expect.poll(() => port.router.inFlight).toBe(1)
    port.connections[0]!.destroy()
    expect((await call).status.code).toBe(grpcJs.status.UNAVAILABLE)
    expect(reason?.message).toMatch(/lost/)
  })
})

describe('grpcWire', () => {
  it('recognises the preface of HTTP/2, byte by byte', () => {
    const { match } = grpcWire()
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    for (let size = 1; size < preface.length; size++) expect(match(preface.subarray(0, size))).toBe('more')
    expect(match(preface)).toBe('yes')
    expect(match(Buffer.concat([preface, Buffer.from([0, 0])]))).toBe('yes')
    expect(match(Buffer.from('PRI * HTTP/1'))).toBe('no')
    expect(match(Buffer.from('POST / HTTP/1.1'))).toBe('no')
    expect(match(Buffer.from([0x80, 1, 0, 1]))).toBe('no')
  })
})

const emptyMessage = Buffer.from([0, 0, 0, 0, 0])

/** A bare HTTP/2 client. */
async function bare(
  ...args: Parameters<typeof serveEcho>
): Promise<{ port: EchoPort; session: http2.ClientHttp2Session }> {
  const port = await serveEcho(...args)
  onCleanup(() => port.close())
  const session = http2.connect(`http://${port.address}`)
  session.on('error', () => {})
  onCleanup(() => session.destroy())
  return { port, session }
}

interface BareAnswer {
  headers: Record<string, unknown>
  trailers: Record<string, unknown>
  body: Buffer
  rstCode: number
}

function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: Uint8Array | undefined,
): Promise<BareAnswer> {
  return new Promise((resolve) => {
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': '/test.Echo/Unary',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      },
      { endStream: body === undefined },
    )
    const answer: BareAnswer = { headers: {}, trailers: {}, body: Buffer.alloc(0), rstCode: 0 }
    stream.on('response', (received) => {
      answer.headers = { ...received }
    })
    stream.on('trailers', (received) => {
      answer.trailers = { ...received }
    })
    stream.on('data', (chunk: Buffer) => {
      answer.body = Buffer.concat([answer.body, chunk])
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve({ ...answer, rstCode: stream.rstCode ?? 0 }))
    if (body !== undefined) stream.end(body)
  })
}

describe('a gRPC server asked by a bare HTTP/2 client', () => {
  it('answers with the headers and trailers of the specification, and nothing else', async () => {
    const { session } = await bare()
    const { headers, trailers, body } = await ask(session, {}, emptyMessage)
    expect(headers).toEqual({ ':status': 200, 'content-type': 'application/grpc', [http2.sensitiveHeaders]: [] })
    expect(trailers).toEqual({ 'grpc-status': '0', [http2.sensitiveHeaders]: [] })
    expect(body).toEqual(emptyMessage)
  })

  it.each([undefined, 'text/plain', 'application/grpc-web', 'application/grpc-x', 'application/grpcx'])(
    'answers 415 to the content-type %s',
    async (type) => {
      const { session } = await bare()
      const { headers } = await ask(session, { 'content-type': type }, emptyMessage)
      expect(headers[':status']).toBe(415)
    },
  )

  it.each(['application/grpc+proto', 'application/grpc;charset=utf-8'])('takes the content-type %s', async (type) => {
    const { session } = await bare()
    const { trailers } = await ask(session, { 'content-type': type }, emptyMessage)
    expect(trailers['grpc-status']).toBe('0')
  })

  it('answers 405 to a method other than POST', async () => {
    const { session } = await bare()
    const { headers } = await ask(session, { ':method': 'GET' }, undefined)
    expect(headers).toMatchObject({ ':status': 405, allow: 'POST' })
  })

  it.each(['/', '/test.Echo', '/test.Echo/Unary/more', '/constructor/toString', '/test.Echo/__proto__'])(
    'says UNIMPLEMENTED to the path %s',
    async (path) => {
      const { session } = await bare()
      const { headers } = await ask(session, { ':path': path }, emptyMessage)
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '12' })
    },
  )

  it.each(['', '1', 'm', '-1m', '1.5S', '123456789m', '1x', '1m1m', '٣m'])(
    'refuses the timeout %j',
    async (timeout) => {
      const { session } = await bare()
      const { headers } = await ask(session, { 'grpc-timeout': timeout }, emptyMessage)
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '13' })
    },
  )

  it.each(['0n', '1n', '5u'])('ends a call whose timeout is %s', async (timeout) => {
    const { session } = await bare({ unary: () => new Promise(() => {}) })
    const { headers } = await ask(session, { 'grpc-timeout': timeout }, emptyMessage)
    expect(headers).toMatchObject({ 'grpc-status': '4' })
  })

  it('ends a call by its deadline while its one request is still on its way', async () => {
    let handled = 0
    const { session, port } = await bare({
      unary: (note) => {
        handled++
        return note
      },
    })
    const open = { ':method': 'POST', ':path': '/test.Echo/Unary', 'content-type': 'application/grpc', te: 'trailers' }
    const stream = session.request({ ...open, 'grpc-timeout': '40m' })
    onCleanup(() => stream.destroy())
    stream.on('error', () => {})
    stream.write(emptyMessage.subarray(0, 3))
    const headers = await new Promise((resolve) => stream.once('response', resolve))
    expect(headers).toMatchObject({ 'grpc-status': '4' })
    // One that is whole in time goes on as ever.
    const whole = session.request({ ...open, 'grpc-timeout': '10S' })
    whole.write(emptyMessage.subarray(0, 3))
    setTimeout(() => whole.end(emptyMessage.subarray(3)), 20)
    const trailers = await new Promise((resolve) => {
      whole.resume()
      whole.once('trailers', resolve)
    })
    expect(trailers).toMatchObject({ 'grpc-status': '0' })
    expect(handled).toBe(1)
    expect(port.router.inFlight).toBe(0)
  })

  it('names what it can decompress to a caller with another compression', async () => {
    const { session } = await bare()
    for (const encoding of ['snappy', 'deflate', 'br', 'zstd']) {
      const { headers } = await ask(session, { 'grpc-encoding': encoding }, emptyMessage)
      expect(headers).toMatchObject({ 'grpc-status': '12', 'grpc-accept-encoding': 'identity,gzip' })
    }
  })

  it.each([
    ['no message', Buffer.alloc(0), '12', /no request/],
    ['half a prefix', Buffer.from([0, 0, 0]), '12', /half a request/],
    ['half a message', Buffer.from([0, 0, 0, 0, 9, 1]), '12', /half a request/],
    ['two messages', Buffer.concat([emptyMessage, emptyMessage]), '12', /more than one request/],
    ['bytes behind the message', Buffer.concat([emptyMessage, Buffer.from([0])]), '12', /more than one request/],
    ['an unknown flag', Buffer.from([2, 0, 0, 0, 0]), '13', /first byte is 2/],
    ['a message marked as compressed', Buffer.from([1, 0, 0, 0, 0]), '13', /no grpc-encoding/],
    ['4 GiB to come', Buffer.from([0, 255, 255, 255, 255]), '8', /larger than the limit/],
    ['a body that is not protobuf', Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]), '13', /malformed protobuf/],
  ])('refuses %s', async (_what, body, status, message) => {
    const { session, port } = await bare()
    const { headers } = await ask(session, {}, body)
    expect(headers).toMatchObject({ ':status': 200, 'grpc-status': status })
    expect(decodeURIComponent(String(headers['grpc-message']))).toMatch(message)
    expect(port.router.inFlight).toBe(0)
    expect((await ask(session, {}, emptyMessage)).trailers['grpc-status']).toBe('0')
  })

  it('refuses a compressed message that swells beyond the limit', async () => {
    const { session } = await bare()
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const body = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), bomb])
    body.writeUInt32BE(bomb.length, 1)
    const { headers } = await ask(session, { 'grpc-encoding': 'gzip' }, body)
    expect(headers['grpc-status']).toBe('8')
  })

  it('refuses compressed bytes that are not', async () => {
    const { session } = await bare()
    const { headers } = await ask(session, { 'grpc-encoding': 'gzip' }, Buffer.from([1, 0, 0, 0, 2, 5, 5]))
    expect(headers['grpc-status']).toBe('13')
  })

  it('refuses metadata that is not base64', async () => {
    const { session } = await bare()
    const { headers } = await ask(session, { 'x-bad-bin': '!!!' }, emptyMessage)
    expect(headers['grpc-status']).toBe('13')
  })

  it('splits binary metadata at commas and takes it padded and unpadded', async () => {
    let values: unknown[] = []
    const { session } = await bare({
      unary(note, cx) {
        values = cx.requestHeaders.getAll('x-some-bin')
        return note
      },
    })
    await ask(session, { 'x-some-bin': 'AQ==, AgM,BAUG,' }, emptyMessage)
    expect(values).toEqual([new Uint8Array([1]), new Uint8Array([2, 3]), new Uint8Array([4, 5, 6]), new Uint8Array(0)])
  })

  it('reads and writes metainfo, caller and callee as Volo does', async () => {
    let seen: object = {}
    const { session } = await bare({
      unary(note, cx) {
        const { persistent, transient, backward } = cx.metainfo
        seen = {
          caller: cx.caller,
          persistent: [...persistent],
          transient: [...transient],
          names: [...cx.requestHeaders],
        }
        backward.set('SERVED_BY', 'node 7')
        return note
      },
    })
    const { headers } = await ask(
      session,
      {
        'rpc-persist-user-id': '7',
        'rpc-transit-trace': 'abc',
        'source-service': 'web',
        'destination-service': 'echo',
      },
      emptyMessage,
    )
    expect(seen).toEqual({ caller: 'web', persistent: [['USER_ID', '7']], transient: [['TRACE', 'abc']], names: [] })
    expect(headers['rpc-backward-served-by']).toBe('node 7')
  })

  it('survives a handler whose response metadata no header can carry', async () => {
    const errors: unknown[] = []
    const { session } = await bare(
      {
        unary(note, cx) {
          cx.responseHeaders.set('x-bad', 'zeile\r\nzwei')
          return note
        },
      },
      { router: { onError: (error) => errors.push(error) } },
    )
    const { headers } = await ask(session, {}, emptyMessage)
    expect(headers['grpc-status']).toBe('13')
    expect(String(errors[0])).toMatch(/x-bad/)
  })

  it('holds back a handler whose caller does not read, and frees it when the caller leaves', async () => {
    let produced = 0
    let ended = false
    const { session } = await bare({
      async *expand() {
        try {
          const data = new Uint8Array(16 * 1024)
          for (;;) {
            produced++
            yield { data }
          }
        } finally {
          ended = true
        }
      },
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Expand',
      'content-type': 'application/grpc',
    })
    stream.on('error', () => {})
    stream.end(emptyMessage)
    await new Promise((resolve) => stream.once('response', resolve))
    for (let before = -1; before !== produced; ) {
      before = produced
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(produced).toBeLessThan(16)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await expect.poll(() => ended).toBe(true)
  })

  it('holds back a caller whose handler does not read', async () => {
    const { session, port } = await bare({ collect: () => new Promise(() => {}) })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Collect',
      'content-type': 'application/grpc',
    })
    stream.on('error', () => {})
    const message = Buffer.concat([
      Buffer.from([0, 0, 0, 64, 0]),
      Buffer.from([0x12, 0x80 | (16380 & 127), 16380 >> 7]),
      Buffer.alloc(16381),
    ])
    let written = 0
    await new Promise<void>((resolve) => {
      const write = (): void => {
        while (stream.write(message)) written += message.length
        written += message.length
        const stalled = setTimeout(resolve, 500)
        stream.once('drain', () => {
          clearTimeout(stalled)
          write()
        })
      }
      write()
    })
    expect(written).toBeLessThan(4 * 1024 * 1024)
    expect(port.router.inFlight).toBe(1)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await expect.poll(() => port.router.inFlight).toBe(0)
  })

  it('ends a call by its deadline even when the caller reads nothing', async () => {
    const { session, port } = await bare({
      async *expand() {
        for (;;) yield { data: new Uint8Array(16 * 1024) }
      },
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Expand',
      'content-type': 'application/grpc',
      'grpc-timeout': '200m',
    })
    stream.on('error', () => {})
    stream.end(emptyMessage)
    await new Promise((resolve) => stream.once('close', resolve))
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_CANCEL)
    expect(port.router.inFlight).toBe(0)
  })

  it('lives through bytes that are not HTTP/2 behind the preface', async () => {
    const { port, session } = await bare()
    const socket = connect(port.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.alloc(1000, 0xee))
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    expect((await ask(session, {}, emptyMessage)).trailers['grpc-status']).toBe('0')
  })

  it('counts a reset call against the streams of its connection until its handler has ended', async () => {
    const gate = deferred<void>()
    let running = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
    }
    const { port } = await serve(
      {
        unary: async (note) => {
          await work()
          return note
        },
        async *expand(note) {
          await work()
          yield note
        },
      },
      { wire: { maxConcurrentStreams: 10 } },
    )
    const session = http2.connect(`http://${port.address}`)
    session.on('error', () => {})
    onCleanup(() => session.destroy())
    const outcomes: (number | undefined)[] = []
    const request = (method: string): Promise<http2.ClientHttp2Stream> =>
      new Promise((resolve) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': `/test.Echo/${method}`,
          'content-type': 'application/grpc',
          te: 'trailers',
        })
        stream.on('error', () => {})
        stream.on('close', () => outcomes.push(stream.rstCode))
        stream.end(Buffer.alloc(5))
        stream.resume()
        setImmediate(() => resolve(stream))
      })
    for (let i = 0; i < 5; i++) {
      for (const method of ['Unary', 'Expand']) {
        const before = running
        const stream = await request(method)
        await expect.poll(() => running).toBe(before + 1)
        stream.close(http2.constants.NGHTTP2_CANCEL)
      }
    }
    await expect.poll(() => outcomes.length).toBe(10)
    const refused = await request('Unary')
    await expect.poll(() => refused.rstCode).toBe(http2.constants.NGHTTP2_REFUSED_STREAM)
    expect(most).toBe(10)

    gate.resolve()
    await expect.poll(() => running).toBe(0)
    const answered = await request('Unary')
    await expect.poll(() => answered.closed).toBe(true)
    expect(answered.rstCode).toBe(0)
  })

  describe('sent messages that inflate far', () => {
    const framed = (payload: Uint8Array): Buffer => {
      const head = Buffer.from([1, 0, 0, 0, 0])
      head.writeUInt32BE(payload.length, 1)
      return Buffer.concat([head, payload])
    }
    /** Note.data of so many zeros, compressed. */
    const zeros = (bytes: number): Buffer => {
      const length: number[] = []
      for (let rest = bytes; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest)
        if (rest <= 127) break
      }
      return framed(gzipSync(Buffer.concat([Buffer.from([18, ...length]), Buffer.alloc(bytes)]), { level: 9 }))
    }
    const gzip = { 'grpc-encoding': 'gzip' }

    it('takes 900:1 up to 1 MiB, and refuses it beyond', async () => {
      const sizes: number[] = []
      const { session } = await bare({
        unary(note) {
          sizes.push(note.data.length)
          return {}
        },
      })
      const small = await ask(session, gzip, zeros(1_000_000))
      expect({ ...small.headers, ...small.trailers }['grpc-status']).toBe('0')
      const large = await ask(session, gzip, zeros(2_000_000))
      expect(large.headers).toMatchObject({
        'grpc-status': '8',
        'grpc-message': expect.stringContaining('(maxCompressionRatio)'),
      })
      expect(sizes).toEqual([1_000_000])
    })

    it('keeps messages of a stream in their order, whether they take time to inflate or not', async () => {
      const got: number[] = []
      const { session } = await bare({
        async collect(notes) {
          for await (const { data } of notes) got.push(data.length)
          return {}
        },
      })
      const sizes = [10, 500_000, 20, 30, 900_000, 0, 200_000]
      const { trailers, headers } = await ask(
        session,
        { ...gzip, ':path': '/test.Echo/Collect' },
        Buffer.concat(sizes.map(zeros)),
      )
      expect({ ...headers, ...trailers }['grpc-status']).toBe('0')
      expect(got).toEqual(sizes)
    })

    it('ends a stream at the message that inflates too far', async () => {
      const got: number[] = []
      let failure: unknown
      const { session } = await bare({
        async collect(notes) {
          try {
            for await (const { data } of notes) got.push(data.length)
          } catch (error) {
            failure = error
            throw error
          }
          return {}
        },
      })
      const { headers, trailers } = await ask(
        session,
        { ...gzip, ':path': '/test.Echo/Collect' },
        Buffer.concat([10, 2_000_000, 20].map(zeros)),
      )
      expect({ ...headers, ...trailers }['grpc-status']).toBe('8')
      expect(got).toEqual([10])
      expect(failure).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    })
  })
})
