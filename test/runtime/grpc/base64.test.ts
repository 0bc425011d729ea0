import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from '../../../src/runtime/grpc/base64.ts'

describe('base64 of headers', () => {
  it('gives all bytes back, written without padding and read with and without', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64(bytes)
        expect(text).toMatch(/^[A-Za-z0-9+/]*$/)
        expect(decodeBase64(text)).toEqual(bytes)
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
      }),
    )
  })

  it.each(['!', 'A', 'AAAAA', 'A=A=', '====', 'AA-_', 'AA\n', 'ä'])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })
})
