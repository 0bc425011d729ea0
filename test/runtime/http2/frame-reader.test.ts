import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConnectionError } from '../../../src/runtime/http2/connection-error.ts'
import { FrameReader } from '../../../src/runtime/http2/frame/frame-reader.ts'
import { FrameWriter } from '../../../src/runtime/http2/frame/frame-writer.ts'

type Frame = [type: number, flags: number, stream: number, payload: string]

function recorder(frames: Frame[], most = Number.POSITIVE_INFINITY): FrameReader {
  return new FrameReader((type, flags, stream, bytes, start, end) => {
    frames.push([type, flags, stream, Buffer.from(bytes.subarray(start, end)).toString('hex')])
    return frames.length < most
  })
}

function bytesOf([type, flags, stream, payload]: Frame): Buffer {
  const body = Buffer.from(payload, 'hex')
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}

const byte = fc.integer({ min: 0, max: 255 })
const frame: fc.Arbitrary<Frame> = fc.tuple(
  byte,
  byte,
  fc.integer({ min: 0, max: 0x7fff_ffff }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('hex')),
)

describe('FrameReader', () => {
  it('finds the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (frames, cuts) => {
          const found: Frame[] = []
          const reader = recorder(found)
          const bytes = Buffer.concat(frames.map(bytesOf))
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = cuts[turn % cuts.length]!
            reader.push(bytes.subarray(at, at + size))
            at += size
          }
          expect(found).toEqual(frames)
        },
      ),
    )
  })

  it.each([1, 5, 9, 100])('refuses a frame beyond 16 KiB as soon as its length is there, in chunks of %i', (size) => {
    const bytes = Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1])
    const reader = recorder([])
    expect(() => {
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
    }).toThrow(ConnectionError)
  })

  it('stops when told to', () => {
    const found: Frame[] = []
    recorder(found, 1).push(Buffer.concat([bytesOf([1, 0, 1, '']), bytesOf([2, 0, 1, ''])]))
    expect(found.length).toBe(1)
  })
})

describe('FrameWriter', () => {
  it('writes frames that are read back', () => {
    const writer = new FrameWriter()
    writer.settings([
      [1, 2],
      [3, 0xffff_ffff],
    ])
    writer.settingsAck()
    writer.ping(Buffer.from('12345678'), 0, true)
    writer.goaway(7, 2, 'no')
    writer.rstStream(0x7fff_ffff, 8)
    writer.windowUpdate(0, 0x7fff_ffff)
    writer.data(3, Buffer.from('abc'), 1, 3, true)
    const found: Frame[] = []
    recorder(found).push(writer.take())
    expect(found).toEqual([
      [4, 0, 0, '0001000000020003ffffffff'],
      [4, 1, 0, ''],
      [6, 1, 0, '3132333435363738'],
      [7, 0, 0, '00000007000000026e6f'],
      [3, 0, 0x7fff_ffff, '00000008'],
      [8, 0, 0, '7fffffff'],
      [0, 1, 3, '6263'],
    ])
  })

  it('lets a large buffer go, but never one with frames in it', () => {
    const writer = new FrameWriter()
    writer.ping(new Uint8Array(8), 0, false)
    const small = writer.capacity
    writer.shrink()
    expect(writer.capacity).toBe(small)
    for (let frames = 0; frames < 40; frames++) writer.data(1, new Uint8Array(4_096), 0, 4_096, false)
    writer.shrink()
    expect(writer.position).toBe(17 + 40 * 4_105)
    const found: Frame[] = []
    recorder(found).push(writer.written())
    expect(found.map(([type]) => type)).toEqual([6, ...new Array(40).fill(0)])
    writer.reset()
    writer.shrink()
    expect(writer.capacity).toBe(0)
  })

  it('holds little for a connection that only says hello', () => {
    const writer = new FrameWriter()
    writer.settings([
      [1, 0],
      [4, 1],
    ])
    writer.windowUpdate(0, 1)
    writer.settingsAck()
    expect(writer.capacity).toBeLessThanOrEqual(1024)
    writer.data(1, new Uint8Array(1_000), 0, 1_000, false)
    expect(writer.capacity).toBe(32 * 1024)
    expect(writer.position).toBe(21 + 13 + 9 + 1_009)
  })

  it('gives large bodies out as they are, in their order among the other frames', () => {
    const writer = new FrameWriter()
    const body = new Uint8Array(20_000).fill(7)
    writer.ping(new Uint8Array(8), 0, false)
    expect(writer.takeParts()).toBeUndefined()
    writer.data(1, body, 0, 16_384, false)
    writer.data(1, body, 16_384, 20_000, true)
    writer.data(3, body, 0, 20_000, true)
    expect(writer.position).toBe(17 + 2 * 9 + 20_000 + 9 + 20_000)
    const parts = writer.takeParts() ?? []
    expect(writer.position).toBe(0)
    expect(parts.filter((part) => part.buffer === body.buffer).map(({ length }) => length)).toEqual([16_384, 20_000])
    writer.rstStream(1, 8)
    const found: Frame[] = []
    const reader = recorder(found)
    reader.limit = 20_000
    for (const part of [...parts, writer.take()]) reader.push(part)
    expect(found.map(([type, flags, stream, payload]) => [type, flags, stream, payload.length / 2])).toEqual([
      [6, 0, 0, 8],
      [0, 0, 1, 16_384],
      [0, 1, 1, 3_616],
      [0, 1, 3, 20_000],
      [3, 0, 1, 4],
    ])
    writer.data(1, body, 0, 20_000, true)
    writer.reset()
    expect(writer.position).toBe(0)
    expect(writer.takeParts()).toBeUndefined()
  })

  it('cuts a large header block into CONTINUATION frames', () => {
    const writer = new FrameWriter()
    const block = Buffer.alloc(40_000, 7)
    writer.headers(5, block, block.length, true)
    const found: Frame[] = []
    recorder(found).push(writer.take())
    expect(found.map(([type, flags, stream]) => [type, flags, stream])).toEqual([
      [1, 1, 5],
      [9, 0, 5],
      [9, 4, 5],
    ])
    expect(found.map(([, , , payload]) => payload).join('')).toBe(block.toString('hex'))
  })
})
