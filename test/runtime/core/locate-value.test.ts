import { describe, expect, it } from 'vitest'
import { toBinary as toProtobuf } from '../../../src/runtime/protobuf/bytes.ts'
import { toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { generated } from '../../support/generated.ts'

describe('a value that cannot be encoded', () => {
  it('is named with its place in a Thrift struct', async () => {
    const { Cart } = await generated({
      'shop.thrift': `include "money.thrift"
        struct Line { 1: required string sku, 2: i32 quantity, 3: money.Money price }
        union Pay { 1: i64 card, 2: string cash }
        struct Cart { 1: list<Line> lines, 2: map<string, list<i8>> marks, 3: Pay pay, 4: map<i32, Line> byId }`,
      'money.thrift': 'struct Money { 1: i64 amount }',
    })
    const place = (value: unknown): string => {
      try {
        toBinary(Cart, value as never)
        return 'fits'
      } catch (error) {
        expect(error).toMatchObject({ name: 'RpcError', code: 'INVALID_ARGUMENT' })
        return (error as Error).message
      }
    }
    expect(place({ lines: [{ sku: 'a' }, { sku: 'b', quantity: 1.5 }] })).toBe(
      'shop.Cart.lines[1].quantity: 1.5 is not a 32-bit integer',
    )
    expect(place({ lines: [{ sku: 'a', price: { amount: 'x' } }] })).toBe(
      'money.Money.amount: "x" is not a 64-bit integer',
    )
    expect(place({ lines: [undefined] })).toBe('shop.Cart.lines[0]: undefined is not a shop.Line')
    expect(place({ lines: 5 })).toMatch(/^shop\.Cart\.lines: 5 is not an array/)
    expect(place({ marks: { a: [1, 300] } })).toBe('shop.Cart.marks[a][1]: 300 is not an 8-bit integer')
    expect(place({ pay: { case: 'card', value: 'no' } })).toBe('shop.Cart.pay.card: "no" is not a 64-bit integer')
    expect(place({ pay: { case: 'gold', value: 1 } })).toBe('shop.Pay has no case "gold"')
    expect(place({ byId: new Map([[7, { sku: 8 }]]) })).toBe('shop.Cart.byId[7].sku: 8 is not a string')
    expect(place({ lines: [{}] })).toBe('shop.Line.sku is required and missing')
    expect(place({ lines: [{ sku: 'a', quantity: 2 }] })).toBe('fits')
  })

  it('is named with its place in a protobuf message', async () => {
    const { M } = await generated({
      'm.proto': `syntax = "proto3"; package p;
        message M { repeated uint32 list = 1; oneof choice { M deep = 2; bool flag = 3; } map<int32, bytes> map = 4; }`,
    })
    const failing = (value: unknown) => () => toProtobuf(M, value as never)
    expect(failing({ list: [1, -1] })).toThrowError('p.M.list[1]: -1 is not an unsigned 32-bit integer')
    expect(failing({ choice: { case: 'deep', value: { choice: { case: 'flag', value: 1 } } } })).toThrowError(
      'p.M.deep.flag: 1 is not a boolean',
    )
    expect(failing({ map: new Map([[3, 'text']]) })).toThrowError('p.M.map[3]: "text" is not a Uint8Array')
    expect(failing({ choice: { case: 'deep', value: undefined } })).toThrowError()
  })
})
