import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HpackDecoder, HpackError } from '../../../src/runtime/http2/hpack/decoder.ts'

const any = (): undefined => undefined

function decodeHex(decoder: HpackDecoder, hex: string): readonly string[] {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return decoder.decode(bytes, 0, bytes.length, any).headers
}

const request = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
const date = 'Mon, 21 Oct 2013 20:13:21 GMT'
const answer = (status: string, time: string): string[] => [
  ...[':status', status, 'cache-control', 'private', 'date', time, 'location', 'https://www.example.com'],
]
const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'
const thirdAnswer = [
  ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  ...['location', 'https://www.example.com', 'content-encoding', 'gzip', 'set-cookie', cookie],
]
const thirdRequest = [
  ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
  ...['custom-key', 'custom-value'],
]

describe('HpackDecoder', () => {
  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header']],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']],
    ['C.2.4', '82', [':method', 'GET']],
  ])('reads RFC 7541 %s', (_section, hex, fields) => {
    expect(decodeHex(new HpackDecoder(4096, 4096), hex)).toEqual(fields)
  })

  it.each([
    [
      'C.3, plain',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4, Huffman',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('reads the requests of RFC 7541 %s', (_section, blocks) => {
    const decoder = new HpackDecoder(4096, 4096)
    expect(blocks.map((hex) => decodeHex(decoder, hex))).toEqual([
      request,
      [...request, 'cache-control', 'no-cache'],
      thirdRequest,
    ])
  })

  it.each([
    [
      'C.5, plain',
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
    ],
    [
      'C.6, Huffman',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ],
  ])('reads the responses of RFC 7541 %s, whose table of 256 bytes evicts', (_section, blocks) => {
    const decoder = new HpackDecoder(256, 4096)
    expect(blocks.map((hex) => decodeHex(decoder, hex))).toEqual([
      answer('302', date),
      answer('307', date),
      thirdAnswer,
    ])
  })

  it.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['an index of five bytes', 'ffffffffff0f'],
    ['an integer without end', 'ffffffffffffffffffff'],
    ['an integer that is cut off', 'ff80'],
    ['a string longer than its block', '0005 61'],
    ['a field without a value', '0001 61'],
    ['a table size above the limit', '3fe2 1f'],
    ['a table size behind a field', '8220'],
    ['the end-of-string symbol', '0001 6184 ffffffff'],
    ['padding of eight bits', '0001 6182 1fff'],
    ['padding of zeros', '0001 6181 18'],
  ])('refuses %s', (_what, hex) => {
    expect(() => decodeHex(new HpackDecoder(4096, 4096), hex)).toThrow(HpackError)
  })

  it('takes table sizes in front of the fields, and forgets what no longer fits', () => {
    const decoder = new HpackDecoder(4096, 4096)
    decodeHex(decoder, '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')
    expect(decodeHex(decoder, 'be')).toEqual(['custom-key', 'custom-header'])
    expect(decodeHex(decoder, '20 3fe11f 82')).toEqual([':method', 'GET'])
    expect(() => decodeHex(decoder, 'be')).toThrow(HpackError)
  })

  it('holds no more of a list than allowed, and its table stays in step', () => {
    const decoder = new HpackDecoder(4096, 200)
    const big = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0x21]), Buffer.alloc(160, 0x62)])
    const first = decoder.decode(big, 0, big.length, any)
    expect(first).toMatchObject({ tooLarge: false, headers: ['a', 'b'.repeat(160)] })
    // A bomb: one byte of block for 193 bytes of list.
    const bomb = Buffer.alloc(4000, 0xbe)
    expect(decoder.decode(bomb, 0, bomb.length, any)).toMatchObject({ headers: [], problem: undefined, tooLarge: true })
    expect(decodeHex(decoder, 'be')).toEqual(['a', 'b'.repeat(160)])
  })

  it('gives the same list for the same block, but never one of another table', () => {
    const decoder = new HpackDecoder(4096, 4096)
    decodeHex(decoder, '4001 6101 62')
    const [first, second, third] = [decodeHex(decoder, 'be'), decodeHex(decoder, 'be'), decodeHex(decoder, 'be')]
    expect(second).toEqual(first)
    expect(third).toBe(second)
    decodeHex(decoder, '4001 6301 64')
    expect(decodeHex(decoder, 'be')).toEqual(['c', 'd'])
    expect(decodeHex(decoder, 'bf')).toEqual(['a', 'b'])
  })

  it('throws nothing but HpackError, whatever the bytes are', () => {
    const decoder = new HpackDecoder(4096, 4096)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          const { headers } = decoder.decode(bytes, 0, bytes.length, any)
          return headers.length % 2 === 0
        } catch (error) {
          return error instanceof HpackError
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
