import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { isRpcError } from '../../../../src/runtime/core/error.ts'
import { fromBinary, toBinary } from '../../../../src/runtime/thrift/protocol/bytes.ts'
import { ThriftProtocolError } from '../../../../src/runtime/thrift/protocol/error.ts'
import type { ThriftStruct } from '../../../../src/runtime/thrift/protocol/protocol.ts'
import { arbitraryMessage, type Declarations, declarationsOf } from '../../../support/arbitrary-value.ts'
import { type GeneratedModule, generated } from '../../../support/generated.ts'
import { apacheStruct } from './apache.ts'
import { structTree } from './schema-tree.ts'

const idl = `
enum Kind { ZERO = 0, ONE = 1, MINUS = -7 }
typedef list<string> Texts
typedef Kind Sort
const list<i32> PRIMES = [2, 3, 5]

struct Scalars {
  1: bool a_bool, 2: i8 a_i8, 3: i16 a_i16, 4: i32 a_i32, 5: i64 a_i64, 6: double a_double, 7: string a_string,
  8: binary a_binary, 9: Kind a_kind, 10: uuid a_uuid, 300: required i32 far, 20: optional i64 maybe, -5: i32 negative,
}
struct Defaults {
  1: i32 number = 7, 2: string text = "x", 3: list<i32> primes = PRIMES, 4: Kind kind = Kind.ONE,
  5: map<string, i32> map = {"a": 1}, 6: optional i32 maybe = 3, 7: Point point = {"x": 1}, 8: bool flag = true,
  9: set<i64> ids = [1, 2], 10: binary raw = "ab",
}
struct Point { 1: i32 x, 2: i32 y = 2 }
struct Containers {
  1: list<i32> ints, 2: list<list<string>> grid, 3: set<string> names, 4: set<Point> points, 5: map<string, i64> counts,
  6: map<i32, list<Point>> byId, 7: map<Point, string> byPoint, 8: list<map<string, set<Kind>>> deep, 9: Texts texts,
  10: map<binary, binary> raw, 11: list<Choice> choices, 12: list<bool> flags, 13: optional set<binary> blobs,
  14: map<list<i32>, map<string, string>> odd, 15: Sort sort, 16: list<double> doubles,
}
union Choice { 1: string text, 2: i64 number, 3: Point point, 4: list<Choice> many, 5: Kind kind, 6: bool flag }
exception Failure { 1: string message, 2: required i32 code, 3: list<Point> points, 4: optional string name }
struct Tree { 1: required string label, 2: list<Tree> children, 3: optional Tree left, 4: Scalars scalars, 5: Choice choice }
`
const names = ['Scalars', 'Defaults', 'Containers', 'Choice', 'Failure', 'Tree']
function refuses(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch (error) {
    if (!isRpcError(error)) throw error
    expect(error.code).toBe('INTERNAL')
    expect(error.cause).toBeInstanceOf(ThriftProtocolError)
    return true
  }
}

describe.each(['binary', 'compact'] as const)('generated structs in the %s protocol', (protocol) => {
  let module: GeneratedModule
  let all: Declarations
  const typeOf = (name: string): ThriftStruct<unknown, never> => module[name]
  const make = (name: string, value: unknown): unknown => (name === 'Failure' ? new module['Failure'](value) : value)

  beforeAll(async () => {
    module = await generated({ 't.thrift': idl })
    all = declarationsOf(module['$file'])
  })

  it.each(names)('%s is written as npm thrift writes it, and read back', (name) => {
    const type = typeOf(name)
    fc.assert(
      fc.property(arbitraryMessage(all, `t.${name}`), (value) => {
        const given = make(name, value)
        const bytes = toBinary(type, given as never, protocol)
        expect(Buffer.compare(bytes, apacheStruct(protocol, structTree(all, `t.${name}`, value)))).toBe(0)
        const back = fromBinary(type, bytes, protocol)
        expect(back).toEqual(given)
        if (name === 'Failure') expect({ ...(back as object) }).toEqual({ ...(given as object) })
        expect(type.complete(given as never)).toBe(given)
      }),
      { numRuns: 100 },
    )
  })

  it.each(names)('%s is refused when cut short, and refused or read when mutated', (name) => {
    const type = typeOf(name)
    fc.assert(
      fc.property(arbitraryMessage(all, `t.${name}`, 2), fc.infiniteStream(fc.nat()), (value, random) => {
        const bytes = toBinary(type, make(name, value) as never, protocol)
        for (let end = 0; end < Math.min(bytes.length, 200); end++) {
          expect(refuses(() => fromBinary(type, bytes.subarray(0, end), protocol))).toBe(true)
        }
        for (let i = 0; i < 40; i++) {
          const mutant = Uint8Array.from(bytes)
          for (let n = 0; n < 3; n++) {
            const at = random.next().value % mutant.length
            mutant[at] = [0, 0xff, 0x7f, 0x80, random.next().value & 255][random.next().value % 5]!
          }
          refuses(() => fromBinary(type, mutant, protocol))
        }
      }),
      { numRuns: 25 },
    )
  })

  it('fill in defaults, on the way out and on the way in', () => {
    const { Defaults } = module
    const filled = Defaults.create()
    expect(filled).toEqual({
      number: 7,
      text: 'x',
      primes: [2, 3, 5],
      kind: 1,
      map: { a: 1 },
      maybe: 3,
      point: { x: 1, y: 2 },
      flag: true,
      ids: new Set([1n, 2n]),
      raw: Uint8Array.of(97, 98),
    })
    expect(fromBinary(Defaults, toBinary(Defaults, {} as never, protocol), protocol)).toEqual(filled)
    expect(fromBinary(Defaults, Uint8Array.of(0), protocol)).toEqual(filled)
    expect(Defaults.complete(filled)).toBe(filled)
    expect(Defaults.complete({ ...filled, number: undefined })).toEqual(filled)
    const partial = { ...filled, point: { y: 5 } }
    expect(Defaults.complete(partial)).toEqual({ ...filled, point: { x: 0, y: 5 } })
    expect(partial.point).toEqual({ y: 5 })
  })

  it('name the required member that is missing, on both sides', () => {
    const { Tree, Scalars, Failure } = module
    expect(() => toBinary(Tree, {} as never, protocol)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('t.Tree.label') }),
    )
    expect(() => Tree.complete({ label: 'a', children: [{ label: 'b', scalars: {} }] })).toThrowError(/t\.Scalars\.far/)
    expect(() => new Failure({})).toThrowError(/t\.Failure\.code/)
    expect(() => fromBinary(Scalars, Uint8Array.of(0), protocol)).toThrowError(
      expect.objectContaining({ code: 'INTERNAL', message: expect.stringContaining('t.Scalars.far') }),
    )
  })

  it('refuse a union with a case of no union, or with two', () => {
    const { Choice, Point } = module
    expect(() => toBinary(Choice, { case: 'nothing', value: 1 } as never, protocol)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('nothing') }),
    )
    const two = apacheStruct(protocol, {
      type: 12,
      fields: [
        { id: 1, tree: { type: 11, value: 'a' } },
        { id: 2, tree: { type: 10, value: 1n } },
      ],
    })
    expect(refuses(() => fromBinary(Choice, two, protocol))).toBe(true)
    expect(Point.complete({ x: 1, y: 2 })).toEqual({ x: 1, y: 2 })
  })

  it('skip fields that have another type than the IDL says, elements too', () => {
    const { Containers, Point } = module
    const odd = apacheStruct(protocol, {
      type: 12,
      fields: [
        { id: 1, tree: { type: 11, value: 'text for a number' } },
        { id: 2, tree: { type: 8, value: 5 } },
        {
          id: 99,
          tree: {
            type: 13,
            key: 11,
            of: 12,
            entries: [
              [
                { type: 11, value: 'k' },
                { type: 12, fields: [] },
              ],
            ],
          },
        },
      ],
    })
    expect(fromBinary(Point, odd, protocol)).toEqual({ x: 0, y: 5 })
    const lists = apacheStruct(protocol, {
      type: 12,
      fields: [
        { id: 1, tree: { type: 15, of: 11, elements: [{ type: 11, value: 'a' }] } },
        {
          id: 5,
          tree: {
            type: 13,
            key: 8,
            of: 8,
            entries: [
              [
                { type: 8, value: 1 },
                { type: 8, value: 1 },
              ],
            ],
          },
        },
        { id: 12, tree: { type: 15, of: 2, elements: [{ type: 2, value: true }] } },
      ],
    })
    const read = fromBinary(Containers, lists, protocol) as Record<string, unknown>
    expect(read['ints']).toEqual([])
    expect(read['counts']).toEqual({})
    expect(read['flags']).toEqual([true])
  })

  it('refuse values of the wrong kind instead of writing something else', () => {
    const { Point, Containers } = module
    for (const value of [{ x: '1' }, { x: 1.5 }, { x: 2 ** 31 }, { x: Number.NaN }]) {
      expect(() => toBinary(Point, value as never, protocol)).toThrowError(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
    }
    expect(() => toBinary(Containers, { flags: [1] } as never, protocol)).toThrowError(/not a boolean/)
    const cycle = { label: 'a', left: undefined as unknown }
    cycle.left = cycle
    expect(() => toBinary(module['Tree'], cycle as never, protocol)).toThrowError(/nested deeper than 64/)
    expect(fromBinary(Point, toBinary(Point, { x: 1 } as never, protocol), protocol)).toEqual({ x: 1, y: 2 })
  })

  it('treat __proto__ as a key like any other', () => {
    const { Containers } = module
    const counts = Object.create(null)
    const key = '__proto__'
    counts[key] = 1n
    counts['constructor'] = 2n
    const read = fromBinary(Containers, toBinary(Containers, { counts } as never, protocol), protocol) as {
      counts: Record<string, bigint>
    }
    expect(Object.entries(read.counts)).toEqual([
      ['__proto__', 1n],
      ['constructor', 2n],
    ])
  })
})

describe('generated structs by option', () => {
  it('keep unknown fields and write them again, in either protocol', async () => {
    const newer = await generated({ 't.thrift': idl })
    const older = await generated(
      { 't.thrift': 'struct Tree { 1: required string label }' },
      { keepUnknownFields: true },
    )
    const all = declarationsOf(newer['$file'])
    fc.assert(
      fc.property(arbitraryMessage(all, 't.Tree'), (value) => {
        const old = fromBinary(older['Tree'], toBinary(newer['Tree'], value as never, 'binary'), 'binary')
        expect((old as { label: string }).label).toBe((value as { label: string }).label)
        expect(older['Tree'].complete(old)).toBe(old)
        for (const protocol of ['binary', 'compact'] as const) {
          expect(fromBinary(newer['Tree'], toBinary(older['Tree'], old as never, protocol), protocol)).toEqual(value)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('give 64-bit integers as numbers or strings, and bytes as views', async () => {
    const text =
      'struct S { 1: i64 id, 2: map<i64, i64> map, 3: list<i64> list, 4: binary raw, 5: i64 big = 9007199254740993 }'
    const asText = await generated({ 's.thrift': text }, { int64: 'string', bytes: 'view' })
    const value = {
      id: '-5',
      map: new Map([['1', '2']]),
      list: ['9223372036854775807'],
      raw: Uint8Array.of(1),
      big: '3',
    }
    const bytes = toBinary(asText['S'], value as never)
    const read = fromBinary(asText['S'], bytes) as typeof value
    expect(read).toEqual({ ...value, raw: expect.anything() })
    expect(read.raw.buffer).toBe(bytes.buffer)
    expect(asText['S'].create().big).toBe('9007199254740993')
    const asNumber = await generated({ 's.thrift': text.replace(' = 9007199254740993', '') }, { int64: 'number' })
    expect(fromBinary(asNumber['S'], toBinary(asNumber['S'], { id: 2 ** 53 - 1 } as never))).toMatchObject({
      id: 2 ** 53 - 1,
      big: 0,
    })
    expect(refuses(() => fromBinary(asNumber['S'], bytes))).toBe(true)
  })
})

describe('small frames that unfold into huge structs', () => {
  it('are refused before they take the heap', async () => {
    const { N, B } = await generated({
      'n.thrift':
        'struct N { 1: list<N> list, 2: map<i32, i32> a, 3: set<i64> b, 4: map<string, i32> c } struct B { 1: list<binary> list, 2: list<map<i8, i8>> maps }',
    })
    const size = 4 * 1024 * 1024
    const structs = Buffer.alloc(size)
    structs.set([15, 0, 1, 12])
    structs.writeInt32BE(size - 9, 4)
    expect(() => fromBinary(N, structs)).toThrowError(/bytes of memory, and .* are granted/)
    const few = Buffer.concat([Buffer.from([15, 0, 1, 12, 0, 0, 0x27, 0x10]), Buffer.alloc(10_001)])
    expect((fromBinary(N, few) as { list: unknown[] }).list.length).toBe(10_000)
    for (const header of [0x18, 0x1b]) {
      const field = header === 0x18 ? 0x19 : 0x29
      const empties = Buffer.alloc(size)
      empties.set([field, 0xf0 | (header & 15), 0x80, 0x80, 0x80, 0x01])
      expect(() => fromBinary(B, empties, 'compact')).toThrowError(/bytes of memory, and .* are granted/)
    }
  })
})
