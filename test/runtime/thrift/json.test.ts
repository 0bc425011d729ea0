import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/runtime/core/json/json-value.ts'
import type { FileSchema } from '../../../src/runtime/core/message/schema.ts'
import { fromJson, toJson } from '../../../src/runtime/thrift/json.ts'
import { interpretedThrift } from '../../../src/runtime/thrift/protocol/interpreting-codec.ts'
import type { ThriftStruct } from '../../../src/runtime/thrift/protocol/protocol.ts'
import { arbitraryThrift } from '../../support/arbitrary-idl.ts'
import { arbitraryMessage, declarationsOf } from '../../support/arbitrary-value.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const idl = `enum Color { RED = 1, BLUE = 3 }
struct Line { 1: required string sku, 2: i32 count = 1 }
union Pay { 1: string card, 2: Line line }
exception Gone { 1: string message, 2: list<i64> ids }
struct Cart {
  1: required i64 id, 2: list<Line> lines, 3: set<Color> colors, 4: map<Color, string> names, 5: map<Line, i32> counts,
  6: binary raw, 7: double far, 8: optional Pay pay, 9: bool on = true, 10: uuid key, 11: optional Gone gone, 12: i8 small,
}
`

describe('natural JSON of Thrift', () => {
  let Cart: ThriftStruct<unknown, unknown>
  let module: GeneratedModule
  const read = (json: JsonValue, options = {}): unknown => fromJson(Cart as ThriftStruct<unknown, never>, json, options)

  beforeAll(async () => {
    module = await generated({ 't.thrift': idl })
    Cart = module['Cart']
  })

  it('is what one would write by hand', () => {
    const cart = Cart.create({
      id: 9007199254740993n,
      lines: [{ sku: 'a' }],
      colors: new Set([1, 7]),
      names: new Map([[3, 'b']]),
      counts: [[{ sku: 'k' }, 2]],
      raw: Uint8Array.of(255),
      far: Number.NEGATIVE_INFINITY,
      pay: { case: 'line', value: { sku: 'p' } },
      gone: { message: 'sold', ids: [1n] },
    })
    const json = {
      id: '9007199254740993',
      lines: [{ sku: 'a', count: 1 }],
      colors: ['RED', 7],
      names: { BLUE: 'b' },
      counts: [[{ sku: 'k', count: 1 }, 2]],
      raw: '/w==',
      far: '-Infinity',
      pay: { line: { sku: 'p', count: 1 } },
      on: true,
      key: '00000000-0000-0000-0000-000000000000',
      gone: { message: 'sold', ids: ['1'] },
      small: 0,
    }
    expect(toJson(Cart, cart)).toEqual(json)
    const back = read(json)
    expect(back).toEqual(cart)
    expect((back as { gone: unknown }).gone).toBeInstanceOf(module['Gone'])
  })

  it('takes numbers for i64 and enums, and null for absence', () => {
    expect(read({ id: 5, colors: [3], names: { '1': 'x' }, lines: null })).toMatchObject({
      id: 5n,
      colors: new Set([3]),
      names: new Map([[1, 'x']]),
      lines: [],
    })
  })

  it.each<[string, JsonValue, string]>([
    ['a missing required field', {}, 't.Cart.id is required and missing'],
    ['an unknown member', { id: 1, nope: 1 }, 't.Cart: no field "nope"'],
    ['i8 beyond its range', { id: 1, small: 128 }, 't.Cart.small: 128 is not an integer of i8'],
    ['two cases of a union', { id: 1, pay: { card: 'x', line: { sku: 'y' } } }, 't.Cart.pay: two cases of t.Pay'],
    ['no case of a union', { id: 1, pay: {} }, 't.Cart.pay: the union holds no field that is known'],
    ['a deep mistake', { id: 1, lines: [{ sku: 'a' }, { sku: 2 }] }, 't.Cart.lines[1].sku: 2 is not a string'],
    ['what is no UUID', { id: 1, key: 'x' }, 't.Cart.key: "x" is not a UUID'],
    ['what is no object', [1], 't.Cart: an array is not an object'],
  ])('refuses %s', (_, json, message) => {
    expect(() => read(json)).toThrow(message)
  })

  it('passes over unknown members when it is told to', () => {
    expect(read({ id: 1, nope: 1 }, { ignoreUnknown: true })).toMatchObject({ id: 1n })
  })

  it.each([1, 2, 3, 4, 5, 6])('reads what it has written of the random schema %i', async (seed) => {
    const [text] = fc.sample(arbitraryThrift({ plain: false }), { seed: seed + 50, numRuns: 1 })
    const random = await generated({ 't.thrift': text! })
    const file = random['$file'] as FileSchema
    for (const name of ['A', 'B', 'C', 'U', 'X']) {
      const type = interpretedThrift(file, `t.${name}`)
      fc.assert(
        fc.property(arbitraryMessage(declarationsOf(file), `t.${name}`, 1), (value) => {
          const json = JSON.parse(JSON.stringify(toJson(type, value)))
          const read = fromJson(type as ThriftStruct<unknown, never>, json)
          expect(read instanceof Error ? { ...read } : read).toEqual(value)
        }),
        { seed, numRuns: 25, endOnFailure: true },
      )
    }
  })
})
