import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../src/runtime/core/bytes/byte-writer.ts'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import { openMessage } from '../../../src/runtime/thrift/message.ts'
import { BinaryReader } from '../../../src/runtime/thrift/protocol/binary-reader.ts'
import { BinaryWriter } from '../../../src/runtime/thrift/protocol/binary-writer.ts'
import { beginTtheader, decodeTtheader, endTtheader, type TtheaderInit } from '../../../src/runtime/thrift/ttheader.ts'

// Ported from Rust Volo's encoder and read by CloudWeGo's own Go codec.
const voloRequest =
  '000000af100000000000000100200000010003000e5250435f504552534953545f4b3100027631000e5250435f5452414e5349545f4b3200027632000369736e000c48656c6c6f536572766963651000060010000133000c00043130303000030003636c690009000568656c6c6f0006000968656c6c6f2d737663000b000e3132372e302e302e313a383038310000000021800100010000000568656c6c6f000000010c00010b000100000004766f6c6f0000'
const voloBizReply =
  '000000651000000000000001000d0000010002000a62697a2d7374617475730003343034000b62697a2d6d65737361676500046e6f7065100001001600010300000000000023800100030000000568656c6c6f000000010b0001000000036572720800020000000600'
const gopkgAcl = '0000001e100000000000000700050000110003746f6b100001000900046563686f00'

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

function encode(init: TtheaderInit, payload = ''): string {
  const writer = new ByteWriter()
  const begin = beginTtheader(writer, init)
  writer.raw(bytesOf(payload))
  endTtheader(writer, begin)
  return Buffer.from(writer.written()).toString('hex')
}

describe('TTHeader', () => {
  it('reads a request of Rust Volo', () => {
    const bytes = bytesOf(voloRequest)
    const header = decodeTtheader(bytes, 0, bytes.length)
    expect(header).toMatchObject({ flags: 0, sequence: 1, protocol: 0, aclToken: undefined })
    expect(header.strings).toEqual([
      ['RPC_PERSIST_K1', 'v1'],
      ['RPC_TRANSIT_K2', 'v2'],
      ['isn', 'HelloService'],
    ])
    expect(header.ints).toEqual([
      [16, '3'],
      [12, '1000'],
      [3, 'cli'],
      [9, 'hello'],
      [6, 'hello-svc'],
      [11, '127.0.0.1:8081'],
    ])
    const message = openMessage('ttheader', bytes, 0, bytes.length)
    expect(message).toMatchObject({ framed: true, protocol: 'binary' })
    expect(new BinaryReader(bytes, message.start, message.end).messageBegin()).toEqual({
      name: 'hello',
      kind: 1,
      sequence: 1,
    })
  })

  it('writes the request of Rust Volo byte for byte', () => {
    const bytes = bytesOf(voloRequest)
    const { strings, ints, payload } = decodeTtheader(bytes, 0, bytes.length)
    expect(encode({ sequence: 1, strings, ints }, voloRequest.slice(payload * 2))).toBe(voloRequest)
  })

  it('reads and writes the business error of Rust Volo, raw message type included', () => {
    const bytes = bytesOf(voloBizReply)
    const header = decodeTtheader(bytes, 0, bytes.length)
    expect(header.strings).toEqual([
      ['biz-status', '404'],
      ['biz-message', 'nope'],
    ])
    expect(header.ints).toEqual([[22, '\u0003']])
    expect(encode(header, voloBizReply.slice(header.payload * 2))).toBe(voloBizReply)
  })

  it('reads the ACL token of the Go codec and writes one', () => {
    const bytes = bytesOf(gopkgAcl)
    const header = decodeTtheader(bytes, 0, bytes.length)
    expect(header).toMatchObject({ sequence: 7, aclToken: 'tok', ints: [[9, 'echo']], payload: bytes.length })
    const again = bytesOf(encode({ sequence: 7, ints: [[9, 'echo']], aclToken: 'tok' }))
    expect(decodeTtheader(again, 0, again.length)).toMatchObject({ aclToken: 'tok', ints: [[9, 'echo']] })
  })

  it('accepts padding between blocks, repeated blocks and negative sequence ids', () => {
    const log = '100001000200016c'
    const padding = '0000'
    const strings = '010001000161000162'
    const info = `${log}${padding}${strings}${strings}`
    const words = Math.ceil((info.length / 2 + 2) / 4)
    const body = `10000000fffffffe${words.toString(16).padStart(4, '0')}0000${info.padEnd(words * 8 - 4, '0')}`
    const bytes = bytesOf(`${(body.length / 2).toString(16).padStart(8, '0')}${body}`)
    const header = decodeTtheader(bytes, 0, bytes.length)
    expect(header).toMatchObject({
      sequence: -2,
      ints: [[2, 'l']],
      strings: [
        ['a', 'b'],
        ['a', 'b'],
      ],
      payload: bytes.length,
    })
  })

  it('gives back what was put in, whatever the text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, text), { maxLength: 6 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 65_535 }), text), { maxLength: 6 }),
        fc.option(text, { nil: undefined }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (strings, ints, aclToken, sequence) => {
          const bytes = bytesOf(encode({ sequence, strings, ints, aclToken }, '80010001'))
          const header = decodeTtheader(bytes, 0, bytes.length)
          expect(header).toMatchObject({ sequence, strings, ints, aclToken, payload: bytes.length - 4 })
        },
      ),
    )
  })

  it('refuses a value that does not fit instead of cutting it', () => {
    const fits = 'x'.repeat(65_535)
    expect(() => encode({ sequence: 1, strings: [['k', fits]] })).not.toThrow()
    expect(() => encode({ sequence: 1, strings: [['k', `${fits}x`]] })).toThrow(/key k: 65536 bytes; 65535 is the most/)
    expect(() => encode({ sequence: 1, strings: [['k', 'é'.repeat(40_000)]] })).toThrow(/80000 bytes/)
    expect(() =>
      encode({ sequence: 1, strings: Array.from({ length: 5 }, (_, i) => [`${i}`, fits] as const) }),
    ).toThrow(/262140 bytes at most/)
  })

  it('refuses payload transforms by name', () => {
    for (const [id, name] of [
      [1, 'zlib \\(1\\)'],
      [3, 'snappy \\(3\\)'],
      [9, '9'],
    ] as const) {
      const bytes = bytesOf(`0000000e10000000000000010001000${1}0${id}0000`)
      bytes[15] = 1
      expect(() => decodeTtheader(bytes, 0, bytes.length)).toThrow(new RegExp(`transform ${name} is not supported`))
    }
  })

  it('answers any bytes with a header or an RpcError, and never reads beyond the frame', () => {
    const valid = bytesOf(voloRequest)
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(valid.length))
      .map(([changes, length]) => {
        const bytes = Uint8Array.from(valid.subarray(0, length))
        for (const [at, value] of changes) if (at < length) bytes[at] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (bytes) => {
        try {
          expect(decodeTtheader(bytes, 0, bytes.length).payload).toBeLessThanOrEqual(bytes.length)
        } catch (error) {
          expect(isRpcError(error)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('writes behind what a writer already holds', () => {
    const writer = new BinaryWriter()
    writer.raw(bytesOf('ffff'))
    const begin = beginTtheader(writer, { sequence: 3, ints: [[9, 'a']] })
    endTtheader(writer, begin)
    const bytes = writer.written()
    expect(decodeTtheader(bytes, 2, bytes.length)).toMatchObject({ sequence: 3, ints: [[9, 'a']] })
  })
})
