/** Fields that the IDL does not know: kept by protobuf unless told otherwise, dropped by Thrift, and written by the type that read them alone. */

import { describe, expect, it } from 'vitest'
import { clone, equals } from '../../src/runtime/core/message/message-value.ts'
import { fromBinary, toBinary } from '../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../src/runtime/protobuf/interpreting-codec.ts'
import { toJson } from '../../src/runtime/protobuf/json.ts'
import * as thriftBytes from '../../src/runtime/thrift/protocol/bytes.ts'
import { interpretedThrift } from '../../src/runtime/thrift/protocol/interpreting-codec.ts'
import { generated } from '../support/generated.ts'

const proto = `syntax = "proto3"; package t;
  message Old { string name = 1; Old inner = 2; } message Other { string name = 1; }`
const newer = `syntax = "proto3"; package t;
  message Old { string name = 1; Old inner = 2; int32 more = 3; repeated string words = 4; }`
const thrift = 'struct Old { 1: string name, 2: optional Old inner } struct Other { 1: string name }'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
type Old = { name: string; inner?: Old; $unknown?: unknown }

async function whole(): Promise<Uint8Array> {
  const { Old } = await generated({ 'newer.proto': newer })
  return toBinary(Old, { name: 'a', inner: { name: 'b', more: 1 }, more: 2, words: ['x', 'y'] } as never)
}

describe('a field that a protobuf message does not know', () => {
  it('is kept and written again, printed and interpreted, at every depth', async () => {
    const bytes = await whole()
    const { Old, $file } = await generated({ 'old.proto': proto })
    for (const type of [Old, interpretedProtobuf($file, 't.Old')] as never[]) {
      const read = fromBinary<Old>(type, bytes)
      expect(hex(toBinary(type, read as never))).toBe(hex(bytes))
      // A change of what is known leaves it in place; so does a copy.
      expect(hex(toBinary(type, { ...read, name: 'a' } as never))).toBe(hex(bytes))
      expect(hex(toBinary(type, clone<unknown, unknown>(type, read) as never))).toBe(hex(bytes))
      const incomplete = { $unknown: read.$unknown, inner: read.inner }
      const { complete } = type as { complete(input: unknown): Old }
      expect(complete(incomplete)).toEqual({ name: '', inner: read.inner, $unknown: read.$unknown })
    }
  })

  it('is no member of a message that holds none, and counts for neither equals nor JSON', async () => {
    const { Old, $file } = await generated({ 'old.proto': proto })
    for (const type of [Old, interpretedProtobuf($file, 't.Old')] as never[]) {
      const plain = fromBinary<Old>(type, Uint8Array.of(10, 1, 97))
      expect(Object.keys(plain)).toEqual(['name', 'inner'])
      const read = fromBinary<Old>(type, Uint8Array.of(10, 1, 97, 24, 5))
      expect(Object.keys(read)).toEqual(['name', 'inner', '$unknown'])
      expect(equals<unknown>(type, read, plain)).toBe(true)
      expect(toJson<unknown>(type, read)).toEqual({ name: 'a' })
    }
  })

  it('is not written by another type, which may have another field of that number', async () => {
    const { Old, Other, $file } = await generated({ 'old.proto': proto })
    const read = fromBinary<Old>(Old, await whole())
    for (const type of [Other, interpretedProtobuf($file, 't.Other')] as never[]) {
      expect(hex(toBinary(type, { ...read } as never))).toBe('0a0161')
    }
  })

  it('is merged from repeated occurrences of a message', async () => {
    const { Old, $file } = await generated({ 'old.proto': proto })
    const twice = Uint8Array.of(0x12, 2, 24, 1, 0x12, 2, 24, 2)
    for (const type of [Old, interpretedProtobuf($file, 't.Old')] as never[]) {
      expect(hex(toBinary(type, fromBinary<Old>(type, twice) as never))).toBe('120418011802')
    }
  })

  it('is dropped where unknown_fields is drop', async () => {
    const { Old, $file } = await generated({ 'old.proto': proto }, { keepUnknownFields: false })
    for (const type of [Old, interpretedProtobuf($file, 't.Old')] as never[]) {
      expect(fromBinary<Old>(type, await whole())).toEqual({ name: 'a', inner: { name: 'b' } })
    }
  })
})

describe('a field that a Thrift struct does not know', () => {
  it('is dropped, or where it is kept written by the type that read it alone', async () => {
    const bytes = Uint8Array.from(Buffer.from('0b000100000001610800090000000500', 'hex'))
    const dropping = await generated({ 'old.thrift': thrift })
    expect(thriftBytes.fromBinary<Old>(dropping['Old'], bytes)).toEqual({ name: 'a', inner: undefined })
    const { Old, Other, $file } = await generated({ 'old.thrift': thrift }, { keepUnknownFields: true })
    for (const [own, other] of [
      [Old, Other],
      [interpretedThrift($file, 'old.Old'), interpretedThrift($file, 'old.Other')],
    ] as never[][]) {
      const read = thriftBytes.fromBinary<Old>(own!, bytes)
      expect(hex(thriftBytes.toBinary(own!, { ...read } as never))).toBe(hex(bytes))
      expect(hex(thriftBytes.toBinary(other!, { ...read } as never))).toBe('0b0001000000016100')
      const plain = thriftBytes.fromBinary<Old>(own!, Uint8Array.of(0))
      expect('$unknown' in plain).toBe(false)
    }
  })
})
