import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryAccount } from '../../../src/runtime/core/bytes/memory-account.ts'
import { acceptedEncodings, compress, compressionOf, decompress } from '../../../src/runtime/grpc/compression.ts'
import { accepts, type Compression } from '../../../src/runtime/grpc/compressor.ts'
import { type InflateLimits, inflate as inflateWithin } from '../../../src/runtime/grpc/inflate.ts'

const account = new MemoryAccount(Number.POSITIVE_INFINITY)
const inflate = (name: Compression, bytes: Uint8Array, limits: InflateLimits) =>
  inflateWithin(name, bytes, limits, account)

/** Those that this Node has. */
const known = acceptedEncodings.split(',').slice(1) as Compression[]

describe('compression', () => {
  it.each(known)('gives the bytes back with %s', (compression) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const back = decompress(compression, compress(compression, bytes), 2000)
        expect(new Uint8Array(back)).toEqual(bytes)
      }),
    )
  })

  it.each(known)('stops %s at the limit, not after it', (compression) => {
    const bomb = compress(compression, new Uint8Array(1_000_001))
    expect(() => decompress(compression, bomb, 1_000_000)).toThrow(/larger than the limit of 1000000/)
    expect(decompress(compression, bomb, 1_000_001).length).toBe(1_000_001)
  })

  it('refuses bytes that are not compressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        fc.pre(bytes[0] !== 0x1f)
        expect(() => decompress('gzip', bytes, 1000)).toThrow(/could not be decompressed with gzip/)
      }),
    )
  })

  it('knows the names', () => {
    expect(compressionOf(undefined)).toBeUndefined()
    expect(compressionOf('identity')).toBeUndefined()
    expect(compressionOf('gzip')).toBe('gzip')
    expect(compressionOf('br')).toBe('br')
    expect(compressionOf('zstd')).toBe('zstdCompressSync' in zlib ? 'zstd' : 'unknown')
    for (const name of ['snappy', 'constructor', '__proto__', '']) expect(compressionOf(name)).toBe('unknown')
    expect(known).toContain('br')
    expect(accepts('identity, gzip', 'gzip')).toBe(true)
    expect(accepts('identity,gzipped', 'gzip')).toBe(false)
    expect(accepts(undefined, 'gzip')).toBe(false)
  })

  it.each(known)(
    'inflates small messages of %s at once, others aside, and stops at the step that is too far',
    async (name) => {
      const limits = { maxBytes: 4 << 20, maxRatio: 100 }
      const bytes = (size: number): Uint8Array => compress(name, new Uint8Array(size))
      expect(inflate(name, bytes(60_000), limits)).toHaveLength(60_000)
      const aside = inflate(name, bytes(1 << 20), limits)
      expect(aside).toBeInstanceOf(Promise)
      expect(await aside).toHaveLength(1 << 20)
      await expect(inflate(name, bytes(3 << 20), limits)).rejects.toThrow(
        /more than 100 times its size \(maxCompressionRatio\)/,
      )
      await expect(inflate(name, bytes(3 << 20), { ...limits, maxBytes: 100_000 })).rejects.toThrow(
        /limit of 100000 \(maxReceiveBytes\)/,
      )
      expect(() => inflate(name, bytes(3 << 20), { ...limits, maxBytes: 1_000 })).toThrow(
        /limit of 1000 \(maxReceiveBytes\)/,
      )
      // What does not compress so well may be as large as any message.
      const text = new Uint8Array(4 << 20).map(() => Math.random() * 16)
      expect(await inflate(name, compress(name, text), limits)).toHaveLength(4 << 20)
    },
  )

  it('refuses bytes that break off while they are inflated aside', async () => {
    const whole = compress('gzip', new Uint8Array(1 << 20))
    const broken = inflate('gzip', whole.subarray(0, whole.length - 20), { maxBytes: 4 << 20, maxRatio: 100 })
    await expect(broken).rejects.toThrow(/could not be decompressed with gzip/)
  })
})
