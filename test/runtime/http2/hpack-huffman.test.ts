import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { huffmanDecode, huffmanEncode, huffmanLength } from '../../../src/runtime/http2/hpack/huffman.ts'

function encoded(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 4 + 4)
  return bytes.subarray(0, huffmanEncode(text, bytes, 0))
}

describe('the Huffman code', () => {
  it.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['private', 'aec3771a4b'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  ])('writes %s as RFC 7541 appendix C does', (text, hex) => {
    expect(Buffer.from(encoded(text)).toString('hex')).toBe(hex)
  })

  it('reads back what it wrote, for every byte', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code))
    const bytes = encoded(all)
    expect(bytes.length).toBe(huffmanLength(all))
    expect(huffmanDecode(bytes, 0, bytes.length)).toBe(all)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (codes) => {
        const text = String.fromCharCode(...codes)
        const written = encoded(text)
        return written.length === huffmanLength(text) && huffmanDecode(written, 0, written.length) === text
      }),
    )
  })

  it('has one form for each text: what is read is written the same way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const text = huffmanDecode(bytes, 0, bytes.length)
        return text === undefined || Buffer.from(encoded(text)).equals(bytes)
      }),
      { numRuns: 5_000 },
    )
  })
})
