import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentDecode, percentEncode } from '../../../src/runtime/grpc/percent-encoding.ts'

describe('percent-encoding of grpc-message', () => {
  it.each([
    ['plain text, as it is!', 'plain text, as it is!'],
    ['100 %', '100 %25'],
    ['ä', '%C3%A4'],
    ['☺\t\r\n', '%E2%98%BA%09%0D%0A'],
    ['\u{1f600}', '%F0%9F%98%80'],
  ])('writes %j as %s', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded)
    expect(percentDecode(encoded)).toBe(text)
  })

  it('gives every text back, in printable ASCII meanwhile', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = percentEncode(text)
        expect(encoded).toMatch(/^[ -~]*$/)
        expect(percentDecode(encoded)).toBe(Buffer.from(text).toString())
      }),
    )
  })

  it('agrees with encodeURIComponent where both encode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(percentDecode(encodeURIComponent(text))).toBe(text)
      }),
    )
  })

  it.each(['100%', '%zz', '%4', 'a%', '%%41', 'ä%41'])('never throws for %s, which nobody encoded so', (text) => {
    expect(percentDecode(text)).toBe(text.replace('%41', 'A'))
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void percentDecode(text)))
    expect(percentDecode('%ff%fe')).toBe('\ufffd\ufffd')
  })
})
