import { describe, expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { clone, equals } from '../../../src/runtime/core/message/message-value.ts'
import type { FileSchema, MessageSchema } from '../../../src/runtime/core/message/schema.ts'
import { copyForClone } from '../../../src/runtime/inproc/thread/clone.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { interpretedService } from '../../../src/runtime/thrift/generic.ts'
import { fromJson, toJson } from '../../../src/runtime/thrift/json.ts'
import { fromBinary, toBinary } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { interpretedThrift } from '../../../src/runtime/thrift/protocol/interpreting-codec.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type GeneratedModule, generated, generatedText } from '../../support/generated.ts'

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
  service S { Pay choose(1: string name) throws (1: Refused refused), void give(1: Pay pay), list<Pay> turn(1: list<Pay> pays) }`
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

const interpreted = (module: GeneratedModule): GeneratedModule =>
  Object.fromEntries(
    ['Pay', 'Holder', 'Strict', 'Outer', 'Refused'].map((name) => [
      name,
      interpretedThrift(module['$file'] as FileSchema, `t.${name}`),
    ]),
  )

describe.each([
  ['printed', 'binary', false],
  ['printed', 'compact', true],
  ['interpreted', 'binary', true],
  ['interpreted', 'compact', false],
] as const)('a case that the IDL does not know (%s, %s, unknown fields kept: %s)', (codec, protocol, keeps) => {
  const ages = async (): Promise<[older: GeneratedModule, newer: GeneratedModule]> => {
    const older = await load('old', keeps)
    return [codec === 'printed' ? older : interpreted(older), await load('new')]
  }
  const other = expect.objectContaining({ case: '$unknown' })

  test('keeps its place in fields, lists, sets, maps, keys and other unions', async () => {
    const [older, newer] = await ages()
    const bytes = toBinary(newer['Holder'], full(wallet), protocol)
    const read = fromBinary<Record<string, unknown>>(older['Holder'], bytes, protocol)
    expect(read).toEqual(full(other))
    const inList = toBinary(newer['Holder'], { outer: { case: 'pays', value: [wallet, card] } }, protocol)
    const outer = { case: 'pays', value: [other, card] }
    expect(fromBinary(older['Holder'], inList, protocol)).toMatchObject({ outer })
  })

  test('is written again as it came, completed, copied or not', async () => {
    const [older, newer] = await ages()
    const bytes = toBinary(newer['Holder'], full(wallet), protocol)
    const read = fromBinary(older['Holder'], bytes, protocol)
    expect(toBinary(older['Holder'], read, protocol)).toEqual(bytes)
    expect(toBinary(older['Holder'], older['Holder'].create(read), protocol)).toEqual(bytes)
    expect(toBinary(older['Holder'], clone(older['Holder'], read), protocol)).toEqual(bytes)
    expect(equals(older['Holder'], read, clone(older['Holder'], read))).toBe(true)
    const { schema } = older['Holder'] as { schema: MessageSchema }
    const posted = copyForClone(schema, read, { copy: (given: Uint8Array) => given.slice() } as never)
    expect(toBinary(older['Holder'], structuredClone(posted), protocol)).toEqual(bytes)
  })

  test('satisfies a required field, and an exception has it', async () => {
    const [older, newer] = await ages()
    const strict = toBinary(newer['Strict'], { pay: wallet }, protocol)
    expect(fromBinary(older['Strict'], strict, protocol)).toEqual({ pay: other })
    const alone = toBinary(newer['Pay'], wallet, protocol)
    expect(fromBinary(older['Pay'], alone, protocol)).toEqual(other)
    const bytes = toBinary(newer['Refused'], { pay: wallet, why: 'w' }, protocol)
    expect(fromBinary(older['Refused'], bytes, protocol)).toMatchObject({ pay: other, why: 'w' })
  })

  test('is also what a union without any field is, so that what stands behind it does not move', async () => {
    const [older] = await ages()
    const empty = fromBinary(older['Pay'], Uint8Array.of(0), protocol)
    expect(empty).toEqual(other)
    expect([...toBinary(older['Pay'], empty, protocol)]).toEqual([0])
  })

  test('is written by the union that read it alone', async () => {
    const [older, newer] = await ages()
    const pay = fromBinary<object>(older['Pay'], toBinary(newer['Pay'], wallet, protocol), protocol)
    const reason = 't.Outer cannot hold this unknown case: it is one that t.Pay read'
    expect(() => toBinary(older['Outer'], pay, protocol)).toThrow(reason)
    expect(() => older['Outer'].complete(pay)).toThrow(reason)
    const made = { case: '$unknown', value: [] }
    expect(() => toBinary(older['Pay'], made, protocol)).toThrow('it is none that was read')
  })

  test('is an empty object in JSON, which is read where unknown members are passed over', async () => {
    const [older, newer] = await ages()
    const read = fromBinary(older['Holder'], toBinary(newer['Holder'], { all: [card, wallet] }, protocol), protocol)
    const json = toJson(older['Holder'], read) as Record<string, never>
    expect(json['all']).toEqual([{ card: 1 }, {}])
    const again = { all: [card, other] }
    expect(fromJson(older['Holder'], json, { ignoreUnknown: true })).toMatchObject(again)
    const newerJson = toJson(newer['Holder'], { all: [card, wallet] }) as never
    expect(fromJson(older['Holder'], newerJson, { ignoreUnknown: true })).toMatchObject(again)
    expect(() => fromJson(older['Holder'], json)).toThrow('the union holds no field that is known')
  })
})

describe.each([
  ['printed', false],
  ['printed', true],
  ['interpreted', false],
] as const)('a call with a case that one side does not know (%s, unknown fields kept: %s)', (codec, keeps) => {
  test('reaches a handler of the older IDL, and a client of it gets the response in order', async () => {
    const [older, newer] = [await load('old', keeps), await load('new')]
    const service = codec === 'printed' ? older['S'] : interpretedService(older['$file'] as FileSchema, 'S')
    const given: unknown[] = []
    const server = new Server({ onError() {} }).add(service, {
      choose: () => given.at(-1),
      give: (pay: unknown) => void given.push(pay),
      turn: (pays: unknown[]) => pays.toReversed(),
    })
    const back = new Server({ onError() {} }).add(newer['S'], { choose: () => wallet, give() {}, turn: () => [card] })
    onCleanup(() => server.close({ drainMs: 0 }))
    onCleanup(() => back.close({ drainMs: 0 }))
    const [{ port }, other] = [await server.listen('127.0.0.1:0'), await back.listen('127.0.0.1:0')]
    const [wire, wireBack] = [thrift(`127.0.0.1:${port}`), thrift(`127.0.0.1:${other.port}`)]
    onCleanup(() => wire.close())
    onCleanup(() => wireBack.close())
    const client = createClient<GeneratedModule, unknown>(newer['S'], wire)
    await client['give'](wallet)
    expect(given).toMatchObject([{ case: '$unknown' }])
    // The handler of the older IDL answers with what it was given.
    expect(await client['choose']('last')).toEqual(wallet)
    expect(await client['turn']([wallet, card])).toEqual([card, wallet])
    const olderClient = createClient<GeneratedModule, unknown>(service, wireBack)
    expect(await olderClient['choose']('any')).toMatchObject({ case: '$unknown' })
  })
})

test('the case stands in the type where unknown fields are kept, and only there', () => {
  const text = (keepUnknownFields: boolean): string =>
    generatedText({ 't.thrift': idls.old }, { keepUnknownFields })['t.ts']!
  expect(text(true)).toContain("{ case: '$unknown'; value: UnknownFields }")
  expect(text(false)).not.toContain("case: '$unknown'")
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
