import { afterEach, describe, expect, it } from 'vitest'
import type { Http2Accept, Http2ServerOptions, Http2Stream } from '../../../src/runtime/http2/sink.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { frame, literal, preface, type RawPeer, rawClient, request, settings, type, u32 } from './raw-peer.ts'

const code = { protocol: 1, flow: 3, settingsTimeout: 4, closed: 5, size: 6, refused: 7, compression: 9, calm: 11 }
const endHeaders = 4
const endBoth = 5

interface Heard {
  readonly stream: Http2Stream
  readonly headers: readonly string[]
  body: string
  drains: number
  end: string | undefined
}

const heard: Heard[] = []
afterEach(() => heard.splice(0))

/** Writes down what comes; answers nothing. */
const silent: Http2Accept = (stream, headers, end) => {
  const one: Heard = { stream, headers, body: '', drains: 0, end: end ? 'headers' : undefined }
  heard.push(one)
  return {
    headers() {},
    data(chunk) {
      one.body += Buffer.from(chunk).toString()
    },
    end(trailers) {
      one.end = `end ${trailers?.join(' ') ?? ''}`
    },
    reset(reason) {
      one.end = `reset ${reason.code}`
    },
    drain() {
      one.drains++
    },
  }
}

/** Answers each request at once. */
const quick: Http2Accept = (stream, headers, end) => {
  const sink = silent(stream, headers, end)
  stream.headers([':status', '200'], false)
  stream.trailers(['x-end', '1'])
  return sink
}

async function open(
  accept: Http2Accept = silent,
  options: Http2ServerOptions & { hello?: boolean } = {},
): Promise<RawPeer> {
  const { peer, close } = await rawClient(accept, options)
  onCleanup(close)
  return peer
}

const get = (stream: number): Buffer => frame(type.headers, endBoth, stream, request)
const post = (stream: number): Buffer => frame(type.headers, endHeaders, stream, request)

describe('an HTTP/2 server', () => {
  it.each<[string, number, Buffer[]]>([
    ['3.4: something else than the preface', code.protocol, [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
    ['3.4: a first frame other than SETTINGS', code.protocol, [preface, frame(type.ping, 0, 0, Buffer.alloc(8))]],
    ['3.4: an acknowledgement as first frame', code.protocol, [preface, frame(type.settings, 1, 0)]],
  ])('ends a connection that begins with %s', async (_what, expected, bytes) => {
    const peer = await open(silent, { hello: false })
    peer.send(...bytes)
    expect(await peer.goaway()).toBe(expected)
  })

  it.each<[string, number, Buffer[]]>([
    ['4.2: a frame beyond the size allowed', code.size, [frame(type.data, 0, 1, Buffer.alloc(16_385))]],
    [
      '4.3: a block that is no HPACK',
      code.compression,
      [frame(type.headers, endHeaders, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ],
    ['5.1: DATA on an idle stream', code.protocol, [frame(type.data, 0, 1, [1])]],
    ['5.1: RST_STREAM on an idle stream', code.protocol, [frame(type.rst, 0, 1, u32(8))]],
    ['5.1: WINDOW_UPDATE on an idle stream', code.protocol, [frame(type.window, 0, 1, u32(8))]],
    ['5.1.1: an even stream', code.protocol, [get(2)]],
    ['5.1.1: a stream below one that was opened', code.protocol, [get(5), get(3)]],
    ['6.1: DATA on stream 0', code.protocol, [frame(type.data, 0, 0, [1])]],
    ['6.1: padding longer than DATA', code.protocol, [post(1), frame(type.data, 8, 1, [2, 1])]],
    ['6.1: padded DATA without a length', code.protocol, [post(1), frame(type.data, 8, 1)]],
    ['6.2: HEADERS on stream 0', code.protocol, [get(0)]],
    ['6.2: padding longer than HEADERS', code.protocol, [frame(type.headers, endHeaders | 8, 1, [200, ...request])]],
    ['6.2: HEADERS too short for its priority', code.size, [frame(type.headers, endHeaders | 0x20, 1, [0, 0])]],
    ['6.2: a frame of another stream within a block', code.protocol, [frame(type.headers, 0, 1, request), get(3)]],
    [
      '6.2: another frame within a block',
      code.protocol,
      [frame(type.headers, 0, 1, request), frame(type.ping, 0, 0, Buffer.alloc(8))],
    ],
    ['6.3: PRIORITY on stream 0', code.protocol, [frame(type.priority, 0, 0, Buffer.alloc(5))]],
    ['6.4: RST_STREAM on stream 0', code.protocol, [frame(type.rst, 0, 0, u32(8))]],
    ['6.4: RST_STREAM of three bytes', code.size, [post(1), frame(type.rst, 0, 1, [0, 0, 0])]],
    ['6.5: SETTINGS on a stream', code.protocol, [frame(type.settings, 0, 1)]],
    ['6.5: SETTINGS of five bytes', code.size, [frame(type.settings, 0, 0, [0, 1, 0, 0, 0])]],
    ['6.5: an acknowledgement with a payload', code.size, [frame(type.settings, 1, 0, Buffer.alloc(6))]],
    ['6.5.2: ENABLE_PUSH 2', code.protocol, [settings({ 2: 2 })]],
    ['6.5.2: INITIAL_WINDOW_SIZE of 2^31', code.flow, [settings({ 4: 0x8000_0000 })]],
    ['6.5.2: MAX_FRAME_SIZE of 16,383', code.protocol, [settings({ 5: 16_383 })]],
    ['6.5.2: MAX_FRAME_SIZE of 2^24', code.protocol, [settings({ 5: 0x100_0000 })]],
    ['6.6: PUSH_PROMISE', code.protocol, [post(1), frame(type.push, 4, 1, [0, 0, 0, 2, ...request])]],
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
      [post(1), frame(type.window, 0, 1, u32(0x7000_0000)), settings({ 4: 0x7000_0000 })],
    ],
    ['6.10: CONTINUATION without HEADERS', code.protocol, [frame(type.continuation, 4, 1, request)]],
    ['6.10: CONTINUATION behind the end of a block', code.protocol, [post(1), frame(type.continuation, 4, 1, request)]],
  ])('ends the connection for %s', async (_what, expected, frames) => {
    const peer = await open()
    peer.send(...frames)
    expect(await peer.goaway()).toBe(expected)
  })

  it('ends the connection for HEADERS on a stream that the peer closed (5.1)', async () => {
    const peer = await open(quick)
    peer.send(get(1))
    await peer.next(type.headers, ({ flags }) => (flags & 1) === 1)
    peer.send(get(1))
    expect(await peer.goaway()).toBe(code.closed)
  })

  it.each<[string, number, Buffer[]]>([
    ['5.1: DATA behind the end of the request', code.closed, [get(1), frame(type.data, 0, 1, [1])]],
    ['5.3: PRIORITY of four bytes', code.size, [post(1), frame(type.priority, 0, 1, Buffer.alloc(4))]],
    ['6.9: WINDOW_UPDATE by 0', code.protocol, [post(1), frame(type.window, 0, 1, u32(0))]],
    ['6.9.1: a window beyond 2^31-1', code.flow, [post(1), frame(type.window, 0, 1, u32(0x7fff_ffff))]],
    ['8.1: trailers that do not end the request', code.protocol, [post(1), post(1)]],
    ['8.1: pseudo-headers in trailers', code.protocol, [post(1), get(1)]],
    [
      '8.1.1: more body than content-length',
      code.protocol,
      [
        frame(type.headers, endHeaders, 1, [...request, ...literal('content-length', '1')]),
        frame(type.data, 1, 1, [1, 2]),
      ],
    ],
    [
      '8.1.1: less body than content-length',
      code.protocol,
      [
        frame(type.headers, endHeaders, 1, [...request, ...literal('content-length', '3')]),
        frame(type.data, 1, 1, [1, 2]),
      ],
    ],
    [
      '8.1.1: a content-length that is no number',
      code.protocol,
      [frame(type.headers, endHeaders, 1, [...request, ...literal('content-length', 'x')])],
    ],
    [
      '8.2: a name in upper case',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal('X-A', '1')])],
    ],
    [
      '8.2: a name with white space',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal('x a', '1')])],
    ],
    [
      '8.2.1: a line break in a value',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal('x', 'a\r\nb')])],
    ],
    [
      '8.2.2: a connection field',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal('connection', 'close')])],
    ],
    [
      '8.2.2: te other than trailers',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal('te', 'gzip')])],
    ],
    [
      '8.3: an unknown pseudo-header',
      code.protocol,
      [frame(type.headers, endBoth, 1, [...request, ...literal(':x', '1')])],
    ],
    [
      '8.3: a pseudo-header behind a field',
      code.protocol,
      [frame(type.headers, endBoth, 1, [0x83, 0x86, ...literal('x', '1'), 0x84])],
    ],
    ['8.3.1: :method twice', code.protocol, [frame(type.headers, endBoth, 1, [...request, 0x83])]],
    ['8.3.1: no :path', code.protocol, [frame(type.headers, endBoth, 1, [0x83, 0x86])]],
    ['8.3.1: an empty :path', code.protocol, [frame(type.headers, endBoth, 1, [0x83, 0x86, ...literal(':path', '')])]],
    ['8.3.1: no :method', code.protocol, [frame(type.headers, endBoth, 1, [0x86, 0x84])]],
    ['8.3.1: no :scheme', code.protocol, [frame(type.headers, endBoth, 1, [0x83, 0x84])]],
  ])('resets the stream, not the connection, for %s', async (_what, expected, frames) => {
    const peer = await open()
    peer.send(...frames)
    expect(await peer.reset(1)).toBe(expected)
    peer.send(get(101))
    await expect.poll(() => heard.at(-1)?.end).toBe('headers')
    expect(
      heard.slice(0, -1).every(({ end }) => end === `reset ${expected}` || end === 'headers' || end === undefined),
    ).toBe(true)
  })

  it('ignores what is unknown: frames, flags, settings, priorities, the reserved bit (4.1, 5.5, 6.5)', async () => {
    const peer = await open(quick)
    peer.send(
      frame(200, 255, 7, Buffer.alloc(100)),
      settings({ 99: 1 }),
      frame(type.priority, 0, 9, [0, 0, 0, 3, 16]),
      frame(type.headers, endBoth | 0x20 | 8 | 0xc2, 0x8000_0001, [3, 0x80, 0, 0, 5, 16, ...request, 0, 0, 0]),
    )
    const { stream } = await peer.next(type.headers, ({ flags }) => (flags & 1) === 1)
    expect(stream).toBe(1)
  })

  it('reads padded DATA, blocks in pieces, and trailers', async () => {
    const peer = await open()
    peer.send(
      frame(type.headers, 0, 1, request.subarray(0, 2)),
      frame(type.continuation, 0, 1),
      frame(type.continuation, 4, 1, request.subarray(2)),
      frame(type.data, 8, 1, [2, ...Buffer.from('hello'), 0, 0]),
      frame(type.headers, endBoth, 1, literal('x-last', '1')),
    )
    await expect.poll(() => heard[0]?.end).toBe('end x-last 1')
    expect(heard[0]).toMatchObject({
      body: 'hello',
      headers: [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'x'],
    })
  })

  it('answers PING with its bytes, and SETTINGS with an acknowledgement', async () => {
    const peer = await open()
    peer.send(frame(type.ping, 0, 0, Buffer.from('abcdefgh')), settings({ 1: 0 }))
    expect((await peer.next(type.ping)).payload.toString()).toBe('abcdefgh')
    expect((await peer.next(type.settings)).flags).toBe(1)
  })

  it('sends no more than both windows allow, and goes on when they open (6.9)', async () => {
    const peer = await open((stream, headers, end) => {
      const sink = silent(stream, headers, end)
      stream.headers([':status', '200'], false)
      expect(stream.write(Buffer.alloc(100, 1), false)).toBe(false)
      stream.trailers(['x-end', '1'])
      return sink
    })
    peer.send(settings({ 4: 10 }), get(1))
    expect((await peer.next(type.data)).payload.length).toBe(10)
    peer.send(frame(type.window, 0, 1, u32(5)))
    expect((await peer.next(type.data)).payload.length).toBe(5)
    peer.send(settings({ 4: 30 }))
    expect((await peer.next(type.data)).payload.length).toBe(20)
    // A window may become negative.
    peer.send(settings({ 4: 0 }), frame(type.window, 0, 1, u32(31)))
    expect((await peer.next(type.data)).payload.length).toBe(1)
    peer.send(settings({ 4: 65_535 }))
    expect((await peer.next(type.data)).payload.length).toBe(64)
    expect((await peer.next(type.headers)).flags).toBe(endBoth)
  })

  it('shares the window of the connection among its streams', async () => {
    const peer = await open((stream, headers, end) => {
      stream.headers([':status', '200'], false)
      stream.write(Buffer.alloc(60_000), true)
      return silent(stream, headers, end)
    })
    peer.send(get(1), get(3), get(5))
    await peer.settle()
    const sum = (stream?: number): number =>
      peer.frames
        .filter((one) => one.type === type.data && (stream === undefined || one.stream === stream))
        .reduce((bytes, { payload }) => bytes + payload.length, 0)
    expect(sum()).toBe(65_535)
    peer.send(frame(type.window, 0, 0, u32(1_000_000)))
    await expect.poll(() => sum()).toBe(180_000)
    expect([sum(1), sum(3), sum(5)]).toEqual([60_000, 60_000, 60_000])
  })

  it('asks for larger frames once bodies come, takes them then, and sends them where they are taken (4.2, 6.5.2)', async () => {
    let bytes = 0
    const peer = await open((stream) => ({
      headers() {},
      data(chunk) {
        bytes += chunk.length
      },
      end() {
        stream.headers([':status', '200'], false)
        stream.write(Buffer.alloc(60_000), true)
      },
      reset() {},
      drain() {},
    }))
    peer.send(post(1))
    for (let i = 0; i < 7; i++) peer.send(frame(type.data, 0, 1, Buffer.alloc(16_384)))
    await peer.settle()
    expect(peer.frames.filter((one) => one.type === type.settings && (one.flags & 1) === 0)).toEqual([])
    peer.send(frame(type.data, 0, 1, Buffer.alloc(16_384)))
    expect((await peer.next(type.settings, (one) => (one.flags & 1) === 0)).payload.toString('hex')).toBe(
      '000500020000',
    )
    peer.send(frame(type.settings, 1, 0), settings({ 5: 40_000 }), frame(type.data, 1, 1, Buffer.alloc(131_072)))
    expect((await peer.next(type.data)).payload.length).toBe(40_000)
    expect((await peer.next(type.data)).payload.length).toBe(20_000)
    expect(bytes).toBe(8 * 16_384 + 131_072)
    peer.send(post(3), frame(type.data, 0, 3, Buffer.alloc(131_073)))
    expect(await peer.goaway()).toBe(code.size)
  })

  it('resets a stream that gets more than its window, and ends a connection that does (6.9.1)', async () => {
    const peer = await open(
      (stream, headers, end) => {
        stream.pause()
        return silent(stream, headers, end)
      },
      { streamWindowBytes: 1000, connectionWindowBytes: 65_535 },
    )
    peer.send(post(1), frame(type.data, 0, 1, Buffer.alloc(1001)))
    expect(await peer.reset(1)).toBe(code.flow)
    peer.send(
      ...Array.from({ length: 66 }, (_, index) =>
        Buffer.concat([post(3 + index * 2), frame(type.data, 0, 3 + index * 2, Buffer.alloc(1000))]),
      ),
    )
    expect(await peer.goaway()).toBe(code.flow)
  })

  it('gives windows back as bytes are read, not before', async () => {
    const peer = await open(
      (stream, headers, end) => {
        stream.pause()
        return silent(stream, headers, end)
      },
      { streamWindowBytes: 1000 },
    )
    await peer.settle()
    peer.send(post(1), frame(type.data, 0, 1, Buffer.alloc(900)))
    await peer.settle()
    expect(peer.frames.some((one) => one.type === type.window && one.stream === 1)).toBe(false)
    expect(heard[0]!.body).toBe('')
    heard[0]!.stream.resume()
    expect((await peer.next(type.window, (one) => one.stream === 1)).payload.readUInt32BE()).toBe(900)
    expect(heard[0]!.body.length).toBe(900)
  })

  it('refuses streams beyond the limit, and takes them again when others end (5.1.2)', async () => {
    const peer = await open(silent, { maxConcurrentStreams: 2 })
    peer.send(post(1), post(3), post(5))
    expect(await peer.reset(5)).toBe(code.refused)
    heard[0]!.stream.headers([':status', '200'], true)
    expect(await peer.reset(1)).toBe(0)
    peer.send(post(7))
    await expect.poll(() => heard.length).toBe(3)
  })

  it('ends every call of a client that goes away with an error (5.4.1)', async () => {
    const peer = await open()
    peer.send(post(1), frame(type.goaway, 0, 0, [...u32(0), ...u32(code.protocol)]))
    await peer.end()
    expect(heard.map(({ end }) => end)).toEqual(['reset undefined'])
  })

  it('drains in two steps, so that no stream is lost on the way (6.8)', async () => {
    const { peer, connection, close } = await rawClient(silent)
    onCleanup(close)
    peer.send(post(1))
    await expect.poll(() => heard.length).toBe(1)
    const drained = connection.drain()
    expect((await peer.next(type.goaway)).payload.readUInt32BE(0)).toBe(0x7fff_ffff)
    const ping = await peer.next(type.ping)
    peer.send(post(3))
    peer.send(frame(type.ping, 1, 0, ping.payload))
    expect((await peer.next(type.goaway)).payload.readUInt32BE(0)).toBe(3)
    peer.send(post(5))
    await peer.settle()
    expect(heard.length).toBe(2)
    for (const { stream } of heard) stream.headers([':status', '200'], true)
    await drained
    await peer.end()
  })

  it('takes DATA behind a reset for an error of the stream, behind the end for one of the connection (5.1)', async () => {
    const peer = await open(quick)
    peer.send(post(1), frame(type.rst, 0, 1, u32(8)), frame(type.data, 0, 1, [1]))
    expect(await peer.reset(1)).toBe(code.closed)
    peer.send(get(3), frame(type.data, 0, 3, [1]))
    expect(await peer.goaway()).toBe(code.closed)
  })

  it('forgives frames that were on their way when it reset their stream (5.1)', async () => {
    const peer = await open()
    peer.send(post(1))
    await expect.poll(() => heard.length).toBe(1)
    heard[0]!.stream.reset(8)
    expect(await peer.reset(1)).toBe(8)
    peer.send(
      frame(type.data, 0, 1, [1]),
      frame(type.window, 0, 1, u32(1)),
      frame(type.headers, endBoth, 1, literal('x', '1')),
    )
    peer.send(get(3))
    await expect.poll(() => heard.length).toBe(2)
    expect(peer.closed).toBe(false)
  })
})

describe('an HTTP/2 server under abuse', () => {
  const flood = async (peer: RawPeer, bytes: Buffer): Promise<number> => {
    const many = Buffer.concat(Array.from({ length: 100 }, () => bytes))
    const timer = setInterval(() => {
      if (!peer.socket.destroyed && peer.socket.writableLength < 1_000_000) peer.send(many)
    }, 1)
    try {
      return await peer.goaway()
    } finally {
      clearInterval(timer)
    }
  }

  it.each<[string, Buffer]>([
    ['PING', frame(type.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', settings({ 4: 65_535 })],
    ['acknowledgements', frame(type.settings, 1, 0)],
    ['PRIORITY', frame(type.priority, 0, 9, [0, 0, 0, 1, 1])],
    ['unknown frames', frame(77, 0, 0, [1])],
    ['empty DATA', frame(type.data, 0, 1)],
    ['padding', frame(type.data, 8, 1, [3, 0, 0, 0])],
    ['WINDOW_UPDATE', frame(type.window, 0, 1, u32(1))],
    ['GOAWAY', frame(type.goaway, 0, 0, Buffer.alloc(8))],
  ])('ends a flood of %s', async (_what, bytes) => {
    const peer = await open()
    peer.send(post(1))
    expect(await flood(peer, bytes)).toBe(code.calm)
  })

  it('ends rapid reset (CVE-2023-44487)', async () => {
    const peer = await open()
    peer.send(
      ...Array.from({ length: 1_500 }, (_, index) =>
        Buffer.concat([post(1 + index * 2), frame(type.rst, 0, 1 + index * 2, u32(8))]),
      ),
    )
    expect(await peer.goaway()).toBe(code.calm)
    expect(heard.length).toBeLessThan(1_200)
  })

  it('ends a peer that makes the server reset its own streams (CVE-2025-8671)', async () => {
    const peer = await open()
    peer.send(
      ...Array.from({ length: 1_500 }, (_, index) =>
        Buffer.concat([post(1 + index * 2), frame(type.window, 0, 1 + index * 2, u32(0))]),
      ),
    )
    expect(await peer.goaway()).toBe(code.calm)
  })

  it('lets an honest peer cancel a part of very many calls', async () => {
    const peer = await open(quick)
    let id = 1
    for (let round = 0; round < 20; round++) {
      const parts: Buffer[] = []
      for (let call = 0; call < 100; call++, id += 2) parts.push(get(id))
      for (let call = 0; call < 50; call++, id += 2) parts.push(post(id), frame(type.rst, 0, id, u32(8)))
      peer.send(...parts)
      await peer.settle()
    }
    expect(peer.closed).toBe(false)
    expect(peer.frames.some((one) => one.type === type.goaway)).toBe(false)
  })

  it('ends a header block without end (CVE-2024-27316), by its bytes and by its frames', async () => {
    const large = await open()
    large.send(
      frame(type.headers, 0, 1, request),
      ...Array.from({ length: 40 }, () => frame(type.continuation, 0, 1, Buffer.alloc(16_384, 0x82))),
    )
    expect(await large.goaway()).toBe(code.calm)
    const empty = await open()
    empty.send(frame(type.headers, 0, 1, request), ...Array.from({ length: 100 }, () => frame(type.continuation, 0, 1)))
    expect(await empty.goaway()).toBe(code.calm)
  })

  it('resets a stream whose header list is too large, a bomb as well, and keeps its table in step', async () => {
    const peer = await open()
    const value = 'b'.repeat(3_000)
    const stored = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('a'), literal('', value).subarray(2)])
    peer.send(frame(type.headers, endBoth, 1, [...request, ...stored]))
    await expect.poll(() => heard.length).toBe(1)
    peer.send(frame(type.headers, endBoth, 3, [...request, ...Buffer.alloc(10_000, 0xbe)]))
    expect(await peer.reset(3)).toBe(code.calm)
    peer.send(frame(type.headers, endBoth, 5, [...request, 0xbe]))
    await expect.poll(() => heard.length).toBe(2)
    expect(heard[1]!.headers.slice(-2)).toEqual(['a', value])
  })

  it('gives up a peer that is slow with its preface, with its SETTINGS, or with acknowledging', async () => {
    for (const bytes of [[preface.subarray(0, 10)], [preface], [preface, settings()]]) {
      const peer = await open(silent, { hello: false, settingsTimeoutMs: 50 })
      peer.send(...bytes)
      expect(await peer.goaway()).toBe(code.settingsTimeout)
    }
  })

  it('holds handlers back whose peer opens no window, and keeps answering others', async () => {
    let accepted = 0
    const peer = await open((stream, headers, end) => {
      accepted++
      stream.headers([':status', '200'], false)
      if (stream.write(Buffer.alloc(16_384), false)) throw new Error('a stalled stream took bytes')
      return silent(stream, headers, end)
    })
    peer.send(settings({ 4: 0 }))
    for (let id = 1; id < 400; id += 2) peer.send(get(id))
    await expect.poll(() => accepted).toBe(200)
    await peer.settle()
    expect(peer.frames.some((one) => one.type === type.data)).toBe(false)
    expect(peer.closed).toBe(false)
  })

  it('reads no further from a peer that does not read its answers', async () => {
    let accepted = 0
    const large: string[] = [':status', '200', 'x-large', 'x'.repeat(8_000)]
    const peer = await open((stream, headers, end) => {
      accepted++
      stream.headers([...large], true)
      return silent(stream, headers, end)
    })
    peer.socket.pause()
    let sent = 0
    for (let before = -1; before !== accepted; ) {
      before = accepted
      for (let call = 0; call < 500; call++, sent++) peer.send(get(1 + sent * 2))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(accepted).toBeLessThan(sent)
    peer.socket.resume()
    await expect.poll(() => accepted).toBe(sent)
  })

  it('survives an accept that throws: the stream is reset, the connection stands', async () => {
    const peer = await open((stream, headers, end) => {
      if (heard.length === 0) {
        silent(stream, headers, end)
        throw new Error('bug')
      }
      return quick(stream, headers, end)
    })
    peer.send(get(1))
    expect(await peer.reset(1)).toBe(2)
    peer.send(get(3))
    await peer.next(type.headers, ({ stream }) => stream === 3)
  })

  it('keeps few chunks of what waits for a paused reader, however small the frames are', async () => {
    const chunks: number[] = []
    let stream: Http2Stream | undefined
    const { peer, close } = await rawClient((opened) => {
      stream = opened
      opened.pause()
      return { headers() {}, data: (chunk) => chunks.push(chunk.length), end() {}, reset() {}, drain() {} }
    })
    onCleanup(close)
    peer.send(frame(type.headers, 4, 1, request))
    const count = 50_000
    const data = Buffer.concat(Array.from({ length: count }, () => frame(type.data, 0, 1, [0, 0, 0, 0, 0])))
    peer.send(data)
    await peer.settle()
    stream?.resume()
    await expect.poll(() => chunks.reduce((sum, size) => sum + size, 0)).toBe(count * 5)
    expect(chunks.length).toBeLessThan(33 + (count * 5) / 512)
  })

  describe('whose peer opens no window', () => {
    /** Answers with more than any window of the tests. */
    const large =
      (end: boolean): Http2Accept =>
      (stream, headers, isEnd) => {
        stream.headers([':status', '200'], false)
        stream.write(Buffer.alloc(60_000), end)
        return silent(stream, headers, isEnd)
      }
    const streams = 400
    const opened = Array.from({ length: streams }, (_, index) => get(1 + index * 2))

    it('ends SETTINGS that let a byte of each response through, by what they make it send', async () => {
      const peer = await open(large(true))
      peer.send(settings({ 4: 0 }), frame(type.window, 0, 0, u32(1 << 30)), ...opened)
      await peer.settle()
      for (let window = 1; window <= 600; window++) peer.send(settings({ 4: window }))
      expect(await peer.goaway()).toBe(code.calm)
      expect(peer.frames.filter((one) => one.type === type.data).length).toBeLessThan(streams * 100)
    })

    it('takes windows that grow as those of honest clients do', async () => {
      const peer = await open(large(true))
      peer.send(settings({ 4: 0 }), frame(type.window, 0, 0, u32(1 << 30)), ...opened)
      await peer.settle()
      for (let window = 1_024; window <= 16 << 20; window *= 2) peer.send(settings({ 4: window }))
      await expect
        .poll(() => peer.frames.filter((one) => one.type === type.data && (one.flags & 1) === 1).length)
        .toBe(streams)
      expect(peer.closed).toBe(false)
    })

    it('resets a complete response of which no byte is taken in time, and only that', async () => {
      const peer = await open(
        (stream, headers, end) => {
          stream.headers([':status', '200'], false)
          stream.write(Buffer.alloc(60_000), stream === heard[0]?.stream || heard.length === 0)
          return silent(stream, headers, end)
        },
        { writeTimeoutMs: 100 },
      )
      peer.send(settings({ 4: 10 }), get(1), get(3))
      expect(await peer.reset(1)).toBe(8)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await peer.settle()
      expect(peer.frames.some((one) => one.type === type.rst)).toBe(false)
      // A byte now and then is progress.
      peer.send(frame(type.window, 0, 3, u32(100_000)))
      expect((await peer.next(type.data, (one) => one.stream === 3)).payload.length).toBeGreaterThan(0)
      expect(peer.closed).toBe(false)
    })

    it('resets a response that is still being produced only where that is asked for', async () => {
      const peer = await open(large(false), { streamStallTimeoutMs: 100, writeTimeoutMs: 0 })
      peer.send(settings({ 4: 10 }), get(1))
      expect(await peer.reset(1)).toBe(8)
      expect(heard[0]?.end).toBe('reset 8')
    })
  })
})
