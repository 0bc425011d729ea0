import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Http2Accept, Http2Sink } from '../../../src/runtime/http2/sink.ts'
import { frame, ok, preface, rawClient, rawServer, request, settings, type } from './raw-peer.ts'

const byte = fc.integer({ min: 0, max: 255 })
const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 10 }), byte, fc.integer({ min: 0, max: 9 }), fc.uint8Array({ maxLength: 40 }))
  .map(([kind, flags, stream, payload]) => frame(kind, flags, stream, payload))
/** Frames that go deeper than the first check. */
const fairFrame = fc
  .tuple(
    fc.constantFrom(0, 1, 9),
    fc.constantFrom(0, 1, 4, 5),
    fc.constantFrom(1, 3, 5),
    fc.boolean(),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([kind, flags, stream, response, rest]) =>
    frame(
      kind,
      flags,
      stream,
      kind === 0 ? rest : Buffer.concat([response ? ok : request, rest.length > 10 ? rest : nothing]),
    ),
  )
const frames = fc.array(fc.oneof(anyFrame, fairFrame), { maxLength: 15 }).map((list) => Buffer.concat(list))
const nothing = Buffer.alloc(0)

describe('HTTP/2 under nonsense', () => {
  it('as a server ends every stream that it told of, exactly once, whatever the bytes were', async () => {
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (bytes, answers) => {
        const alive = new Set<object>()
        const accept: Http2Accept = (stream, _headers, end) => {
          const one = {}
          alive.add(one)
          const finish = (): void => {
            if (!alive.delete(one)) throw new Error('ended twice')
          }
          const answer = (): void => {
            if (!answers) return
            stream.headers([':status', '200'], false)
            stream.trailers(['x', '1'])
            finish()
          }
          if (end) answer()
          return { headers() {}, data() {}, end: answer, reset: finish, drain() {} }
        }
        const { peer, close } = await rawClient(accept)
        peer.send(bytes)
        peer.socket.end()
        await peer.end()
        await close()
        expect(alive.size).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('as a client settles every stream, exactly once, whatever the bytes were', async () => {
    await fc.assert(
      fc.asyncProperty(frames, async (bytes) => {
        const { peer, connection, close } = await rawServer()
        const ends: number[] = [0, 0, 0]
        for (const index of ends.keys()) {
          const sink: Http2Sink = {
            headers(_headers, end) {
              if (end) ends[index]!++
            },
            data() {},
            end() {
              ends[index]!++
            },
            reset() {
              ends[index]!++
            },
            drain() {},
          }
          connection
            .open([':method', 'POST', ':scheme', 'http', ':path', '/'], undefined, sink)
            .write(Buffer.from('x'), true)
        }
        await peer.next(type.data)
        peer.send(bytes)
        peer.socket.end()
        await peer.end()
        await close()
        expect(ends).toEqual([1, 1, 1])
      }),
      { numRuns: 60 },
    )
  })

  it('takes a whole conversation in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 }), async (cuts) => {
        let body = ''
        const { peer, close } = await rawClient(
          (stream) => ({
            headers() {},
            data(chunk) {
              body += Buffer.from(chunk).toString()
            },
            end() {
              stream.headers([':status', '200'], true)
            },
            reset() {},
            drain() {},
          }),
          { hello: false },
        )
        const bytes = Buffer.concat([
          preface,
          settings(),
          frame(type.settings, 1, 0),
          frame(type.headers, 0, 1, request),
          frame(type.continuation, 4, 1),
          frame(type.data, 0, 1, Buffer.from('hello ')),
          frame(type.data, 1, 1, Buffer.from('world')),
        ])
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length]!
          peer.send(bytes.subarray(at, at + size))
          await new Promise((resolve) => setImmediate(resolve))
          at += size
        }
        await peer.next(type.headers)
        expect(body).toBe('hello world')
        await close()
      }),
      { numRuns: 20 },
    )
  })
})
