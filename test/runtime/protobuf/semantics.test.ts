import { beforeAll, describe, expect, it } from 'vitest'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { ProtobufError } from '../../../src/runtime/protobuf/error.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'
import { ProtobufWriter } from '../../../src/runtime/protobuf/writer.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const proto3 = `syntax = "proto3";
package t;
enum Kind { ZERO = 0; ONE = 1; }
message Inner { int32 a = 1; int32 b = 2; repeated int32 list = 3; Inner deep = 4; optional int32 maybe = 5; }
message Outer {
  Inner inner = 1;
  oneof choice { Inner first = 2; string text = 3; Inner second = 4; }
  map<string, Inner> map = 5; repeated int32 packed = 6; double real = 7; bytes raw = 8; Kind kind = 9; string name = 10;
  map<int32, string> names = 11; float small = 12; repeated string texts = 13; bool flag = 14; int64 big = 15;
}
message Older { string name = 10; }
message Empty {}
`
const proto2 = `syntax = "proto2";
package t;
enum Kind { ONE = 1; TWO = 2; FIVE = 5; }
message Legacy {
  required int32 id = 1;
  optional Kind kind = 2;
  repeated Kind kinds = 3;
  optional group Part = 4 { optional int32 x = 1; optional Part2 deep = 2; }
  optional string text = 5;
  repeated int32 loose = 6;
  optional int32 preset = 7 [default = 42];
}
message Part2 { required string must = 1; }
`

/** The bytes that a run of writer calls makes. */
function bytesOf(run: (w: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter()
  run(writer)
  return writer.take()
}

const refused = (message: RegExp) =>
  expect.objectContaining({
    code: 'INTERNAL',
    cause: expect.any(ProtobufError),
    message: expect.stringMatching(message),
  })

let three: GeneratedModule
let two: GeneratedModule
const read = (type: ProtobufMessage<unknown, never>, bytes: Uint8Array): GeneratedModule[string] =>
  fromBinary(type, bytes)

beforeAll(async () => {
  three = await generated({ 'three.proto': proto3 })
  two = await generated({ 'two.proto': proto2 })
})

describe('presence', () => {
  it('of proto3 leaves defaults out and keeps a negative zero', () => {
    const { Outer } = three
    const zero = Outer.create()
    expect(toBinary(Outer, zero as never).length).toBe(0)
    expect(read(Outer, new Uint8Array(0))).toEqual(zero)
    const bytes = toBinary(Outer, { real: -0, small: -0 } as never)
    expect(bytes.length).toBe(14)
    expect(Object.is(read(Outer, bytes).real, -0)).toBe(true)
    expect(Object.is(read(Outer, bytes).small, -0)).toBe(true)
  })
  it('of optional fields survives zero', () => {
    const { Inner } = three
    expect(read(Inner, toBinary(Inner, { maybe: 0 } as never)).maybe).toBe(0)
    expect(read(Inner, toBinary(Inner, {} as never)).maybe).toBeUndefined()
  })
  it('of required fields is demanded on both sides, by name', () => {
    const { Legacy } = two
    expect(() => toBinary(Legacy, {} as never)).toThrowError(/t\.Legacy\.id is required/)
    expect(() => read(Legacy, new Uint8Array(0))).toThrowError(refused(/t\.Legacy\.id is required/))
    expect(() => toBinary(Legacy, { id: 1, part: { deep: {} } } as never)).toThrowError(/t\.Part2\.must/)
    expect(read(Legacy, toBinary(Legacy, { id: 0 } as never))).toMatchObject({ id: 0, preset: undefined })
  })
})

describe('repeated occurrences', () => {
  it('of a scalar: the last one wins', () => {
    const bytes = bytesOf((w) => {
      w.stringField(82, 'first')
      w.stringField(82, '')
    })
    expect(read(three['Outer'], bytes).name).toBe('')
  })
  it('of a message are merged: scalars replaced, lists joined, messages merged within', () => {
    const { Outer } = three
    const bytes = Buffer.concat([
      toBinary(Outer, { inner: { a: 1, b: 2, list: [1], deep: { a: 3, maybe: 9 } } } as never),
      toBinary(Outer, { inner: { b: 5, list: [2, 3], deep: { b: 4 } } } as never),
    ])
    expect(read(Outer, bytes).inner).toEqual({
      a: 1,
      b: 5,
      list: [1, 2, 3],
      deep: { a: 3, b: 4, list: [], deep: undefined, maybe: 9 },
      maybe: undefined,
    })
  })
  it('of a oneof: the last case wins, the same message case is merged', () => {
    const { Outer } = three
    const parts = [
      { choice: { case: 'text', value: 'x' } },
      { choice: { case: 'first', value: { a: 1 } } },
      { choice: { case: 'first', value: { b: 2 } } },
    ].map((part) => toBinary(Outer, part as never))
    expect(read(Outer, Buffer.concat(parts)).choice).toMatchObject({ case: 'first', value: { a: 1, b: 2 } })
    parts.push(toBinary(Outer, { choice: { case: 'second', value: { b: 3 } } } as never))
    expect(read(Outer, Buffer.concat(parts)).choice).toMatchObject({ case: 'second', value: { a: 0, b: 3 } })
  })
  it('of a map key: the last one wins', () => {
    const { Outer } = three
    const bytes = Buffer.concat([
      toBinary(Outer, { names: new Map([[1, 'a']]) } as never),
      toBinary(Outer, { names: new Map([[1, 'b']]) } as never),
    ])
    expect(read(Outer, bytes).names).toEqual(new Map([[1, 'b']]))
  })
})

describe('lists', () => {
  it('are read packed and unpacked, mixed', () => {
    const bytes = bytesOf((w) => {
      w.int32Field(48, 1)
      w.packedInt32(50, [2, -3])
      w.int32Field(48, 4)
    })
    expect(read(three['Outer'], bytes).packed).toEqual([1, 2, -3, 4])
    const loose = bytesOf((w) => {
      w.int32Field(8, 1)
      w.packedInt32(50, [5, 6])
    })
    expect(read(two['Legacy'], loose).loose).toEqual([5, 6])
  })
  it('whose last value crosses the end are refused', () => {
    expect(() => read(three['Outer'], Uint8Array.of(50, 1, 0x80, 1))).toThrowError(refused(/crosses/))
  })
})

describe('maps', () => {
  it('take a missing key or value as its default', () => {
    const { Outer } = three
    expect(read(Outer, Uint8Array.of(42, 0)).map).toEqual({
      '': { a: 0, b: 0, list: [], deep: undefined, maybe: undefined },
    })
    expect(read(Outer, Uint8Array.of(90, 2, 8, 7)).names).toEqual(new Map([[7, '']]))
  })
  it('have no prototype', () => {
    const { Outer } = three
    const map = Object.create(null)
    const key = '__proto__'
    map[key] = { a: 1 }
    const back = read(Outer, toBinary(Outer, { map } as never)).map
    expect(Object.getPrototypeOf(back)).toBeNull()
    expect(Object.keys(back)).toEqual(['__proto__'])
  })
})

describe('groups and closed enums', () => {
  it('are written and read', () => {
    const { Legacy } = two
    const value = {
      id: 1,
      kind: 5,
      kinds: [1, 2, 1],
      part: { x: 7, deep: { must: 'm' } },
      text: 't',
      loose: [],
      preset: 1,
    }
    expect(read(Legacy, toBinary(Legacy, value as never))).toEqual(value)
  })
  it('take a number that a closed enum does not list as unknown', async () => {
    const bytes = bytesOf((w) => {
      w.int32Field(8, 1)
      w.int32Field(16, 4)
      w.int32Field(24, 2)
      w.int32Field(24, -9)
      w.packedInt32(26, [1, 77])
    })
    expect(read(two['Legacy'], bytes)).toMatchObject({ kind: undefined, kinds: [2, 1] })
    const keeping = await generated({ 'two.proto': proto2 }, { keepUnknownFields: true })
    const again = toBinary(keeping['Legacy'], read(keeping['Legacy'], bytes) as never)
    const open = await generated({
      'open.proto':
        'syntax = "proto3"; package t; message Legacy { int32 id = 1; int32 kind = 2; repeated int32 kinds = 3; }',
    })
    expect(read(open['Legacy'], again)).toEqual({ id: 1, kind: 4, kinds: [2, 1, -9, 77] })
  })
  it('keep a number that an open enum does not list', () => {
    expect(read(three['Outer'], toBinary(three['Outer'], { kind: 77 } as never)).kind).toBe(77)
  })
})

describe('unknown fields', () => {
  it('are skipped, groups included, or kept and written again', async () => {
    const whole = toBinary(three['Outer'], {
      name: 'n',
      inner: { a: 1 },
      map: { k: { b: 2 } },
      real: 1.5,
      small: 2.5,
      packed: [1, 300],
      big: -1n,
    } as never)
    const group = Uint8Array.of((20 << 3) | 3 | 0x80, 1, 8, 1, (20 << 3) | 4 | 0x80, 1)
    const bytes = Buffer.concat([whole, group])
    const dropping = await generated({ 'three.proto': proto3 }, { keepUnknownFields: false })
    expect(read(dropping['Older'], bytes)).toEqual({ name: 'n' })
    expect(read(dropping['Empty'], bytes)).toEqual({})
    const keeping = await generated({ 'three.proto': proto3 }, { keepUnknownFields: true })
    const kept = read(keeping['Older'], bytes)
    expect(kept.name).toBe('n')
    const again = toBinary(keeping['Older'], kept as never)
    expect(again.length).toBe(bytes.length)
    expect(read(three['Outer'], again)).toEqual(read(three['Outer'], bytes))
    expect(keeping['Older'].complete(kept)).toBe(kept)
  })
})

describe('hostile bytes', () => {
  it('are refused by name of what is wrong', () => {
    const { Outer } = three
    const cases: [number[], RegExp][] = [
      [[0x52, 0x05, 0x61], /length of 5 with 1 bytes left/],
      [[0x52, 0xff, 0xff, 0xff, 0xff, 0x0f], /length/],
      [[0x52, 0x02, 0xc3, 0x28], /UTF-8/],
      [[0x00, 0x00], /field number of 0/],
      [[0x0c], /ends without a start/],
      [[0x0f], /wire type 7/],
      [[0x78, ...Array(10).fill(0xff), 1], /more than 10 bytes/],
      [[0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0], /beyond 32 bits/],
      [[0x0a, 0x02, 0x08, 0x80, 0x01], /crosses|ends too early/],
      [[0xa3, 0x01, 0x08, 0x01, 0xac, 0x01], /another number/],
      [[0x39, 1, 2, 3], /ends too early/],
    ]
    for (const [bytes, message] of cases) {
      expect(() => read(Outer, Uint8Array.from(bytes)), JSON.stringify(bytes)).toThrowError(refused(message))
    }
  })
  it('may nest a hundred messages and no more, groups and unknown fields included', () => {
    const { Inner, Outer, Empty } = three
    const nest = (levels: number): unknown => (levels === 0 ? {} : { deep: nest(levels - 1) })
    expect(read(Inner, toBinary(Inner, nest(99) as never))).toBeDefined()
    expect(() => toBinary(Inner, nest(101) as never)).toThrowError(/nested deeper than 100/)
    let bytes: Uint8Array = new Uint8Array(0)
    for (let i = 0; i < 120; i++) bytes = bytesOf((w) => w.bytesField(34, bytes))
    expect(() => read(Inner, bytes)).toThrowError(refused(/nested deeper/))
    expect(() =>
      read(
        Outer,
        Uint8Array.from({ length: 300 }, () => 0x0b),
      ),
    ).toThrowError(refused(/nested deeper/))
    expect(() =>
      read(
        Empty,
        Uint8Array.from({ length: 300 }, () => 0x0b),
      ),
    ).toThrowError(refused(/nested deeper/))
  })
  it('in proto2 text become replacement characters', () => {
    const bytes = bytesOf((w) => {
      w.int32Field(8, 1)
      w.bytesField(42, Uint8Array.of(0x61, 0xff))
    })
    expect(read(two['Legacy'], bytes).text).toBe('a\ufffd')
  })
})

describe('values that do not fit', () => {
  it('are refused', () => {
    const { Outer, Inner } = three
    const bad: unknown[] = [{ a: 2 ** 31 }, { a: 1.5 }, { a: '1' }, { list: [1, null] }, { maybe: Number.NaN }]
    for (const value of bad) {
      expect(() => toBinary(Inner, value as never)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
    for (const value of [
      { big: 2n ** 63n },
      { name: 5 },
      { raw: 'text' },
      { flag: 1 },
      { real: '1' },
      { choice: { case: 'x' } },
    ]) {
      expect(() => toBinary(Outer, value as never)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
    expect(read(Outer, toBinary(Outer, { name: 'ok' } as never)).name).toBe('ok')
  })
})

describe('64-bit integers', () => {
  it('come as numbers or strings where the options say so', async () => {
    const text = `syntax = "proto3"; package t;
message All { int64 a = 1; uint64 b = 2; sint64 c = 3; fixed64 d = 4; sfixed64 e = 5; repeated int64 f = 6; map<uint64, sint64> g = 7; }`
    const asText = await generated({ 'all.proto': text }, { int64: 'string' })
    const value = {
      a: '-1',
      b: '18446744073709551615',
      c: '-9223372036854775808',
      d: '1',
      e: '-2',
      f: ['0', '5'],
      g: new Map([['1', '-1']]),
    }
    const bytes = toBinary(asText['All'], value as never)
    expect(read(asText['All'], bytes)).toEqual(value)
    const asBig = await generated({ 'all.proto': text })
    expect(read(asBig['All'], bytes)).toMatchObject({ a: -1n, b: 2n ** 64n - 1n, c: -(2n ** 63n), f: [0n, 5n] })
    const asNumber = await generated({ 'all.proto': text }, { int64: 'number' })
    const small = { a: -5, b: 2 ** 53 - 1, c: -(2 ** 53) + 1, d: 7, e: -7, f: [0, 1], g: new Map([[3, -3]]) }
    expect(read(asNumber['All'], toBinary(asNumber['All'], small as never))).toEqual(small)
    expect(() => read(asNumber['All'], bytes)).toThrowError(refused(/not a safe integer/))
    expect(toBinary(asText['All'], asText['All'].create() as never).length).toBe(0)
  })
})

describe('small messages that unfold into huge ones', () => {
  it('are refused before they take the heap', async () => {
    const { M } = await generated({
      'm.proto':
        'syntax = "proto3"; message M { repeated M list = 1; map<string, M> a = 2; map<string, M> b = 3; M one = 4; }',
    })
    const bytes = new Uint8Array(4 * 1024 * 1024)
    for (let i = 0; i < bytes.length; i += 2) bytes[i] = 10
    expect(() => read(M, bytes)).toThrowError(refused(/bytes of memory, and .* are granted/))
    expect(read(M, bytes.subarray(0, 20_000)).list.length).toBe(10_000)
  })
})
