import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  acceptedEncodings,
  accepts,
  type Compression,
  compress,
  compressionOf,
  decompress,
} from '../../../src/runtime/grpc/compression.ts'

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
})
