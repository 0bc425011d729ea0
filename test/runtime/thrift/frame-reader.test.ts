import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import { FrameReader } from '../../../src/runtime/thrift/frame-reader.ts'
import { openMessage } from '../../../src/runtime/thrift/message.ts'
import { BinaryReader } from '../../../src/runtime/thrift/protocol/binary-reader.ts'
import { BinaryWriter } from '../../../src/runtime/thrift/protocol/binary-writer.ts'
import { CompactReader } from '../../../src/runtime/thrift/protocol/compact-reader.ts'
import { CompactWriter } from '../../../src/runtime/thrift/protocol/compact-writer.ts'
import type { ThriftWriter } from '../../../src/runtime/thrift/protocol/protocol.ts'

interface Chunk {
  readonly direction: string
  readonly bytes: Buffer
}

/** Real Kitex traffic: one line per chunk, direction, length, hex. */
function capture(name: string): Chunk[] {
  const text = readFileSync(new URL(`../../wire/kitex-wire-${name}.hex`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [direction, , hex] = line.split(' ')
      return { direction: direction ?? '', bytes: Buffer.from(hex ?? '', 'hex') }
    })
}

/** Everything that a reader finds when the stream comes in the given pieces. */
function read(pieces: Iterable<Uint8Array>, limit?: number): string[] {
  const frames = new FrameReader(limit)
  const found: string[] = []
  for (const piece of pieces) {
    frames.push(piece)
    while (frames.next())
      found.push(`${frames.framing} ${Buffer.from(frames.bytes.subarray(frames.start, frames.end)).toString('hex')}`)
  }
  return found
}

function* cut(bytes: Uint8Array, at: readonly number[]): Iterable<Uint8Array> {
  let from = 0
  for (const end of [...at, bytes.length].sort((a, b) => a - b)) {
    if (end > from) yield bytes.subarray(from, end)
    from = Math.max(from, end)
  }
}

/** One message with every type in it, nested. */
function everything(writer: ThriftWriter, depth: number): void {
  writer.structBegin()
  writer.boolField(1, true)
  writer.i8Field(2, -3)
  writer.i16Field(300, -300)
  writer.i32Field(4, 70_000)
  writer.i64Field(5, -(2n ** 60n))
  writer.doubleField(6, 2.5)
  writer.stringField(7, 'héllo'.repeat(30))
  writer.fieldBegin(15, 8)
  writer.listBegin(8, 3)
  for (const value of [1, -1, 70_000]) writer.i32(value)
  writer.fieldBegin(14, 9)
  writer.setBegin(11, 2)
  writer.string('a')
  writer.string('')
  writer.fieldBegin(13, 10)
  writer.mapBegin(11, 15, 2)
  for (const key of ['x', 'y']) {
    writer.string(key)
    writer.listBegin(2, 20)
    for (let i = 0; i < 20; i++) writer.bool(i % 2 === 0)
  }
  writer.fieldBegin(13, 11)
  writer.mapBegin(8, 4, 0)
  writer.fieldBegin(16, 12)
  writer.uuid('00112233-4455-6677-8899-aabbccddeeff')
  writer.fieldBegin(13, 13)
  writer.mapBegin(6, 4, 2)
  for (const key of [1, 2]) {
    writer.i16(key)
    writer.double(key)
  }
  if (depth > 0) {
    writer.fieldBegin(12, 14)
    everything(writer, depth - 1)
    writer.fieldBegin(15, 15)
    writer.listBegin(12, 2)
    everything(writer, depth - 1)
    everything(writer, depth - 1)
  }
  writer.structEnd()
}

function message(writer: BinaryWriter | CompactWriter, depth = 2): Buffer {
  writer.messageBegin('everything', 1, 77)
  everything(writer, depth)
  writer.messageEnd()
  return Buffer.from(writer.take())
}

describe('FrameReader', () => {
  for (const name of ['ttheader', 'framed', 'buffered']) {
    it(`reads ${name} traffic of Kitex, chunk by chunk, whole, and byte by byte`, () => {
      for (const direction of ['C>S', 'S>C']) {
        const chunks = capture(name)
          .filter((chunk) => chunk.direction === direction)
          .map(({ bytes }) => bytes)
        const expected = chunks.map((chunk) => `${name} ${chunk.toString('hex')}`)
        expect(expected.length).toBeGreaterThan(5)
        expect(read(chunks)).toEqual(expected)
        const stream = Buffer.concat(chunks)
        expect(read([stream])).toEqual(expected)
        expect(read(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(expected)
      }
    })
  }

  it('understands the envelope and the header of every captured message', () => {
    const names = new Set<string>()
    for (const name of ['ttheader', 'framed', 'buffered']) {
      for (const { bytes } of capture(name)) {
        const message = openMessage(name as 'framed', bytes, 0, bytes.length)
        const reader = new BinaryReader(bytes, message.start, message.end)
        const envelope = reader.messageBegin()
        reader.skip(12)
        expect(reader.remaining).toBe(0)
        names.add(envelope.name)
        if (message.header !== undefined) expect(message.header.sequence).toBe(envelope.sequence)
      }
    }
    expect([...names].sort()).toEqual(['Echo', 'Fail', 'Fire', 'Meta'])
  })

  it('finds bare messages of both protocols in one stream, cut anywhere', () => {
    const binary = message(new BinaryWriter())
    const compact = message(new CompactWriter())
    const old = Buffer.concat([
      Buffer.from('0000000765766572797468', 'hex'),
      Buffer.from('ing', 'latin1'),
      Buffer.from([1, 0, 0, 0, 1, 0]),
    ])
    old[3] = 10
    const stream = Buffer.concat([binary, compact, old, binary])
    const expected = [binary, compact, old, binary].map((bytes) => `buffered ${bytes.toString('hex')}`)
    expect(read([stream])).toEqual(expected)
    expect(read(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(expected)
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (at) => {
        expect(read(cut(stream, at))).toEqual(expected)
      }),
    )
  })

  it('agrees with the protocol readers on where a message ends', () => {
    for (const depth of [0, 1, 3]) {
      const binary = message(new BinaryWriter(), depth)
      const compact = message(new CompactWriter(), depth)
      const binaryReader = new BinaryReader(binary)
      binaryReader.messageBegin()
      binaryReader.skip(12)
      const compactReader = new CompactReader(compact)
      compactReader.messageBegin()
      compactReader.skip(12)
      expect([binaryReader.remaining, compactReader.remaining]).toEqual([0, 0])
      expect(read([binary, compact])).toHaveLength(2)
    }
  })

  it('keeps earlier messages intact while later ones arrive', () => {
    const frames = new FrameReader()
    const first = Buffer.concat([Buffer.from('00000008', 'hex'), Buffer.from('8001000100000000', 'hex')])
    const kept: Uint8Array[] = []
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(first)
      bytes[11] = i
      for (const piece of [bytes.subarray(0, 5), bytes.subarray(5)]) {
        frames.push(piece)
        while (frames.next()) kept.push(frames.bytes.subarray(frames.start, frames.end))
      }
    }
    expect(kept.map((bytes) => bytes[11])).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  it('refuses a length over the limit as soon as it is read, in every form', () => {
    const limit = 1_000
    for (const hex of [
      '04000001', // a frame of more than 64 MiB
      '040000011000', // a TTHeader frame
      '80010001000003e9', // a method name
      '80010001000000016100000001' + '0b0001000003e9', // a string in a bare message
      '80010001000000016100000001' + '0f00010a0000ffff', // a list of numbers
      '82210101610be907', // a bare compact message with a binary of 1001 bytes in a field of delta 0
    ]) {
      const bytes = Buffer.from(hex, 'hex')
      if (hex.startsWith('82')) bytes[5] = 0x18
      expect(() => read([bytes], limit), hex).toThrow(/the limit is 1000/)
    }
  })

  it('discards a frame over the limit, cut anywhere, and finds the next message', () => {
    const bare = message(new BinaryWriter(), 3)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bare.length)
    const big = Buffer.concat([length, bare])
    const small = Buffer.concat([Buffer.from('0000000e', 'hex'), Buffer.from('8001000100000001610000000100', 'hex')])
    const stream = Buffer.concat([small, big, small])
    const limit = 100
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (at) => {
        const frames = new FrameReader(limit)
        const found: string[] = []
        for (const piece of cut(stream, at)) {
          frames.push(piece)
          while (frames.next()) {
            const { bytes, start, end, oversized } = frames
            const shown = Buffer.from(bytes.subarray(start, end)).toString('hex')
            found.push(oversized === undefined ? shown : `${oversized.message}: ${shown}`)
          }
        }
        expect(frames.isPartial).toBe(false)
        const refused = `a Thrift message of ${bare.length} bytes; the limit is 100 (maxFrameBytes)`
        const kept = big.subarray(0, 16 * 1024).toString('hex')
        expect(found).toEqual([small.toString('hex'), `${refused}: ${kept}`, small.toString('hex')])
      }),
    )
  })

  it('refuses what is no Thrift with the first bytes in the message', () => {
    expect(() => read([Buffer.from('GET / HTTP/1.1\r\n')])).toThrow(/no Thrift message: 474554202f204854/)
    expect(() => read([Buffer.from([0, 0, 0, 1])])).toThrow(/a frame of 1 bytes/)
    expect(() => read([Buffer.from('80010001000000016100000001630001', 'hex')])).toThrow(/unknown type 99/)
  })

  it('refuses messages nested deeper than 64', () => {
    const bytes = Buffer.concat([
      Buffer.from('80010001000000016100000001', 'hex'),
      ...Array.from({ length: 70 }, () => Buffer.from([12, 0, 1])),
    ])
    expect(() => read([bytes])).toThrow(/nested deeper than 64/)
  })

  it('answers any bytes with messages or an RpcError and holds no more than twice what came', () => {
    const binary = message(new BinaryWriter(), 1)
    const compact = message(new CompactWriter(), 1)
    const mutated = (valid: Buffer): fc.Arbitrary<Uint8Array> =>
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }).map((changes) => {
        const bytes = Uint8Array.from(valid)
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      })
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 40 }), mutated(binary), mutated(compact)),
        fc.array(fc.nat(600)),
        (bytes, at) => {
          const frames = new FrameReader()
          try {
            for (const piece of cut(bytes, at)) {
              frames.push(piece)
              while (frames.next()) expect(frames.end - frames.start).toBeLessThanOrEqual(bytes.length)
            }
            expect(frames.pending).toBeLessThanOrEqual(bytes.length)
          } catch (error) {
            if (!isRpcError(error)) throw error
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
