import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../src/runtime/core/bytes/byte-writer.ts'

describe('a byte writer', () => {
  it('grows and keeps what was written', () => {
    const writer = new ByteWriter()
    const parts = Array.from({ length: 200 }, (_, i) => Uint8Array.from({ length: 1000 + i }, () => i))
    for (const part of parts) writer.raw(part)
    expect(Buffer.compare(writer.take(), Buffer.concat(parts))).toBe(0)
  })

  it('never writes again where it has given bytes away', () => {
    const writer = new ByteWriter()
    const taken: Uint8Array[] = []
    for (let i = 0; i < 300; i++) {
      writer.raw(Uint8Array.from({ length: 500 }, () => i & 255))
      taken.push(writer.take())
      writer.raw(Uint8Array.of(1, 2, 3))
      writer.reset()
    }
    taken.forEach((bytes, i) => {
      expect(bytes.length).toBe(500)
      expect(bytes.every((byte) => byte === (i & 255))).toBe(true)
    })
  })

  it('leaves zeros where room is reserved and counts places from its own start', () => {
    const writer = new ByteWriter()
    writer.raw(Uint8Array.of(9, 9, 9))
    writer.take()
    const at = writer.reserve(7)
    expect(at).toBe(0)
    expect([...writer.written()]).toEqual([0, 0, 0, 0, 0, 0, 0])
    writer.setU8(0, 1)
    writer.setU16(1, 0x0203)
    writer.setU32(3, 0x04050607)
    expect(writer.position).toBe(7)
    expect([...writer.written(1)]).toEqual([2, 3, 4, 5, 6, 7])
    writer.truncate(2)
    expect([...writer.take()]).toEqual([1, 2])
    expect(writer.take().length).toBe(0)
  })
})

describe('text behind a varint length', () => {
  class Texts extends ByteWriter {
    write(text: string): Uint8Array {
      this.varintText(text)
      return this.take()
    }
  }

  it('has the shortest length there is, whatever the text is made of', () => {
    const writer = new Texts()
    for (const unit of ['a', 'é', '東', '🎉']) {
      for (const times of [
        0, 1, 20, 21, 31, 32, 42, 43, 63, 64, 127, 128, 129, 2730, 5461, 5462, 8191, 16384, 100_000,
      ]) {
        const text = unit.repeat(times)
        const size = Buffer.byteLength(text)
        const bytes = Buffer.from(writer.write(text))
        const width = size < 128 ? 1 : size < 16384 ? 2 : 3
        let length = 0
        for (let i = 0; i < width; i++) length += (bytes[i]! & 127) * 2 ** (7 * i)
        expect(length).toBe(size)
        expect(bytes.length).toBe(width + size)
        expect(bytes.subarray(width).equals(Buffer.from(text))).toBe(true)
      }
    }
  })
})
