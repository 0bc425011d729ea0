import { describe, expect, it } from 'vitest'
import type { Http2Headers, Http2Reset, Http2Sink } from '../../../src/runtime/http2/sink.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { frame, literal, ok, rawServer, settings, type, u32 } from './raw-peer.ts'

const code = {
  protocol: 1,
  flow: 3,
  settingsTimeout: 4,
  closed: 5,
  size: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
}
const endHeaders = 4
const endBoth = 5

async function open(
  options: Parameters<typeof rawServer>[0] = {},
): Promise<Omit<Awaited<ReturnType<typeof rawServer>>, 'close'>> {
  const { peer, connection, close } = await rawServer(options)
  onCleanup(close)
  return { peer, connection }
}

class Recorder implements Http2Sink {
  readonly heard: string[] = []
  body = ''
  drains = 0
  last: Http2Reset | undefined
  headers(headers: Http2Headers, end: boolean): void {
    this.heard.push(`headers ${headers.join(' ')}${end ? ' end' : ''}`)
  }
  data(chunk: Uint8Array): void {
    this.body += Buffer.from(chunk).toString()
  }
  end(trailers: Http2Headers | undefined): void {
    this.heard.push(`end ${trailers?.join(' ') ?? ''}`.trim())
  }
  reset(reason: Http2Reset): void {
    this.last = reason
    this.heard.push(`reset ${reason.code}`)
  }
  drain(): void {
    this.drains++
  }
}

const request: Http2Headers = [':method', 'POST', ':scheme', 'http', ':authority', 'x', ':path', '/']
const nothing = new Uint8Array(0)

describe('an HTTP/2 client', () => {
  it.each<[string, number, Buffer[]]>([
    ['4.2: a frame beyond the size allowed', code.size, [frame(type.data, 0, 1, Buffer.alloc(16_385))]],
    [
      '4.3: a block that is no HPACK',
      code.compression,
      [frame(type.headers, endHeaders, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ],
    ['5.1: HEADERS on a stream that was never opened', code.protocol, [frame(type.headers, endHeaders, 7, ok)]],
    ['5.1: DATA on a stream that was never opened', code.protocol, [frame(type.data, 0, 2, [1])]],
    ['5.1: RST_STREAM on a stream that was never opened', code.protocol, [frame(type.rst, 0, 7, u32(8))]],
    ['5.1: WINDOW_UPDATE on a stream that was never opened', code.protocol, [frame(type.window, 0, 7, u32(8))]],
    ['6.1: DATA on stream 0', code.protocol, [frame(type.data, 0, 0, [1])]],
    [
      '6.1: padding longer than DATA',
      code.protocol,
      [frame(type.headers, endHeaders, 1, ok), frame(type.data, 8, 1, [2, 1])],
    ],
    ['6.2: HEADERS on stream 0', code.protocol, [frame(type.headers, endHeaders, 0, ok)]],
    ['6.2: padding longer than HEADERS', code.protocol, [frame(type.headers, endHeaders | 8, 1, [200, ...ok])]],
    ['6.2: HEADERS too short for its priority', code.size, [frame(type.headers, endHeaders | 0x20, 1, [0, 0])]],
    [
      '6.2: another frame within a block',
      code.protocol,
      [frame(type.headers, 0, 1, ok), frame(type.ping, 0, 0, Buffer.alloc(8))],
    ],
    [
      '6.2: a frame of another stream within a block',
      code.protocol,
      [frame(type.headers, 0, 1, ok), frame(type.continuation, 4, 3, ok)],
    ],
    ['6.3: PRIORITY on stream 0', code.protocol, [frame(type.priority, 0, 0, Buffer.alloc(5))]],
    ['6.4: RST_STREAM on stream 0', code.protocol, [frame(type.rst, 0, 0, u32(8))]],
    ['6.4: RST_STREAM of three bytes', code.size, [frame(type.rst, 0, 1, [0, 0, 0])]],
    ['6.5: SETTINGS on a stream', code.protocol, [frame(type.settings, 0, 1)]],
    ['6.5: SETTINGS of five bytes', code.size, [frame(type.settings, 0, 0, [0, 1, 0, 0, 0])]],
    ['6.5: an acknowledgement with a payload', code.size, [frame(type.settings, 1, 0, Buffer.alloc(6))]],
    ['6.5.2: ENABLE_PUSH 1', code.protocol, [settings({ 2: 1 })]],
    ['6.5.2: a window of 2^31', code.flow, [settings({ 4: 0x8000_0000 })]],
    ['6.5.2: MAX_FRAME_SIZE of 16,383', code.protocol, [settings({ 5: 16_383 })]],
    ['6.5.2: MAX_FRAME_SIZE of 2^24', code.protocol, [settings({ 5: 0x100_0000 })]],
    ['6.6: PUSH_PROMISE although push is off', code.protocol, [frame(type.push, 4, 1, [0, 0, 0, 2, ...ok])]],
    ['6.7: PING on a stream', code.protocol, [frame(type.ping, 0, 1, Buffer.alloc(8))]],
    ['6.7: PING of six bytes', code.size, [frame(type.ping, 0, 0, Buffer.alloc(6))]],
    ['6.8: GOAWAY on a stream', code.protocol, [frame(type.goaway, 0, 1, Buffer.alloc(8))]],
    ['6.8: GOAWAY of seven bytes', code.size, [frame(type.goaway, 0, 0, Buffer.alloc(7))]],
    ['6.9: WINDOW_UPDATE of three bytes', code.size, [frame(type.window, 0, 0, [0, 0, 1])]],
    ['6.9: WINDOW_UPDATE by 0', code.protocol, [frame(type.window, 0, 0, u32(0))]],
    ['6.9.1: a connection window beyond 2^31-1', code.flow, [frame(type.window, 0, 0, u32(0x7fff_ffff))]],
    [
      '6.9.2: a stream window beyond 2^31-1 by SETTINGS',
      code.flow,
      [frame(type.window, 0, 1, u32(0x7000_0000)), settings({ 4: 0x7000_0000 })],
    ],
    ['6.10: CONTINUATION without HEADERS', code.protocol, [frame(type.continuation, 4, 1, ok)]],
  ])('ends the connection for %s, and every stream hears of it', async (_what, expected, frames) => {
    const { peer, connection } = await open()
    const sink = new Recorder()
    connection.open(request, undefined, sink)
    await peer.next(type.headers)
    peer.send(...frames)
    expect(await peer.goaway()).toBe(expected)
    expect(sink.last).toMatchObject({
      code: undefined,
      processed: true,
      message: expect.stringMatching(/rules of HTTP\/2/),
    })
    expect(connection.usable).toBe(false)
  })

  it('ends the connection when the first frame is not SETTINGS', async () => {
    const { peer } = await open({ hello: false })
    peer.send(frame(type.ping, 0, 0, Buffer.alloc(8)))
    expect(await peer.goaway()).toBe(code.protocol)
  })

  it.each<[string, number, Buffer[]]>([
    ['5.1: DATA before headers', code.protocol, [frame(type.data, 0, 1, [1])]],
    [
      '8.1: trailers that do not end the response',
      code.protocol,
      [frame(type.headers, endHeaders, 1, ok), frame(type.headers, endHeaders, 1, literal('x', '1'))],
    ],
    [
      '8.1.1: a body that differs from content-length',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...ok, ...literal('content-length', '2')]), frame(type.data, 1, 1, [1])],
    ],
    ['5.3: PRIORITY of four bytes', code.size, [frame(type.priority, 0, 1, Buffer.alloc(4))]],
    [
      '8.1: pseudo-headers in trailers',
      code.protocol,
      [frame(type.headers, endHeaders, 1, ok), frame(type.headers, endBoth, 1, ok)],
    ],
    [
      '8.1: an interim response that ends the stream',
      code.protocol,
      [frame(type.headers, endBoth, 1, literal(':status', '100'))],
    ],
    [
      '8.2.1: a line break in a value',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...ok, ...literal('x', 'a\nb')])],
    ],
    [
      '8.3: a pseudo-header behind a field',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...literal('x', '1'), ...ok])],
    ],
    [
      '8.3: an unknown pseudo-header',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...ok, ...literal(':x', '1')])],
    ],
    ['8.3.2: :status twice', code.protocol, [frame(type.headers, endHeaders, 1, [...ok, ...ok])]],
    ['8.2: a name in upper case', code.protocol, [frame(type.headers, endHeaders, 1, [...ok, ...literal('X', '1')])]],
    [
      '8.2.2: a connection field',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...ok, ...literal('upgrade', 'x')])],
    ],
    ['8.3.2: no :status', code.protocol, [frame(type.headers, endHeaders, 1, literal('x', '1'))]],
    ['8.3.2: a :status that is none', code.protocol, [frame(type.headers, endHeaders, 1, literal(':status', '20'))]],
    ['8.3.2: a request pseudo-header', code.protocol, [frame(type.headers, endHeaders, 1, [...ok, 0x84])]],
    ['6.9.1: a window beyond 2^31-1', code.flow, [frame(type.window, 0, 1, u32(0x7fff_ffff))]],
    [
      '10.5.1: a header list beyond the limit',
      code.calm,
      [
        frame(type.headers, endHeaders, 1, [
          ...ok,
          ...literal('x', 'y'.repeat(14_000)),
          ...literal('z', 'y'.repeat(2_300)),
        ]),
      ],
    ],
  ])('resets the stream, not the connection, for %s', async (_what, expected, frames) => {
    const { peer, connection } = await open({ maxHeaderListBytes: 16_384 })
    const sink = new Recorder()
    connection.open(request, undefined, sink)
    await peer.next(type.headers)
    peer.send(...frames)
    expect(await peer.reset(1)).toBe(expected)
    expect(sink.last).toMatchObject({ code: expected, processed: true })
    expect(connection.usable).toBe(true)
  })

  it('passes over interim responses (8.1)', async () => {
    const { peer, connection } = await open()
    const sink = new Recorder()
    connection.open(request, undefined, sink).write(nothing, true)
    await peer.next(type.data)
    peer.send(
      frame(type.headers, endHeaders, 1, literal(':status', '100')),
      frame(type.headers, endHeaders, 1, [...literal(':status', '103'), ...literal('link', 'x')]),
      frame(type.headers, endHeaders, 1, ok),
      frame(type.data, 0, 1, Buffer.from('body')),
      frame(type.headers, endBoth, 1, literal('x-end', '1')),
    )
    await expect.poll(() => sink.heard).toEqual(['headers :status 200', 'end x-end 1'])
    expect(sink.body).toBe('body')
  })

  it('opens no more streams than the server takes, and the others when some end (5.1.2)', async () => {
    const { peer, connection } = await open({ hello: false })
    peer.send(settings({ 3: 2 }), frame(type.settings, 1, 0))
    await peer.settle()
    const sinks = Array.from({ length: 5 }, () => new Recorder())
    for (const sink of sinks) connection.open(request, undefined, sink).write(Buffer.from('x'), true)
    await peer.settle()
    expect(peer.frames.filter((one) => one.type === type.headers).map(({ stream }) => stream)).toEqual([1, 3])
    peer.send(frame(type.headers, endBoth, 1, ok), frame(type.headers, endBoth, 3, ok))
    await peer.next(type.headers, ({ stream }) => stream === 7)
    peer.send(settings({ 3: 100 }))
    const { stream } = await peer.next(type.headers, (one) => one.stream === 9)
    expect((await peer.next(type.data, (one) => one.stream === stream)).payload.toString()).toBe('x')
    expect(sinks.map(({ heard }) => heard.length)).toEqual([1, 1, 0, 0, 0])
  })

  it('sends nothing of a stream that was cancelled while it waited', async () => {
    const { peer, connection } = await open({ hello: false })
    peer.send(settings({ 3: 0 }), frame(type.settings, 1, 0))
    await peer.settle()
    const [first, second] = [new Recorder(), new Recorder()]
    connection.open(request, undefined, first).reset(code.cancel)
    connection.open(request, undefined, second).write(nothing, true)
    peer.send(settings({ 3: 10 }))
    expect((await peer.next(type.headers)).stream).toBe(1)
    expect((await peer.next(type.data)).stream).toBe(1)
    expect(peer.frames.some((one) => one.type === type.rst)).toBe(false)
    expect(first.heard).toEqual([])
  })

  it('fails what waits, safe to retry, when the server goes away (6.8)', async () => {
    const { peer, connection } = await open({ hello: false })
    peer.send(settings({ 3: 1 }), frame(type.settings, 1, 0))
    await peer.settle()
    const [open1, waiting, late] = [new Recorder(), new Recorder(), new Recorder()]
    connection.open(request, undefined, open1).write(nothing, true)
    connection.open(request, undefined, waiting).write(nothing, true)
    await peer.next(type.data)
    peer.send(frame(type.goaway, 0, 0, [...u32(1), ...u32(0)]))
    await expect.poll(() => waiting.last).toMatchObject({ code: code.refused, processed: false })
    connection.open(request, undefined, late)
    await expect.poll(() => late.last).toMatchObject({ processed: false })
    peer.send(frame(type.headers, endBoth, 1, ok))
    await expect.poll(() => open1.heard).toEqual(['headers :status 200 end'])
    await peer.next(type.goaway)
    await peer.end()
  })

  it('fails all that is open at once when the server goes away with an error (5.4.1)', async () => {
    const { peer, connection } = await open()
    const [seen, unseen] = [new Recorder(), new Recorder()]
    connection.open(request, undefined, seen).write(nothing, true)
    connection.open(request, undefined, unseen).write(nothing, true)
    await peer.next(type.data, ({ stream }) => stream === 3)
    peer.send(frame(type.goaway, 0, 0, [...u32(1), ...u32(code.protocol)]))
    await expect.poll(() => seen.last).toMatchObject({ code: undefined, processed: true })
    expect(unseen.last).toMatchObject({ code: code.refused, processed: false })
    expect(seen.last?.message).toContain('GOAWAY PROTOCOL_ERROR')
    await peer.end()
  })

  it('stops a request that nobody reads any more when its answer is whole', async () => {
    const { peer, connection } = await open({ hello: false })
    peer.send(settings({ 4: 4 }), frame(type.settings, 1, 0))
    await peer.settle()
    const sink = new Recorder()
    connection.open(request, undefined, sink).write(Buffer.from('too long'), true)
    expect((await peer.next(type.data)).payload.toString()).toBe('too ')
    peer.send(frame(type.headers, endBoth, 1, ok))
    expect(await peer.reset(1)).toBe(code.cancel)
    expect(sink.heard).toEqual(['headers :status 200 end'])
  })

  it('gives out what came while paused in its order, also behind a reset', async () => {
    const { peer, connection } = await open()
    const sink = new Recorder()
    const stream = connection.open(request, undefined, sink)
    stream.write(nothing, true)
    await peer.next(type.data)
    stream.pause()
    peer.send(
      frame(type.headers, endHeaders, 1, ok),
      frame(type.data, 0, 1, Buffer.from('a')),
      frame(type.data, 0, 1, Buffer.from('b')),
      frame(type.headers, endBoth, 1, literal('x-end', '1')),
      frame(type.rst, 0, 1, u32(0)),
    )
    await peer.settle()
    expect(sink).toMatchObject({ body: '', heard: ['headers :status 200'] })
    stream.resume()
    await expect.poll(() => sink.heard).toEqual(['headers :status 200', 'end x-end 1'])
    expect(sink.body).toBe('ab')
  })

  it('keeps nothing of a slow server beyond its windows', async () => {
    const { peer, connection } = await open({ streamWindowBytes: 1_000 })
    const sink = new Recorder()
    const stream = connection.open(request, undefined, sink)
    await peer.next(type.headers)
    stream.pause()
    peer.send(frame(type.headers, endHeaders, 1, ok), frame(type.data, 0, 1, Buffer.alloc(1_001)))
    expect(await peer.reset(1)).toBe(code.flow)
    expect(sink.last).toMatchObject({ code: code.flow })
  })

  it('gives a server up that does not acknowledge SETTINGS', async () => {
    const { peer, connection } = await open({ hello: false, settingsTimeoutMs: 50 })
    const sink = new Recorder()
    connection.open(request, undefined, sink)
    peer.send(settings())
    expect(await peer.goaway()).toBe(code.settingsTimeout)
    expect(sink.last?.message).toMatch(/did not acknowledge HTTP\/2 SETTINGS within 50 ms/)
  })

  it('ends a flood of PING, and of empty DATA', async () => {
    for (const bytes of [frame(type.ping, 0, 0, Buffer.alloc(8)), frame(type.data, 0, 1)]) {
      const { peer, connection } = await open()
      connection.open(request, undefined, new Recorder())
      await peer.next(type.headers)
      peer.send(frame(type.headers, endHeaders, 1, ok))
      const many = Buffer.concat(Array.from({ length: 100 }, () => bytes))
      const timer = setInterval(() => {
        if (!peer.socket.destroyed) peer.send(many)
      }, 1)
      expect(await peer.goaway()).toBe(code.calm)
      clearInterval(timer)
    }
  })

  it('gives a stream a larger window when half of it is read within two round trips (5.2)', async () => {
    const { peer, connection, close } = await rawServer({ hello: false })
    onCleanup(close)
    const sink = new Recorder()
    connection.open(request, undefined, sink)
    await peer.next(type.headers)
    peer.send(settings())
    // The acknowledgement is what the round trip is measured by.
    await new Promise((resolve) => setTimeout(resolve, 800))
    peer.send(frame(type.settings, 1, 0), frame(type.headers, endHeaders, 1, ok))
    const half = Array.from({ length: 32 }, () => frame(type.data, 0, 1, Buffer.alloc(16_384)))
    const increments: number[] = []
    for (let i = 0; i < 2; i++) {
      peer.send(...half)
      const update = await peer.next(type.window, ({ stream }) => stream === 1)
      increments.push(update.payload.readUInt32BE(0))
    }
    expect(increments).toEqual([512 * 1024, 1536 * 1024])
  })
})
