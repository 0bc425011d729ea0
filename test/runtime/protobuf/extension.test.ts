import { readFileSync } from 'node:fs'
import protobufjs from 'protobufjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import type { Extension } from '../../../src/runtime/protobuf/extension.ts'
import { fromJson, toJson } from '../../../src/runtime/protobuf/json.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const idl = readFileSync(new URL('../../golden/proto-types/idl/golden/extended.proto', import.meta.url), 'utf8')

const a_long_name = 'a_name_so_long_that_its_declaration_does_not_fit_into_the_hundred_and_twenty_columns_of_a_line'

interface Thing {
  name?: string
  $unknown?: readonly unknown[]
}

describe('extensions', () => {
  let types: GeneratedModule
  const of = <T, I = T>(name: string): Extension<Thing, T, I> => types[name] as Extension<Thing, T, I>
  const make = (): Thing => types['Thing'].create({ name: 'n' }) as Thing
  const again = (thing: Thing): Thing => fromBinary<Thing>(types['Thing'], toBinary(types['Thing'], thing))

  beforeAll(async () => {
    types = await generated({ 'extended.proto': idl }, { keepUnknownFields: false })
  })

  test('are absent until they are set, and survive the wire', () => {
    const thing = make()
    const weight = of<bigint | undefined, bigint>('weight')
    expect(weight.has(thing)).toBe(false)
    expect(weight.get(thing)).toBeUndefined()
    expect(of('words').get(thing)).toEqual([])
    weight.set(thing, 0n)
    of('words').set(thing, ['a', 'b'])
    of('packed_numbers').set(thing, [1, -1])
    of('shade').set(thing, 1)
    of('box').set(thing, { inside: Uint8Array.of(1) })
    of('Thing_Nested_nested').set(thing, { depth: 3 })
    const read = again(thing)
    expect(weight.get(read)).toBe(0n)
    expect(weight.has(read)).toBe(true)
    expect(of('words').get(read)).toEqual(['a', 'b'])
    expect(of('packed_numbers').get(read)).toEqual([1, -1])
    expect(of('shade').get(read)).toBe(1)
    expect(of('box').get(read)).toEqual({ inside: Uint8Array.of(1) })
    expect(of('Thing_Nested_nested').get(read)).toEqual({ depth: 3 })
    expect(read.name).toBe('n')
  })

  test('are replaced, cleared, and touch no other field', () => {
    const thing = make()
    of('words').set(thing, ['a', 'b'])
    of('weight').set(thing, 1n)
    of('weight').set(thing, 2n)
    of('words').clear(thing)
    of('packed_numbers').set(thing, [])
    const read = again(thing)
    expect(of('weight').get(read)).toBe(2n)
    expect(of('words').has(read)).toBe(false)
    expect(read.$unknown).toEqual(['golden.extended.Thing', expect.any(Uint8Array)])
  })

  test('refuse what their type cannot hold', () => {
    expect(() => of('packed_numbers').set(make(), [1.5])).toThrow('32-bit integer')
  })

  test('are those that protobufjs writes and reads', () => {
    const root = protobufjs.parse(idl, { keepCase: true }).root
    const theirs = root.lookupType('golden.extended.Thing')
    const names = Object.keys(theirs.fields)
    const weight = names.find((name) => name.endsWith('weight'))!
    const words = names.find((name) => name.endsWith('words'))!
    const bytes = theirs.encode(theirs.fromObject({ name: 'x', [weight]: 7, [words]: ['p', 'q'] })).finish()
    const read = fromBinary<Thing>(types['Thing'], bytes)
    expect(of('weight').get(read)).toBe(7n)
    expect(of('words').get(read)).toEqual(['p', 'q'])
    const back = theirs.toObject(theirs.decode(toBinary(types['Thing'], read)), { longs: Number })
    expect(back).toMatchObject({ name: 'x', [weight]: 7, [words]: ['p', 'q'] })
  })

  test('are refused at parsing where they are malformed and listed, at every depth', async () => {
    const nested = await generated({
      'm.proto': `edition = "2023"; package m;
        message Base { extensions 100 to 200; Base inner = 1; repeated Base many = 2; map<string, Base> by = 3;
          oneof one { Base chosen = 4; } }
        message Box { string text = 1; extensions 100 to 200; }
        extend Base { Box box = 101; }
        extend Box { Box deeper = 102; }`,
    })
    const { Base, box, deeper } = nested
    const extensions = [box, deeper]
    // Text longer than its box, in a box and in a box of it; a tag without a value.
    const broken = ['aa06030a056e', 'aa0606b206030a0561', 'aa060107']
    const around = [
      (one: Buffer) => one,
      ...[0x0a, 0x12, 0x22].map((tag) => (one: Buffer) => Buffer.from([tag, one.length, ...one])),
    ]
    around.push((one) => Buffer.from([0x1a, one.length + 5, 0x0a, 1, 97, 0x12, one.length, ...one]))
    for (const hex of broken) {
      for (const wrap of around) {
        const bytes = wrap(Buffer.from(hex, 'hex'))
        expect(() => fromBinary(Base, bytes, { extensions })).toThrow('malformed')
        // Unknown to the reader of the bytes: kept as they are.
        expect(bytes.equals(toBinary(Base, fromBinary(Base, bytes)))).toBe(true)
      }
    }
    const sound = Buffer.from('aa060a0a0161b206040a026262', 'hex')
    const read = fromBinary<object>(Base, sound, { extensions })
    expect(deeper.get(box.get(read))).toEqual({ text: 'bb' })
  })

  test('stand in the description', () => {
    expect(types['$file'].extensions).toContainEqual(
      expect.objectContaining({ name: 'golden.extended.weight', extendee: 'golden.extended.Thing' }),
    )
    expect(types['$file'].extensions[0].field).toMatchObject({ id: 101 })
    expect(types['Thing'].schema.keepsUnknown).toBe(true)
    expect(types['Thing_Nested'].schema.keepsUnknown).toBeUndefined()
  })

  describe('in JSON', () => {
    const all = (): Extension<never, unknown, never>[] =>
      ['weight', 'packed_numbers', 'words', 'box', 'shade', 'Thing_Nested_nested', a_long_name].map(
        (name) => types[name],
      )
    const json = {
      name: 'n',
      '[golden.extended.weight]': '7',
      '[golden.extended.packed_numbers]': [1, -1],
      '[golden.extended.words]': ['a'],
      '[golden.extended.box]': { inside: 'AQ==' },
      '[golden.extended.shade]': 'LIGHT',
      '[golden.extended.Thing.Nested.nested]': { depth: 3 },
      [`[golden.extended.${a_long_name}]`]: [{ name: 'inner', '[golden.extended.weight]': '8' }],
    }

    test('those that are listed are members by their full names in brackets, both ways', () => {
      const thing = fromJson<Thing>(types['Thing'], json, { extensions: all() })
      expect(of('weight').get(thing)).toBe(7n)
      expect(of('shade').get(thing)).toBe(1)
      const read = again(thing)
      expect(of('box').get(read)).toEqual({ inside: Uint8Array.of(1) })
      expect(toJson(types['Thing'], read, { extensions: all() })).toEqual(json)
      expect(toJson(types['Thing'], read)).toEqual({ name: 'n' })
    })

    test('protobufjs reads the bytes of what JSON said', () => {
      const root = protobufjs.parse(idl, { keepCase: true }).root
      const theirs = root.lookupType('golden.extended.Thing')
      const bytes = toBinary(types['Thing'], fromJson<Thing>(types['Thing'], json, { extensions: all() }))
      const back = Object.values(theirs.toObject(theirs.decode(bytes), { longs: Number, arrays: false }))
      expect(back).toContain(7)
      expect(back).toContainEqual(['a'])
      expect(back).toContainEqual([1, -1])
    })

    test('others are unknown members, and values that do not fit are refused with their place', () => {
      expect(() => fromJson(types['Thing'], json)).toThrow('no field "[golden.extended.weight]"')
      expect(fromJson(types['Thing'], json, { ignoreUnknown: true })).toEqual({ name: 'n' })
      const bad = { '[golden.extended.box]': { inside: 5 } }
      expect(() => fromJson(types['Thing'], bad, { extensions: all() })).toThrow('golden.extended.Thing.box.inside: ')
    })

    test('a null leaves an extension out', () => {
      const absent = fromJson<Thing>(types['Thing'], { '[golden.extended.weight]': null }, { extensions: all() })
      expect(of('weight').has(absent)).toBe(false)
    })
  })
})
