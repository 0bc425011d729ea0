import { describe, expect, test } from 'vitest'
import { fromBinary, toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

// A peer of a newer IDL sends a case that this one does not know.

const holder = `
  struct Holder {
    1: Pay pay
    2: optional Pay maybe
    3: list<Pay> all
    4: map<string, Pay> byName
    5: map<i32, list<Pay>> byNumber
    6: map<Pay, string> names
    7: set<Pay> distinct
    8: string note
    9: Outer outer
    10: map<string, string> plain
  }
  struct Strict { 1: required Pay pay }
  union Outer { 1: Pay pay, 2: list<Pay> pays }
  exception Refused { 1: Pay pay, 2: string why }
  service S { Pay choose(1: string name) throws (1: Refused refused), void give(1: Pay pay) }`
const idls = {
  old: `union Pay { 1: i32 card } ${holder}`,
  new: `union Pay { 1: i32 card, 7: string wallet } ${holder}`,
}
const load = (age: keyof typeof idls, keepUnknownFields = false): Promise<GeneratedModule> =>
  generated({ 't.thrift': idls[age] }, { keepUnknownFields })

const card = { case: 'card', value: 1 }
const wallet = { case: 'wallet', value: 'w' }
const full = (pay: object): object => ({
  pay,
  maybe: pay,
  all: [card, pay, card],
  byName: { known: card, unknown: pay },
  byNumber: new Map([[1, [pay]]]),
  names: [
    [card, 'card'],
    [pay, 'pay'],
  ],
  distinct: [pay, card],
  note: 'kept',
  outer: { case: 'pay', value: pay },
  plain: { a: 'b' },
})

describe.each(['binary', 'compact'] as const)('a case that the IDL does not know (%s)', (protocol) => {
  test('leaves its field out and lets the rest be read', async () => {
    const [older, newer] = [await load('old'), await load('new')]
    const bytes = toBinary(newer['Holder'], full(wallet), protocol)
    const read = fromBinary<Record<string, unknown>>(older['Holder'], bytes, protocol)
    expect(read).toEqual({
      pay: undefined,
      maybe: undefined,
      all: [card, card],
      byName: Object.assign(Object.create(null), { known: card }),
      byNumber: new Map([[1, []]]),
      names: [[card, 'card']],
      distinct: [card],
      note: 'kept',
      outer: undefined,
      plain: Object.assign(Object.create(null), { a: 'b' }),
    })
    const inList = toBinary(newer['Holder'], { outer: { case: 'pays', value: [wallet, card] } }, protocol)
    expect(fromBinary(older['Holder'], inList, protocol)).toMatchObject({ outer: { case: 'pays', value: [card] } })
  })

  test('is kept and written again where unknown fields are', async () => {
    const [older, newer] = [await load('old', true), await load('new')]
    const bytes = toBinary(newer['Holder'], full(wallet), protocol)
    const read = fromBinary<{ pay: { case: string } }>(older['Holder'], bytes, protocol)
    expect(read.pay.case).toBe('$unknown')
    const again = toBinary(older['Holder'], older['Holder'].create(read), protocol)
    expect(again).toEqual(bytes)
    expect(fromBinary(newer['Holder'], again, protocol)).toMatchObject({ pay: wallet, all: [card, wallet, card] })
  })

  test('is an error where the union is required, or is all that there is', async () => {
    const [older, newer] = [await load('old'), await load('new')]
    const strict = toBinary(newer['Strict'], { pay: wallet }, protocol)
    expect(() => fromBinary(older['Strict'], strict, protocol)).toThrow('t.Strict.pay is required and missing')
    const alone = toBinary(newer['Pay'], wallet, protocol)
    expect(() => fromBinary(older['Pay'], alone, protocol)).toThrow('t.Pay holds no field that is known')
  })

  test('leaves an exception what it is', async () => {
    const [older, newer] = [await load('old'), await load('new')]
    const bytes = toBinary(newer['Refused'], { pay: wallet, why: 'w' }, protocol)
    expect(fromBinary(older['Refused'], bytes, protocol)).toMatchObject({ pay: undefined, why: 'w' })
  })
})

test('two known cases are still refused, and a known one beside an unknown one is read', async () => {
  const { Pay } = await load('new')
  const bytes = Uint8Array.of(8, 0, 1, 0, 0, 0, 5, 11, 0, 7, 0, 0, 0, 0, 0)
  expect(() => fromBinary(Pay, bytes)).toThrow('t.Pay holds two fields')
  expect(fromBinary((await load('old'))['Pay'], bytes)).toEqual({ case: 'card', value: 5 })
})

test('cases are made by name', async () => {
  const { Outer, Pay } = await load('new')
  expect(Pay.of('wallet', 'w')).toEqual(wallet)
  expect(Outer.of('pay', card)).toEqual({ case: 'pay', value: card })
  expect(() => Pay.of('cash', 1)).toThrow('t.Pay has no case "cash"')
})

test('an optional message of an exception that is absent is not written', async () => {
  const { E } = await generated({ 'e.thrift': 'exception E { 1: optional string message, 2: optional i32 code }' })
  expect([...toBinary(E, new E())]).toEqual([0])
  expect([...toBinary(E, { message: '' })]).toEqual([0])
  const said = fromBinary<Error>(E, toBinary(E, new E({ message: 'no' })))
  expect(said.message).toBe('no')
  expect(fromBinary<Error>(E, Uint8Array.of(0)).message).toBe('')
})
