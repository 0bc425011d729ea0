import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import { FrameReader } from '../../../src/runtime/grpc/framing.ts'

function frame(payload: Uint8Array, compressed = false): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length)
  bytes[0] = compressed ? 1 : 0
  new DataView(bytes.buffer).setUint32(1, payload.length)
  bytes.set(payload, 5)
  return bytes
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) break
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  if (at < bytes.length) chunks.push(bytes.subarray(at))
  return chunks
}

describe('a frame reader', () => {
  it('gives the same messages however the bytes were cut', () => {
    const messages = fc.array(fc.record({ payload: fc.uint8Array({ maxLength: 60 }), compressed: fc.boolean() }))
    const sizes = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 })
    fc.assert(
      fc.property(messages, sizes, (sent, cuts) => {
        const reader = new FrameReader(1000)
        const bytes = Buffer.concat(sent.map(({ payload, compressed }) => frame(payload, compressed)))
        const received: object[] = []
        for (const chunk of cut(bytes, cuts)) {
          reader.push(chunk)
          for (let next = reader.next(); next !== undefined; next = reader.next()) {
            received.push({ payload: new Uint8Array(next.payload), compressed: next.compressed })
          }
        }
        expect(received).toEqual(sent)
        expect(reader.buffered).toBe(0)
      }),
    )
  })

  it('gathers what comes in tiny pieces, without touching what it has given out', () => {
    const payloads = Array.from({ length: 40 }, (_, i) => new Uint8Array(50 + i * 37).fill(i + 1))
    const bytes = Buffer.concat(payloads.map((payload) => frame(payload)))
    for (const sizes of [[1], [1, 600, 3], [511, 2, 1024], [7, 1, 1, 1, 40]]) {
      const reader = new FrameReader(1 << 20)
      const received: Uint8Array[] = []
      let at = 0
      for (let i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] ?? 1
        reader.push(Uint8Array.from(bytes.subarray(at, at + size)))
        at += size
        // Some stand in line, as behind a slow reader, and then come together with what is pushed later.
        if (i % 300 === 299)
          for (let next = reader.next(); next !== undefined; next = reader.next()) received.push(next.payload)
      }
      for (let next = reader.next(); next !== undefined; next = reader.next()) received.push(next.payload)
      expect(Buffer.concat(received).equals(Buffer.concat(payloads))).toBe(true)
      expect(received.map(({ length }) => length)).toEqual(payloads.map(({ length }) => length))
    }
  })

  it('takes a large message byte by byte in little memory', () => {
    const size = 1 << 20
    const reader = new FrameReader(size)
    const head = frame(new Uint8Array(0))
    new DataView(head.buffer).setUint32(1, size)
    reader.push(head)
    const byte = new Uint8Array([7])
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < size; i++) reader.push(byte)
    // A view for each byte would be 80 MB and more.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000)
    expect(reader.next()?.payload.every((one) => one === 7)).toBe(true)
    expect(reader.buffered).toBe(0)
  })

  it('throws RpcError and nothing else, whatever the bytes are, and holds no more than it was given', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
        const reader = new FrameReader(64)
        let given = 0
        try {
          for (const chunk of chunks) {
            reader.push(chunk)
            given += chunk.length
            while (reader.next() !== undefined);
            expect(reader.buffered).toBeLessThanOrEqual(given)
            expect(reader.buffered).toBeLessThan(5 + 64 + 30)
          }
        } catch (error) {
          expect(isRpcError(error)).toBe(true)
        }
      }),
    )
  })

  it('refuses a length beyond its limit as soon as it has read it', () => {
    const reader = new FrameReader(10)
    reader.push(new Uint8Array([0, 0, 0, 0]))
    expect(reader.next()).toBeUndefined()
    reader.push(new Uint8Array([11]))
    expect(() => reader.next()).toThrow(/received a message of 11 bytes is larger than the limit of 10/)
    const exact = new FrameReader(10)
    exact.push(frame(new Uint8Array(10)))
    expect(exact.next()?.payload.length).toBe(10)
  })

  it('gives a message that lies in one chunk without a copy', () => {
    const chunk = frame(new Uint8Array([1, 2, 3]))
    const reader = new FrameReader(10)
    reader.push(chunk)
    expect(reader.next()?.payload.buffer).toBe(chunk.buffer)
  })
})
