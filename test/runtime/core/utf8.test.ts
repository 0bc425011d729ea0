import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const reference = new TextEncoder()

describe.each([
  { with: 'with Buffer', hasBuffer: true },
  { with: 'without Buffer', hasBuffer: false },
])('UTF-8 $with', ({ hasBuffer }) => {
  let utf8: typeof import('../../../src/runtime/core/bytes/utf8.ts')
  let bytes: typeof import('../../../src/runtime/core/bytes/bytes.ts')
  const nodeBuffer = globalThis.Buffer
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  beforeEach(async () => {
    vi.resetModules()
    if (!hasBuffer) vi.stubGlobal('Buffer', undefined)
    utf8 = await import('../../../src/runtime/core/bytes/utf8.ts')
    bytes = await import('../../../src/runtime/core/bytes/bytes.ts')
    vi.stubGlobal('Buffer', nodeBuffer)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('is written and read as TextEncoder and TextDecoder do', () => {
    const target = new Uint8Array(4096)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(20), (text, at) => {
        const expected = reference.encode(text)
        expect(utf8.utf8Length(text)).toBe(expected.length)
        expect(utf8.utf8Write(target, text, at)).toBe(expected.length)
        expect(nodeBuffer.compare(target.subarray(at, at + expected.length), expected)).toBe(0)
        const well = decoder.decode(expected)
        expect(utf8.utf8Read(target, at, at + expected.length)).toBe(well)
        expect(utf8.utf8ReadStrict(target, at, at + expected.length)).toBe(well)
      }),
    )
  })

  it('counts a lone surrogate as U+FFFD', () => {
    for (const text of ['\ud800', 'a\udc00b', '\ud83d\ude00\ud83d', `${'x'.repeat(30)}\ud800`]) {
      const target = new Uint8Array(200)
      const size = utf8.utf8Write(target, text, 0)
      expect(size).toBe(utf8.utf8Length(text))
      expect([...target.subarray(0, size)]).toEqual([...reference.encode(text)])
    }
  })

  it('that is none is told from U+FFFD itself', () => {
    const cases: [number[], boolean][] = [
      [[0xef, 0xbf, 0xbd], true],
      [[0xff], false],
      [[0x61, 0xc3], false],
      [[0xc0, 0x80], false],
      [[0xed, 0xa0, 0x80], false],
      [[...Array(40).fill(0x61), 0x80], false],
      [[...Array(40).fill(0x61), 0xef, 0xbf, 0xbd], true],
      [[0xef, 0xbb, 0xbf, 0x61], true],
    ]
    for (const [list, isValid] of cases) {
      const input = Uint8Array.from(list)
      expect(utf8.utf8ReadStrict(input, 0, input.length) !== undefined, list.join(' ')).toBe(isValid)
      expect(typeof utf8.utf8Read(input, 0, input.length)).toBe('string')
    }
  })

  it('has bytes that are copied out as plain arrays', () => {
    const source = nodeBuffer.from('0123456789abcdef')
    for (const [start, end] of [
      [0, 0],
      [2, 5],
      [1, 16],
    ] as const) {
      const copy = bytes.copyBytes(source, start, end)
      expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype)
      expect(copy.buffer.byteLength).toBe(end - start)
      expect([...copy]).toEqual([...source.subarray(start, end)])
    }
    expect(bytes.allocateBytes(10).length).toBe(10)
  })
})
