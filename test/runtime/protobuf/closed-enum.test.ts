/** Numbers that a closed enum does not list, and other bytes that a field cannot take, in maps and extensions. */

import { describe, expect, it } from 'vitest'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../../src/runtime/protobuf/interpreting-codec.ts'
import { toJson } from '../../../src/runtime/protobuf/json.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'
import { generated } from '../../support/generated.ts'

const idl = `syntax = "proto2"; package t;
enum E { ZERO = 0; ONE = 1; }
message M { map<string, E> m = 1; map<int32, E> n = 2; }
message X { extensions 100 to 200; }
extend X { optional E level = 100; optional string label = 101; repeated E levels = 102; optional M deep = 103; }`
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('an entry of a map whose value its closed enum does not list', () => {
  it.each([['number'], ['string']] as const)(
    'is an unknown field as a whole, printed and interpreted (enums by %s)',
    async (form) => {
      const { M, $file } = await generated({ 't.proto': idl }, { keepUnknownFields: true, enum: form })
      const one = form === 'string' ? 'ONE' : 1
      for (const type of [M, interpretedProtobuf($file, 't.M')] as ProtobufMessage<{ m: object; n: object }>[]) {
        const read = fromBinary(type, hex('0a050a01611005' + '0a050a01621001' + '120408021009'))
        expect(Object.entries(read.m)).toEqual([['b', one]])
        expect(read.n).toEqual(new Map())
        expect(Buffer.from(toBinary(type, read)).toString('hex')).toBe(
          '0a050a01621001' + '0a050a01611005' + '120408021009',
        )
      }
    },
  )
})

describe('an extension', () => {
  it('is absent where the bytes hold another wire type, or a number that its closed enum does not list', async () => {
    const { X, level, label, levels } = await generated({ 't.proto': idl })
    const bytes = hex('a00605' + 'a80601' + 'b00605' + 'b00601')
    const read = fromBinary<object>(X, bytes)
    expect([level.has(read), level.get(read)]).toEqual([false, undefined])
    expect([label.has(read), label.get(read)]).toEqual([false, undefined])
    expect([levels.has(read), levels.get(read)]).toEqual([true, [1]])
    expect(toJson(X, read as never, { extensions: [level, label, levels] })).toEqual({ '[t.levels]': ['ONE'] })
    expect(Uint8Array.from(toBinary(X, read as never))).toEqual(Uint8Array.from(bytes))
  })

  it('of a repeated closed enum is not set by numbers that are not listed', async () => {
    const { X, levels } = await generated({ 't.proto': idl })
    const read = fromBinary<object>(X, hex('b00605'))
    expect([levels.has(read), levels.get(read)]).toEqual([false, []])
  })
})

describe('an edition with utf8_validation = NONE', () => {
  it('takes keys and values of maps that are not UTF-8, printed and interpreted', async () => {
    const text = 'edition = "2023"; package u; option features.utf8_validation = NONE;\n'
    const files = {
      'u.proto': `${text}message M { map<string, bytes> a = 1; map<string, string> b = 2; map<int32, string> c = 3; }`,
    }
    const { M, $file } = await generated(files)
    for (const type of [M, interpretedProtobuf($file, 'u.M')] as ProtobufMessage<{
      a: object
      b: object
      c: object
    }>[]) {
      const read = fromBinary(type, hex('0a030a01ff' + '12060a01ff1201ff' + '1a0508011201ff'))
      expect(Object.keys(read.a)).toEqual(['\ufffd'])
      expect(Object.entries(read.b)).toEqual([['\ufffd', '\ufffd']])
      expect(read.c).toEqual(new Map([[1, '\ufffd']]))
    }
  })
})
