import { beforeAll, describe, expect, it } from 'vitest'
import { applyFieldMask, fieldMaskFromPaths, mergeFieldMask } from '../../../src/runtime/core/message/field-mask.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const proto = `syntax = "proto3";
package t;
message Line { string sku = 1; int32 unit_count = 2; }
message Cart {
  int32 id = 1; string cart_name = 2; Line first = 3; repeated Line lines = 4; map<string, Line> by_name = 5;
  oneof pay { string card = 6; Line line = 7; }
}
`
const thrift = `struct Line { 1: required string sku, 2: i32 count = 1 }
struct Cart { 1: i32 id, 2: optional Line first, 3: list<Line> lines, 4: map<i32, Line> byId }
`

describe('field masks', () => {
  let pb: GeneratedModule
  let th: GeneratedModule
  const line = { sku: 'a', unitCount: 2 }
  const cart = {
    id: 1,
    cartName: 'n',
    first: line,
    lines: [line],
    byName: { k: line },
    pay: { case: 'line', value: line },
  }

  beforeAll(async () => {
    pb = await generated({ 't.proto': proto })
    th = await generated({ 't.thrift': thrift })
  })

  it('are made of paths that the type has, without those that others cover', () => {
    const paths = ['first.sku', 'first', 'cart_name', 'lines.sku', 'lines.unit_count', 'first.unit_count', 'card']
    expect(fieldMaskFromPaths(pb['Cart'], paths)).toEqual({
      paths: ['first', 'cart_name', 'lines.sku', 'lines.unit_count', 'card'],
    })
    for (const path of ['nope', 'first.nope', 'id.x', 'cartName', '', 'first.'])
      expect(() => fieldMaskFromPaths(pb['Cart'], [path])).toThrow(`t.Cart has no field ${JSON.stringify(path)}`)
  })

  it('keep what they mean', () => {
    const keep = (...paths: string[]): unknown => applyFieldMask(pb['Cart'], cart, { paths })
    const empty = pb['Cart'].create()
    expect(keep()).toEqual(empty)
    expect(keep('id', 'first.sku')).toEqual({ ...empty, id: 1, first: { sku: 'a', unitCount: 0 } })
    expect(keep('lines.unit_count', 'by_name.sku')).toEqual({
      ...empty,
      lines: [{ sku: '', unitCount: 2 }],
      byName: { k: { sku: 'a', unitCount: 0 } },
    })
    expect(keep('line.sku')).toEqual({ ...empty, pay: { case: 'line', value: { sku: 'a', unitCount: 0 } } })
    expect(keep('card')).toEqual(empty)
  })

  it('merge what they mean into another message', () => {
    const source = { cartName: 'new', first: { sku: 'b', unitCount: 9 }, pay: { case: 'card', value: '42' } }
    const merge = (...paths: string[]): unknown => mergeFieldMask(pb['Cart'], cart, source, { paths })
    expect(merge()).toEqual(cart)
    expect(merge('cart_name', 'first.unit_count')).toEqual({
      ...cart,
      cartName: 'new',
      first: { sku: 'a', unitCount: 9 },
    })
    expect(merge('first', 'lines', 'id')).toEqual({ ...cart, id: 0, first: source.first, lines: [] })
    expect(merge('card')).toEqual({ ...cart, pay: source.pay })
    expect(merge('line')).toEqual({ ...cart, pay: undefined })
    expect(() => merge('lines.sku')).toThrow('cannot be merged')
  })

  it('work on Thrift structs, whose required fields stay', () => {
    const value = {
      id: 1,
      first: { sku: 'a', count: 5 },
      lines: [{ sku: 'b', count: 6 }],
      byId: new Map([[1, { sku: 'c', count: 7 }]]),
    }
    expect(applyFieldMask(th['Cart'], value, { paths: ['first.count', 'lines.count', 'byId.sku'] })).toEqual({
      id: 0,
      first: { sku: 'a', count: 5 },
      lines: [{ sku: 'b', count: 6 }],
      byId: new Map([[1, { sku: 'c', count: 1 }]]),
    })
  })
})
