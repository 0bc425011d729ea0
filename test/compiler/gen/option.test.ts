import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { GenerateOptions } from '../../../src/compiler/generate-options.ts'
import { enumName, isEnumName, isEnumValue } from '../../../src/runtime/core/message/enum-name.ts'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { fromJson, toJson } from '../../../src/runtime/protobuf/json.ts'
import * as thrift from '../../../src/runtime/thrift/protocol/bytes.ts'
import { compileTexts, type GeneratedModule, generated, generatedPath, generatedText } from '../../support/generated.ts'

// Every option against the wire: what a module with the option writes and reads, one without it reads and writes.

const idl = (path: string): string => readFileSync(new URL(`../../golden/options/idl/${path}`, import.meta.url), 'utf8')
const thriftFiles = { 'store.thrift': idl('store.thrift'), 'part.thrift': idl('part.thrift') }
const protoFiles = { 'kit/v1/kit.proto': idl('kit/v1/kit.proto'), 'kit/v1/size.proto': idl('kit/v1/size.proto') }
const parts = (options: GenerateOptions = {}): Promise<GeneratedModule> =>
  generated({ 'part.thrift': thriftFiles['part.thrift'] }, options)
const kits = (options: GenerateOptions = {}): Promise<GeneratedModule> => generated(protoFiles, options)
const old = (options: GenerateOptions = {}): Promise<GeneratedModule> =>
  generated({ 'kit/old.proto': idl('kit/old.proto') }, options)

describe('enum: string', () => {
  const byNumber = {
    part_id: 5n,
    display_name: 'bolt',
    carrier: 4,
    spareCarrier: 77,
    carriers: [1, 4, 9, -3],
    allowed: new Set([4, 12]),
    byCarrier: new Map([[1, 'a'], [8, 'b']]), // biome-ignore format: pairs
    carrierByName: { x: 9, y: 10 },
    image: new Uint8Array(0),
    partsByUrl: {},
    unset: 1,
  }
  const byName = {
    ...byNumber,
    carrier: 'CART',
    carriers: ['HAND', 'CART', '__proto__', -3],
    allowed: new Set(['CART', 12]),
    byCarrier: new Map<unknown, string>([['HAND', 'a'], [8, 'b']]), // biome-ignore format: pairs
    carrierByName: { x: '__proto__', y: 10 },
    unset: 'HAND',
  }

  test.each(['binary', 'compact'] as const)(
    'is numbers on the wire of Thrift, and numbers without a name stay (%s)',
    async (protocol) => {
      const [numbers, names] = [await parts(), await parts({ enum: 'string' })]
      const bytes = thrift.toBinary(numbers['Part'], byNumber, protocol)
      expect(thrift.toBinary(names['Part'], byName, protocol)).toEqual(bytes)
      const read = thrift.fromBinary<typeof byName>(names['Part'], bytes, protocol)
      expect({ ...read, carrierByName: { ...read.carrierByName }, partsByUrl: {} }).toEqual(byName)
      expect(thrift.toBinary(names['Part'], read, protocol)).toEqual(bytes)
    },
  )

  test('has defaults, zero values and constants by name', async () => {
    const { Part, USUAL, Carrier, CarrierNumbers } = await parts({ enum: 'string' })
    expect(Part.create({ part_id: 1n })).toMatchObject({ carrier: 'HAND', allowed: new Set(['HAND']), unset: 0 })
    expect(USUAL).toBe('CART')
    expect(Carrier.WAGON).toBe('WAGON')
    expect(CarrierNumbers.of('WAGON')).toBe(4)
    expect(CarrierNumbers.name(4)).toBe('CART')
    expect(CarrierNumbers.name(5)).toBe(5)
  })

  test('refuses text that is no name, with its place', async () => {
    const { Part } = await parts({ enum: 'string' })
    expect(() => thrift.toBinary(Part, { part_id: 1n, carriers: ['HAND', 'SHIP'] })).toThrow(
      'part.Part.carriers[1]: "SHIP" is not a name of part.Carrier',
    )
    expect(() => thrift.toBinary(Part, { part_id: 1n, carrier: 'toString' })).toThrow('is not a name of part.Carrier')
  })

  test('is numbers on the wire of protobuf, packed or not, and in oneofs and maps', async () => {
    const [numbers, names] = [await kits(), await kits({ enum: 'string' })]
    const given = (small: unknown, large: unknown): object => ({
      size: small,
      otherSize: large,
      sizes: [small, large, 40],
      looseSizes: [large, 41],
      sizeByName: { a: small, b: 42 },
      whichOne: { case: 'onlySize', value: large },
      nothing: 0,
    })
    const bytes = toBinary(numbers['Kit'], given(1, 7))
    expect(toBinary(names['Kit'], given('SIZE_SMALL', 'SIZE_LARGE'))).toEqual(bytes)
    expect(toBinary(names['Kit'], given('SIZE_LITTLE', 'SIZE_LARGE'))).toEqual(bytes)
    const read = fromBinary<object>(names['Kit'], bytes)
    expect(read).toMatchObject({ ...given('SIZE_SMALL', 'SIZE_LARGE'), sizeByName: expect.anything() })
    expect(toBinary(names['Kit'], read)).toEqual(bytes)
    expect(toBinary(names['Kit'], { size: 'SIZE_UNKNOWN' })).toHaveLength(0)
    expect(fromBinary(names['Kit'], new Uint8Array(0))).toMatchObject({ size: 'SIZE_UNKNOWN' })
  })

  test('keeps numbers that a closed enum does not list among the unknown fields', async () => {
    const open = { kind: 1, kinds: [1, 9], tight: [2], byName: {} }
    const [numbers, names] = [await old(), await old({ enum: 'string', keepUnknownFields: true })]
    const bytes = toBinary(numbers['Old'], open)
    const read = fromBinary<{ kinds: unknown[]; $unknown: unknown[] }>(names['Old'], bytes)
    expect(read).toMatchObject({ kind: 'FIRST', kinds: ['FIRST'], tight: ['SECOND'] })
    expect(read.$unknown).toEqual(['kit.Old', Uint8Array.of(24, 9)])
    expect(names['Old'].create({ kind: 'SECOND' }).other).toBeUndefined()
  })
})

describe('names of enums', () => {
  test('are found from values and told from other text, in both forms', async () => {
    for (const options of [{}, { enum: 'string' }] as const) {
      const { Carrier } = await parts(options)
      expect(enumName(Carrier, Carrier.CART)).toBe('CART')
      expect(enumName(Carrier, 99)).toBeUndefined()
      expect(isEnumName(Carrier, 'HAND')).toBe(true)
      expect(isEnumName(Carrier, 'toString')).toBe(false)
      expect(isEnumValue(Carrier, Carrier.HAND)).toBe(true)
      expect(isEnumValue(Carrier, 99)).toBe(false)
    }
  })
})

describe('enum_prefix: strip', () => {
  const idl = {
    'a.proto':
      'syntax = "proto3"; enum SkuKind { SKU_KIND_NONE = 0; SKU_KIND_BOOK = 1; } message M { SkuKind kind = 1; }',
  }

  test('changes names in TypeScript, and nothing in JSON and on the wire', async () => {
    for (const options of [{}, { enum: 'string' }] as const) {
      const [kept, stripped] = [
        await generated(idl, options),
        await generated(idl, { ...options, enumPrefix: 'strip' }),
      ]
      expect(Object.keys(stripped['SkuKind'])).toEqual(['NONE', 'BOOK'])
      expect(Object.values(stripped['SkuKind'])).toEqual(Object.values(kept['SkuKind']))
      const value = { kind: stripped['SkuKind'].BOOK }
      expect(toBinary(stripped['M'], value)).toEqual(toBinary(kept['M'], { kind: kept['SkuKind'].SKU_KIND_BOOK }))
      expect(toJson(stripped['M'], value)).toEqual({ kind: 'SKU_KIND_BOOK' })
      expect(fromJson(stripped['M'], { kind: 'SKU_KIND_BOOK' })).toMatchObject(value)
    }
  })

  test('leaves enums alone of which a name would begin with a digit, or not all values have the prefix', async () => {
    const { A, B, C } = await generated(
      { 'a.thrift': 'enum A { A_1 = 1, A_X = 2 } enum B { B_X = 1, Y = 2 } enum C { C_ = 1 }' },
      { enumPrefix: 'strip' },
    )
    expect([A, B, C].map((one) => Object.keys(one))).toEqual([['A_1', 'A_X'], ['B_X', 'Y'], ['C_']])
  })

  test('gives way to rename', async () => {
    const { SkuKind } = await generated(idl, { enumPrefix: 'strip', rename: { 'SkuKind.SKU_KIND_BOOK': 'PAPER' } })
    expect(SkuKind).toEqual({ NONE: 0, PAPER: 1 })
  })
})

test('linters and reviews are told that modules are generated', () => {
  const text = generatedText({ 'a.thrift': 'struct A {}' })['a.ts']!
  expect(text.split('\n').slice(0, 3)).toEqual([
    '// Generated by volo from a.thrift. Edits are lost.',
    '/* eslint-disable */',
    '// @generated',
  ])
})

describe('map: map', () => {
  test('holds string keys in a Map, with the same bytes', async () => {
    const [records, maps] = [await parts(), await parts({ map: 'map' })]
    const part = { part_id: 2n, carrierByName: { a: 1 } }
    const mapped = { part_id: 2n, carrierByName: new Map([['a', 1]]) }
    const outer = { part_id: 1n, carrierByName: { __proto__: null, b: 4 }, partsByUrl: { u: [part] } }
    const outerMapped = { part_id: 1n, carrierByName: new Map([['b', 4]]), partsByUrl: new Map([['u', [mapped]]]) }
    const bytes = thrift.toBinary(records['Part'], outer)
    expect(thrift.toBinary(maps['Part'], outerMapped)).toEqual(bytes)
    expect(thrift.fromBinary(maps['Part'], bytes)).toMatchObject(outerMapped)
    expect(maps['Part'].create({ part_id: 1n }).carrierByName).toEqual(new Map([['one', 4]]))
    expect(maps['Part'].create(outerMapped).partsByUrl.get('u')[0].display_name).toBe('part')
    const choice = {
      case: 'more',
      value: new Map([['00000000-0000-0000-0000-000000000001', { case: 'carrier', value: 1 }]]),
    }
    expect(thrift.fromBinary(maps['Choice'], thrift.toBinary(maps['Choice'], choice))).toEqual(choice)
  })

  test('holds those of protobuf too', async () => {
    const [records, maps] = [await kits(), await kits({ map: 'map' })]
    const bytes = toBinary(records['Kit'], { sizeByName: { a: 7 }, kitByUrl: { b: { kitId: 'c' } } })
    const read = fromBinary<{ sizeByName: unknown; kitByUrl: Map<string, object> }>(maps['Kit'], bytes)
    expect(read.sizeByName).toEqual(new Map([['a', 7]]))
    expect(read.kitByUrl.get('b')).toMatchObject({ kitId: 'c' })
    expect(toBinary(maps['Kit'], read)).toEqual(bytes)
  })
})

describe('naming', () => {
  test('renames members, methods and arguments, and the wire stays', async () => {
    const [kept, camel] = [await parts(), await parts({ naming: 'camel', initialisms: ['ID', 'URL'] })]
    const bytes = thrift.toBinary(kept['Part'], { part_id: 3n, display_name: 'x', partsByUrl: { a: [] } })
    expect(thrift.fromBinary(camel['Part'], bytes)).toMatchObject({ partID: 3n, displayName: 'x' })
    const { PartStore, StoreClosed } = await generated(thriftFiles, { naming: 'camel', initialisms: ['ID', 'URL'] })
    expect(PartStore.methods[0]).toMatchObject({
      name: 'find_by_url',
      localName: 'findByURL',
      args: ['partURL', 'userCarrier'],
      throws: [{ member: 'storeClosed', type: StoreClosed }],
    })
    const text = generatedText(thriftFiles, { naming: 'camel', initialisms: ['URL'] })['store.ts']
    expect(text).toContain('findByURL(partURL: string, userCarrier?: Carrier, options?: CallOptions)')
  })

  test('keeps the names of protobuf where asked to, and JSON names stay', async () => {
    const { Kit, Kits } = await kits({ naming: 'keep' })
    expect(Object.keys(Kit.create())).toContain('kit_id')
    expect(Kits.methods[0]).toMatchObject({ name: 'GetKitByID', localName: 'GetKitByID' })
    expect(Kit.schema.fields[0]).toMatchObject({ name: 'kit_id', localName: 'kit_id', jsonName: 'kitId' })
  })

  test.each([
    ['user_id', 'userID'],
    ['userId', 'userID'],
    ['id', 'id'],
    ['ID', 'id'],
    ['url_of_id', 'urlOfID'],
    ['ids', 'ids'],
    ['http_2', 'http2'],
  ])('writes %s as %s', (name, expected) => {
    const text = generatedText(
      { 'a.thrift': `struct A { 1: i32 ${name} }` },
      { naming: 'camel', initialisms: ['ID', 'URL'] },
    )['a.ts']
    expect(text).toContain(`  ${expected}: number`)
  })
})

describe('modules: namespace', () => {
  test('joins the files of a namespace, which describe themselves and call each other', async () => {
    const files = generatedText({ ...thriftFiles, ...protoFiles }, { modules: 'namespace' })
    expect(Object.keys(files).sort()).toEqual(['kit/parts.ts', 'kit/v1.ts'])
    expect(files['kit/parts.ts']).toContain('export const $file_store: FileSchema')
    expect(files['kit/parts.ts']).toContain('() => [$file_part]')
    expect(files['kit/parts.ts']).not.toMatch(/from '\.\//)
  })

  test('works at run time: types, services and descriptions of several files in one module', async () => {
    const module = await generated(
      {
        'kit.thrift':
          'namespace js kit include "base.thrift" struct Kit { 1: base.Base base } service Kits extends base.Bases {}',
        'base.thrift': 'namespace js kit struct Base { 1: i32 n = 4 } service Bases { Base get(1: Base base) }',
      },
      { modules: 'namespace' },
    )
    const { Kit, Base, Kits, $file_kit, $file_base } = module
    const read = thrift.fromBinary(Kit, thrift.toBinary(Kit, { base: {} }))
    expect(read).toEqual({ base: { n: 4 } })
    expect(Kits.methods[0]).toMatchObject({ name: 'get', localName: 'get' })
    expect(Base.schema.name).toBe('base.Base')
    expect($file_kit.imports).toEqual([$file_base])
    expect(() => thrift.toBinary(Kit, { base: { n: 0.5 } })).toThrow('kit.Kit.base.n: 0.5 is not a 32-bit integer')
  })

  test('tells names that two files of a namespace share apart, with a warning', () => {
    const one = 'namespace js a.b struct S {}'
    const files = { 'a.thrift': one, 'b.thrift': one }
    const { diagnostics, files: written } = compileTexts(files, { modules: 'namespace' })
    expect(diagnostics.map(({ code, span }) => [code, span?.source.path])).toEqual([
      ['generated-name-changed', 'b.thrift'],
    ])
    expect(written[0]!.text).toMatch(/interface S \{\}[\s\S]*interface S_ \{\}/)
    const renamed = compileTexts(files, { modules: 'namespace', rename: { 'b.S': 'T' } })
    expect(renamed.diagnostics).toEqual([])
  })

  const circle = {
    'a.thrift': `namespace js a include "b.thrift"
      const b.Color PAINT = b.Color.RED const list<b.Color> ALL = [b.Color.RED, 9] const Spot SPOT = {}
      exception Torn { 1: b.Color color = b.Color.RED } const Torn TORN = {}
      struct Spot { 1: b.Color color = b.Color.BLUE }`,
    'b.thrift':
      'namespace js b include "c.thrift" enum Color { BLUE = 3, RED = 4 } struct Pot { 1: c.Size size = c.Size.L }',
    'c.thrift': 'namespace js a enum Size { L = 7 }',
  }
  test.each(['number', 'string'] as const)(
    'constants that name enums of a namespace that uses theirs do not mind which module is loaded first (enum: %s)',
    async (how) => {
      const path = generatedPath(circle, { modules: 'namespace', enum: how })
      const [red, blue, size] = how === 'number' ? [4, 3, 7] : ['RED', 'BLUE', 'L']
      const first = await import(/* @vite-ignore */ path)
      expect(first).toMatchObject({ PAINT: red, ALL: [red, 9], SPOT: { color: blue }, TORN: { color: red } })
      const { 'b.thrift': entry, ...rest } = circle
      const options = { modules: 'namespace', enum: how, comments: false } as const
      const other = generatedPath({ 'b.thrift': entry, ...rest }, options)
      expect((await import(/* @vite-ignore */ other)).Pot.create()).toEqual({ size })
    },
  )

  test.each([
    ['an alias', 'typedef b.Pot Alias', 'Pot'],
    ['an exception', 'const b.Torn TORN = {}', 'Torn'],
    [
      'a struct in an exception',
      'exception E { 1: list<Pots> pots } typedef b.Pots Pots const E TORN = {"pots": []}',
      'Pot',
    ],
  ])('says so where %s would have to be loaded first', (_, text, other) => {
    const files = {
      'a.thrift': `namespace js a include "b.thrift" ${text}`,
      'b.thrift':
        'namespace js b include "c.thrift" exception Torn {} struct Pot { 1: c.Size size } typedef list<Pot> Pots',
      'c.thrift': 'namespace js a enum Size { L = 7 }',
    }
    expect(() => generatedText(files, { modules: 'namespace' })).toThrow(`needs '${other}' while its module is loaded`)
    expect(() => generatedText(files)).not.toThrow()
  })

  test('leaves files without a namespace where they are', () => {
    expect(Object.keys(generatedText({ 'x/a.thrift': 'struct S {}' }, { modules: 'namespace' }))).toEqual(['x/a.ts'])
  })
})

test('comments: false prints deprecations alone', () => {
  const text = generatedText(thriftFiles, { comments: false })['part.ts']
  expect(text).not.toContain('What it is called')
  expect(text).not.toContain('{@link')
  expect(text).toContain('/** @deprecated */')
})

test('modules whose paths differ only in case stay apart on every disk', () => {
  const files = generatedText({
    'Shop.thrift': 'struct A {}',
    'shop.thrift': 'struct B {}',
    'shop.proto': 'syntax = "proto3";',
  })
  expect(Object.keys(files).sort()).toEqual(['Shop.ts', 'shop_.ts', 'shop_proto.ts'])
})
