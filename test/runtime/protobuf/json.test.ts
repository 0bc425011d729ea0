import {
  create,
  createFileRegistry,
  createRegistry,
  fromBinary as fromEs,
  fromJson as fromEsJson,
  type Registry,
  toBinary as toEs,
  toJson as toEsJson,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, file_google_protobuf_any } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import type { JsonValue } from '../../../src/runtime/core/json/json-value.ts'
import type { FileSchema } from '../../../src/runtime/core/message/schema.ts'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { toFileDescriptors } from '../../../src/runtime/protobuf/file-descriptor.ts'
import { fromJson, toJson } from '../../../src/runtime/protobuf/json.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'
import { arbitraryProto } from '../../support/arbitrary-idl.ts'
import { arbitraryMessage, declarationsOf } from '../../support/arbitrary-value.ts'
import { generated } from '../../support/generated.ts'

type Type = ProtobufMessage<unknown, unknown>

/** The types of our descriptors, as protobuf-es takes them. */
function registryOf(file: FileSchema): Registry {
  const files = toFileDescriptors(file).map((bytes) => fromEs(FileDescriptorProtoSchema, bytes))
  return createRegistry(createFileRegistry(create(FileDescriptorSetSchema, { file: files })), file_google_protobuf_any)
}

/** The value, or that there was an error of ours. */
function outcome(run: () => unknown): { value?: unknown; refused?: true } {
  try {
    return { value: run() }
  } catch (error) {
    if (!isRpcError(error)) throw error
    expect(error.code).toBe('INVALID_ARGUMENT')
    return { refused: true }
  }
}

const known = `syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Kind { ZERO = 0; ONE = 1; }
message Plain { int32 a_b = 1; string text = 2 [json_name = "the text"]; }
message M {
  google.protobuf.Any any = 1;
  google.protobuf.Duration duration = 2;
  google.protobuf.Empty empty = 3;
  google.protobuf.FieldMask mask = 4;
  google.protobuf.Struct struct = 5;
  google.protobuf.Value value = 6;
  google.protobuf.ListValue list = 7;
  google.protobuf.Timestamp at = 8;
  google.protobuf.Int64Value long = 9;
  google.protobuf.BytesValue raw = 10;
  google.protobuf.DoubleValue wide = 11;
  google.protobuf.BoolValue flag = 12;
  google.protobuf.NullValue nothing = 13;
  repeated google.protobuf.Value values = 14;
  map<string, google.protobuf.Value> by_name = 15;
  oneof choice { int32 number = 16; string text = 17; google.protobuf.Value held = 18; google.protobuf.NullValue none = 19; }
  int32 i = 20; uint32 u = 21; int64 l = 22; uint64 ul = 23; float f = 24; double d = 25; bool b = 26; bytes bytes = 27; Kind kind = 28;
  repeated int32 ints = 29; map<bool, int32> flags = 30; map<int64, Plain> plains = 31; Plain plain = 32; string s = 33;
  google.protobuf.StringValue name = 34; google.protobuf.UInt32Value count = 35;
}
`

describe('well-known types and hand-picked JSON', () => {
  let M: Type
  let Plain: Type
  let registry: Registry

  beforeAll(async () => {
    const module = await generated({ 't.proto': known })
    M = module['M']
    Plain = module['Plain']
    registry = registryOf(module['$file'])
  })

  const accepted: [string, JsonValue][] = [
    ['Any', { any: { '@type': 'type.googleapis.com/t.Plain', aB: 3, 'the text': 'x' } }],
    ['Any of a well-known type', { any: { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1.5s' } }],
    ['an empty Any', { any: {} }],
    ['Durations', { duration: '-1.000000001s' }],
    ['a Duration of nothing', { duration: '0s' }],
    ['Empty', { empty: {} }],
    ['FieldMask', { mask: 'aB.cD,e' }],
    ['Struct', { struct: { a: 1, b: [null, true, 'x', { c: {} }], __proto__x: 'y' } }],
    ['Values', { value: null, list: [1, null, []], values: [null, 1, 'x'], byName: { a: null, b: 1 } }],
    ['Timestamp', { at: '2020-02-29T23:59:59.123456789Z' }],
    ['Timestamp with an offset', { at: '2020-03-01T01:59:59.1+02:00' }],
    ['the first Timestamp', { at: '0001-01-01T00:00:00Z' }],
    ['the last Timestamp', { at: '9999-12-31T23:59:59.999999999Z' }],
    ['wrappers', { long: '9223372036854775807', raw: 'AQI=', wide: 'NaN', flag: false, name: '', count: 7 }],
    ['absent wrappers', { long: null, flag: null }],
    ['NullValue', { nothing: null, none: null }],
    ['a Value in a oneof', { held: null }],
    ['null for absence', { i: null, ints: null, flags: null, plain: null, number: null, text: 'x' }],
    ['original names', { by_name: { a: 1 }, plain: { a_b: 1, text: 'x' } }],
    ['integers as text', { i: '12', u: '4294967295', l: '-9223372036854775808', ul: '18446744073709551615' }],
    ['integers with a point', { i: 100000.0, u: 1e5, l: 1.0 }],
    ['integers as text with an exponent', { i: '1e5', u: '3.0' }],
    ['floats', { f: 3.4028234663852886e38, d: '-Infinity' }],
    ['floats as text', { f: '1.5', d: '-0.25e3' }],
    ['base64 of both alphabets', { bytes: '-_8' }],
    ['base64 with padding', { bytes: '+/8=' }],
    ['enums by name', { kind: 'ONE' }],
    ['enums by number', { kind: 7 }],
    ['keys that are bools', { flags: { true: 1, false: 2 } }],
    ['keys that are numbers', { plains: { '-5': { aB: 1 } } }],
  ]

  it.each(accepted)('%s', (_, json) => {
    const options = { types: [Plain] }
    const value = fromJson(M as ProtobufMessage<unknown, never>, json, options)
    const theirs = fromEsJson(registry.getMessage('t.M')!, json as never, { registry })
    expect(fromBinary(M as ProtobufMessage<unknown, never>, toEs(registry.getMessage('t.M')!, theirs))).toEqual(value)
    expect(toJson(M, value, options)).toEqual(toEsJson(registry.getMessage('t.M')!, theirs, { registry }))
  })

  const refused: [string, JsonValue][] = [
    ['unknown members', { nope: 1 }],
    ['both names of a field', { byName: {}, by_name: {} }],
    ['two cases of a oneof', { number: 1, text: 'x' }],
    ['an Any of an unknown type', { any: { '@type': 'type.googleapis.com/t.None' } }],
    ['an Any without a type', { any: { value: 1 } }],
    ['a Duration without a unit', { duration: '1' }],
    ['a Duration that is too long', { duration: '315576000001s' }],
    ['a Timestamp without a zone', { at: '2020-01-01T00:00:00' }],
    ['a Timestamp on a day that is none', { at: '2020-02-30T00:00:00Z' }],
    ['a Timestamp before year 1', { at: '0000-01-01T00:00:00Z' }],
    ['a Timestamp in lower case', { at: '2020-01-01t00:00:00z' }],
    ['a mask with underscores', { mask: 'a_b' }],
    ['i32 beyond its range', { i: 2147483648 }],
    ['a negative u32', { u: -1 }],
    ['a fraction', { i: 0.5 }],
    ['text with spaces', { i: ' 1' }],
    ['empty text', { l: '' }],
    ['i64 beyond its range', { l: '9223372036854775808' }],
    ['u64 beyond its range', { ul: '18446744073709551616' }],
    ['a float beyond its range', { f: 3.5e38 }],
    ['a double beyond its range', { d: '1e999' }],
    ['a bool as text', { b: 'true' }],
    ['a number as text', { s: 1 }],
    ['half of a surrogate pair', { s: '\ud800' }],
    ['what is not base64', { bytes: '*' }],
    ['unknown enum names', { kind: 'TWO' }],
    ['enums that are fractions', { kind: 1.5 }],
    ['null as an element', { ints: [null] }],
    ['null as a map value', { plains: { '1': null } }],
    ['an object as a list', { ints: {} }],
    ['a list as an object', { plain: [] }],
    ['keys that are no bool', { flags: { yes: 1 } }],
    ['a message as text', { plain: 'x' }],
  ]

  it.each(refused)('refuses %s', (_, json) => {
    expect(outcome(() => fromJson(M as ProtobufMessage<unknown, never>, json, { types: [Plain] }))).toEqual({
      refused: true,
    })
  })

  it('passes over what is unknown when it is told to', () => {
    const json = { nope: [{}], kind: 'TWO', plain: { nope: 1, aB: 2 }, i: 3 }
    const value = fromJson(M as ProtobufMessage<unknown, never>, json, { ignoreUnknown: true })
    expect(toJson(M, value)).toEqual({ plain: { aB: 2 }, i: 3 })
  })

  it('says where the trouble is', () => {
    const json = { plains: { '-5': { aB: 'x' } } }
    expect(() => fromJson(M as ProtobufMessage<unknown, never>, json)).toThrow(
      't.M.plains.-5.aB: "x" is not an integer of i32',
    )
  })

  it('writes what options ask for', () => {
    const value = M.create({ kind: 1, plain: { aB: 1 }, byName: {} })
    expect(toJson(M, value, { idlNames: true, enumNumbers: true })).toEqual({ kind: 1, plain: { a_b: 1 } })
    expect(toJson(Plain, Plain.create(), { emitDefaults: true })).toEqual({ aB: 0, 'the text': '' })
  })

  it('refuses values that have no form', () => {
    for (const value of [
      { at: { seconds: 253402300800n } },
      { duration: { seconds: 1n, nanos: -1 } },
      { mask: { paths: ['aB'] } },
      { value: { kind: { case: 'numberValue', value: Number.NaN } } },
      { value: {} },
      { any: { typeUrl: 'type.googleapis.com/t.None', value: Uint8Array.of(1) } },
      { i: 1.5 },
    ])
      expect(outcome(() => toJson(M, M.create(value)))).toEqual({ refused: true })
  })

  it('ends before the stack does', () => {
    const deep = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)
    expect(outcome(() => fromJson(M as ProtobufMessage<unknown, never>, { value: deep }))).toEqual({ refused: true })
  })
})

describe.each([1, 2, 3, 4, 5, 6])('random schema %i', (seed) => {
  it.each(['proto2', 'proto3'] as const)(
    '%s becomes the JSON that protobuf-es makes, and is read again',
    async (syntax) => {
      const [text] = fc.sample(arbitraryProto(syntax), { seed: seed + 100, numRuns: 1 })
      const module = await generated({ 't.proto': text! })
      const all = declarationsOf(module['$file'] as FileSchema)
      const registry = registryOf(module['$file'])
      for (const name of ['A', 'B', 'C']) {
        const type = module[name] as Type
        const theirs = registry.getMessage(`t.${name}`)!
        fc.assert(
          fc.property(arbitraryMessage(all, `t.${name}`, 1), (value) => {
            const json = toJson(type, value)
            const es = fromEs(theirs, toBinary(type, value))
            expect(json).toEqual(toEsJson(theirs, es, { registry }))
            expect(fromJson(type as ProtobufMessage<unknown, never>, JSON.parse(JSON.stringify(json)))).toEqual(value)
          }),
          { seed, numRuns: 25, endOnFailure: true },
        )
      }
    },
  )
})

it.each([1, 2, 3])('the JSON of random schema %i is the same whatever forms the options ask for', async (seed) => {
  const [text] = fc.sample(arbitraryProto('proto3'), { seed: seed + 200, numRuns: 1 })
  const module = await generated({ 't.proto': text! })
  const other = await generated(
    { 't.proto': text! },
    { int64: 'string', enum: 'string', map: 'map', bytes: 'view', keepUnknownFields: true },
  )
  const all = declarationsOf(module['$file'] as FileSchema)
  for (const name of ['A', 'B', 'C']) {
    const type = module[name] as Type
    const formed = other[name] as ProtobufMessage<unknown, never>
    fc.assert(
      fc.property(arbitraryMessage(all, `t.${name}`, 1), (drawn) => {
        const bytes = toBinary(type, drawn)
        const value = fromBinary(formed, bytes)
        const json = toJson(formed as Type, value)
        expect(json).toEqual(toJson(type, drawn))
        expect(fromJson(formed, json)).toEqual(value)
        expect(Buffer.compare(toBinary(formed as Type, value), bytes)).toBe(0)
      }),
      { seed, numRuns: 25, endOnFailure: true },
    )
  }
})
