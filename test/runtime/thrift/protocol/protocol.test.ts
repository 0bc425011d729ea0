import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRpcError } from '../../../../src/runtime/core/error.ts'
import { BinaryReader } from '../../../../src/runtime/thrift/protocol/binary-reader.ts'
import { BinaryWriter } from '../../../../src/runtime/thrift/protocol/binary-writer.ts'
import { CompactReader } from '../../../../src/runtime/thrift/protocol/compact-reader.ts'
import { CompactWriter } from '../../../../src/runtime/thrift/protocol/compact-writer.ts'
import { ThriftProtocolError } from '../../../../src/runtime/thrift/protocol/error.ts'
import { apacheWrite } from './apache.ts'
import { read, struct, write } from './value-tree.ts'

const protocols = [
  { name: 'binary', Writer: BinaryWriter, Reader: BinaryReader },
  { name: 'compact', Writer: CompactWriter, Reader: CompactReader },
] as const

/** Runs a read of hostile bytes: anything but a refusal of ours fails the test. */
function refusal(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isRpcError(error)) throw error
    expect(error.code).toBe('INTERNAL')
    expect(error.cause).toBeInstanceOf(ThriftProtocolError)
    return (error.cause as ThriftProtocolError).kind
  }
}

describe.each(protocols)('the $name protocol', ({ name, Writer, Reader }) => {
  it('writes what npm thrift writes and reads it back', () => {
    const writer = new Writer()
    const reader = new Reader()
    fc.assert(
      fc.property(struct, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (tree, sequence) => {
        writer.messageBegin('méthode', 1, sequence)
        write(writer, tree)
        writer.messageEnd()
        const bytes = writer.take()
        const theirs = apacheWrite(name, 'méthode', 1, sequence, tree)
        expect(Buffer.compare(bytes, theirs)).toBe(0)
        reader.reset(bytes)
        expect(reader.messageBegin()).toEqual({ name: 'méthode', kind: 1, sequence })
        expect(read(reader, 12)).toEqual(tree)
        expect(reader.remaining).toBe(0)
        reader.reset(bytes)
        reader.messageBegin()
        reader.skip(12)
        expect(reader.remaining).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('refuses every truncation of a message and survives every mutation', () => {
    const writer = new Writer()
    const reader = new Reader()
    fc.assert(
      fc.property(struct, fc.infiniteStream(fc.nat()), (tree, random) => {
        writer.messageBegin('m', 1, 7)
        write(writer, tree)
        const bytes = writer.take()
        const whole = () => {
          reader.messageBegin()
          read(reader, 12)
        }
        const skipped = () => {
          reader.messageBegin()
          reader.skip(12)
        }
        for (let end = 0; end < bytes.length; end++) {
          reader.reset(bytes, 0, end)
          expect(refusal(whole)).toBeDefined()
          reader.reset(bytes, 0, end)
          expect(refusal(skipped)).toBeDefined()
        }
        for (let i = 0; i < 30; i++) {
          const mutant = Uint8Array.from(bytes)
          for (let n = 0; n < 3; n++) {
            const at = random.next().value % mutant.length
            mutant[at] = [0, 0xff, 0x7f, 0x80, random.next().value & 255][random.next().value % 5]!
          }
          reader.reset(mutant)
          refusal(whole)
          reader.reset(mutant)
          refusal(skipped)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('refuses nesting beyond 64, on both sides', () => {
    const writer = new Writer()
    for (let i = 0; i < 64; i++) {
      writer.structBegin()
      writer.fieldBegin(12, 1)
    }
    expect(() => writer.structBegin()).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    const deep = name === 'binary' ? [12, 0, 1] : [0x1c]
    const reader = new Reader(Uint8Array.from({ length: 3000 }, (_, i) => deep[i % deep.length]!))
    expect(refusal(() => reader.skip(12))).toBe('depth_limit')
  })

  it('refuses values that do not fit their type', () => {
    const writer = new Writer()
    const bad: [string, unknown][] = [
      ['i8', 128],
      ['i8', -129],
      ['i8', '1'],
      ['i16', 32768],
      ['i16', 1.5],
      ['i32', 2 ** 31],
      ['i32', undefined],
      ['i32', Number.NaN],
      ['i64', 2n ** 63n],
      ['i64', -(2n ** 63n) - 1n],
      ['i64', 2 ** 53],
      ['i64', '12x'],
      ['i64', undefined],
      ['double', '1'],
      ['string', 7],
      ['string', undefined],
      ['bool', 1],
      ['binary', 'text'],
      ['uuid', 'not one'],
    ]
    for (const [method, value] of bad) {
      expect(() => (writer[method as 'i32'] as (value: unknown) => void)(value)).toThrowError(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
    }
  })

  it('writes every form of a 64-bit integer alike and reads each', () => {
    const writer = new Writer()
    for (const value of [0, 1, -1, 255, -4294967296, 4294967297, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      writer.i64(value)
      const first = writer.take()
      writer.i64(BigInt(value))
      expect([...writer.take()]).toEqual([...first])
      writer.i64(String(value))
      expect([...writer.take()]).toEqual([...first])
      expect(new Reader(first).i64()).toBe(BigInt(value))
      expect(new Reader(first).i64Number()).toBe(value)
      expect(new Reader(first).i64String()).toBe(String(value))
    }
    writer.i64(2n ** 60n)
    expect(refusal(() => new Reader(writer.take()).i64Number())).toBe('invalid_data')
  })

  it('copies bytes out, or gives a view on request', () => {
    const writer = new Writer()
    for (const size of [0, 3, 200]) {
      writer.binary(new Uint8Array(size).fill(7))
      const bytes = writer.take()
      const copy = new Reader(bytes).binary()
      const view = new Reader(bytes).binaryView()
      expect(copy.length).toBe(size)
      bytes.fill(9)
      expect(copy.every((byte) => byte === 7)).toBe(true)
      expect(view.every((byte) => byte === 9)).toBe(true)
    }
  })

  it('reads text that is not UTF-8 with replacement characters', () => {
    const writer = new Writer()
    writer.binary(Uint8Array.of(0x61, 0xff, 0x62))
    expect(new Reader(writer.take()).string()).toBe('a\ufffdb')
  })

  it('takes room in front, patches it, and gives several messages as one chunk', () => {
    const writer = new Writer()
    const at = writer.reserve(6)
    writer.i32(5)
    writer.setU32(at, writer.position - 4)
    writer.setU16(at + 4, 0xabcd)
    const second = writer.reserve(4)
    writer.string('x'.repeat(100_000))
    writer.setU32(second, 0x01020304)
    expect([...writer.written(second).subarray(0, 4)]).toEqual([1, 2, 3, 4])
    const chunk = writer.take()
    expect(chunk[4]).toBe(0xab)
    expect(writer.position).toBe(0)
    writer.i32(1)
    writer.truncate(0)
    expect(writer.position).toBe(0)
    expect(chunk[4]).toBe(0xab)
  })
})

describe('lying sizes', () => {
  const hostile = (bytes: number[], run: (reader: BinaryReader) => void) =>
    refusal(() => run(new BinaryReader(Uint8Array.from(bytes))))
  it('are refused before anything is allocated', () => {
    expect(hostile([0x7f, 0xff, 0xff, 0xff], (r) => r.string())).toBe('size_limit')
    expect(hostile([0xff, 0xff, 0xff, 0xff], (r) => r.binary())).toBe('negative_size')
    expect(hostile([8, 0, 0, 0, 2, 0, 0, 0, 0], (r) => r.listBegin())).toBe('size_limit')
    expect(hostile([12, 0xff, 0xff, 0xff, 0xff], (r) => r.setBegin())).toBe('negative_size')
    expect(hostile([11, 12, 0, 0, 0, 2, 1, 2, 3, 4], (r) => r.mapBegin())).toBe('size_limit')
    expect(hostile([7, 0, 0, 0, 1, 0], (r) => r.listBegin())).toBe('invalid_data')
    const compact = (bytes: number[], run: (reader: CompactReader) => void) =>
      refusal(() => run(new CompactReader(Uint8Array.from(bytes))))
    expect(compact([0xff, 0xff, 0xff, 0xff, 0x0f], (r) => r.string())).toBe('negative_size')
    expect(compact([0xff, 0xff, 0xff, 0xff, 0x7f], (r) => r.string())).toBe('invalid_data')
    expect(compact(Array(11).fill(0xff), (r) => r.i64())).toBe('invalid_data')
    expect(compact([0xf5, 0xff, 0xff, 0xff, 0x07], (r) => r.listBegin())).toBe('size_limit')
    expect(compact([0x1e, 0], (r) => r.listBegin())).toBe('invalid_data')
  })
})

describe('message headers', () => {
  it('are accepted in the old form without a version', () => {
    const bytes = Buffer.from([0, 0, 0, 3, 0x61, 0x62, 0x63, 2, 0, 0, 0, 9, 0])
    const reader = new BinaryReader(bytes)
    expect(reader.messageBegin()).toEqual({ name: 'abc', kind: 2, sequence: 9 })
    expect(refusal(() => new BinaryReader(Buffer.from([0, 1, 0, 0, 1])).messageBegin())).toBe('invalid_data')
  })
  it('of another version are refused', () => {
    expect(refusal(() => new BinaryReader(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])).messageBegin())).toBe('bad_version')
    expect(refusal(() => new CompactReader(Buffer.from([0x82, 0x22, 0, 0])).messageBegin())).toBe('bad_version')
    expect(refusal(() => new CompactReader(Buffer.from([0x81, 0x21, 0, 0])).messageBegin())).toBe('bad_version')
  })
})
