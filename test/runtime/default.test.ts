/** Optional fields with defaults: filled in for Thrift, kept absent where asked for and in protobuf, by one rule wherever values are made or read. */

import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/runtime/core/client/client.ts'
import { applyFieldMask } from '../../src/runtime/core/message/field-mask.ts'
import { clone, create, equals } from '../../src/runtime/core/message/message-value.ts'
import { fromBinary, toBinary } from '../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../src/runtime/protobuf/interpreting-codec.ts'
import * as protobufJson from '../../src/runtime/protobuf/json.ts'
import * as thriftJson from '../../src/runtime/thrift/json.ts'
import { interpretedThrift } from '../../src/runtime/thrift/protocol/interpreting-codec.ts'
import { type GeneratedModule, generated } from '../support/generated.ts'

const thrift = `
  struct P { 1: i32 x, 2: optional i32 y = 2 }
  exception X { 1: optional i32 code = 7, 2: optional string message = "why" }
  struct O {
    1: optional i32 n = 5, 2: optional string s = "hi", 3: i32 d = 7, 4: optional list<i32> l = [1, 2], 5: optional P p = {"x": 1}
    6: optional binary b = "\\xff", 7: optional i32 free, 8: required i32 must = 3,
  }
  service S { O echo(1: optional i32 n = 5, 2: optional O o) throws (1: X x) }`
const proto = `syntax = "proto2"; package t;
  enum E { A = 0; B = 3; }
  message O { optional int32 n = 1 [default = 5]; optional string s = 2 [default = "hi"]; optional E e = 3 [default = B];
    optional double d = 4 [default = -inf]; optional bytes b = 5 [default = "\\xff"]; optional int32 free = 6; required int32 must = 7 [default = 9]; }`
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const must = '0800080000000300'

type Value = Record<string, unknown>
interface Type {
  readonly defaults: Value
  isSet(message: Value, name: string): boolean
  create(init?: Value): Value
  complete(value: Value): Value
  toBytes(value: Value): Uint8Array
  fromBytes(bytes: Uint8Array): Value
}

async function typesOf(optionalDefaults: 'fill' | 'keep'): Promise<[string, GeneratedModule, Type][]> {
  const module = await generated({ 'o.thrift': thrift }, { optionalDefaults })
  return [
    ['printed', module, module['O']],
    ['interpreted', module, interpretedThrift(module['$file'], 'o.O') as unknown as Type],
  ]
}

const filled = { n: 5, s: 'hi', d: 7, l: [1, 2], p: { x: 1, y: 2 }, b: Uint8Array.of(0xff), must: 3 }

describe('an optional field of Thrift with a default', () => {
  it('is filled in on what is made and read, and written back', async () => {
    for (const [name, , O] of await typesOf('fill')) {
      expect(O.create({ must: 3 }), name).toEqual(filled)
      expect(O.complete({ must: 3, n: 6, p: { x: 4 } } as Value), name).toEqual({ ...filled, n: 6, p: { x: 4, y: 2 } })
      // What Apache's Go sends: it leaves out optional fields that equal their default.
      const read = O.fromBytes(hex(`0800030000000708000800000003${'00'}`))
      expect(read, name).toEqual(filled)
      expect(O.fromBytes(O.toBytes({ must: 3 })), name).toEqual(filled)
      expect(Buffer.from(O.toBytes({ must: 3 })).toString('hex'), name).toContain('080001000000050b0002000000026869')
      const own = { must: 3, s: '', l: [], n: 0 }
      expect(O.fromBytes(O.toBytes(own)), name).toMatchObject({ s: '', l: [], n: 0 })
      expect(equals(O as never, { must: 3 } as never, { must: 3, n: 5, p: { x: 1 } } as never), name).toBe(true)
      expect(equals(O as never, { must: 3 } as never, { must: 3, n: 6 } as never), name).toBe(false)
      expect(clone(O as never, { must: 3 } as never), name).toEqual(filled)
    }
  })

  it('stays absent where optional_defaults is keep', async () => {
    for (const [name, , O] of await typesOf('keep')) {
      expect(create(O as never, { must: 3 } as never), name).toEqual({ d: 7, must: 3 })
      const read = O.fromBytes(hex(`0800030000000708000800000003${'00'}`))
      expect(read, name).toEqual({ d: 7, must: 3 })
      expect([O.isSet(read, 'n'), O.isSet({ must: 3, n: 0 }, 'n')], name).toEqual([false, true])
      expect(Buffer.from(O.toBytes({ must: 3 })).toString('hex'), name).toBe(`08000300000007${must}`)
      expect(equals(O as never, { must: 3 } as never, { must: 3, n: 5 } as never), name).toBe(false)
    }
  })

  it('follows the same rule in JSON and field masks', async () => {
    for (const mode of ['fill', 'keep'] as const) {
      const there = mode === 'fill'
      for (const [name, , O] of await typesOf(mode)) {
        const json = { n: 5, s: 'hi', d: 7, l: [1, 2], p: { x: 1, y: 2 }, b: '/w==', must: 3 }
        expect(thriftJson.toJson(O as never, { must: 3 } as never), name).toEqual(there ? json : { d: 7, must: 3 })
        expect(thriftJson.fromJson(O as never, { must: 3 }), name).toEqual(there ? filled : { d: 7, must: 3 })
        const masked = applyFieldMask(O as never, { must: 3, n: 6 } as never, { paths: ['s'] })
        expect(masked, name).toEqual(there ? filled : { d: 7, must: 3 })
      }
    }
  })

  it('is filled in for exceptions and arguments', async () => {
    const module = await generated({ 'o.thrift': thrift })
    const error = new module['X']()
    expect([error.code, error.message]).toEqual([7, 'why'])
    expect([module['X'].defaults, module['X'].isSet({}, 'code')]).toEqual([{ code: 7, message: 'why' }, false])
    const seen: unknown[] = []
    const client = createClient(module['S'], {
      echo(n: unknown, o: unknown) {
        seen.push(n, o)
        return { must: 3 }
      },
    } as never) as unknown as { echo(n?: number, o?: object): Promise<unknown> }
    expect(await client.echo()).toEqual(filled)
    expect(await client.echo(undefined, { must: 3 })).toEqual(filled)
    expect(seen).toEqual([5, undefined, 5, filled])
    const result = module['S'].methods[0].response
    expect(result.fromBytes(result.toBytes({ success: { must: 3 } }))).toMatchObject({ success: filled })
  })

  it('has a typed, frozen default', async () => {
    for (const mode of ['fill', 'keep'] as const) {
      for (const [name, , O] of await typesOf(mode)) {
        const { defaults } = O
        expect(defaults, name).toEqual({ ...filled, p: mode === 'fill' ? filled.p : { x: 1 } })
        expect(O.defaults, name).toBe(defaults)
        expect([defaults, defaults['l'], defaults['p']].every(Object.isFrozen), name).toBe(true)
      }
    }
  })
})

describe('an optional field of protobuf with a default', () => {
  const types = async (): Promise<[string, Type][]> => {
    const { O, $file } = await generated({ 'o.proto': proto })
    return [
      ['printed', O],
      ['interpreted', interpretedProtobuf($file, 't.O') as unknown as Type],
    ]
  }

  it('is never filled in, and its default stands beside the type', async () => {
    for (const [name, O] of await types()) {
      const read = fromBinary(O as never, hex('3801')) as Value
      expect(read, name).toEqual({ must: 1 })
      expect(O.create({ must: 1 }), name).toEqual({ must: 1 })
      expect(Buffer.from(toBinary(O as never, { must: 1 } as never)).toString('hex'), name).toBe('3801')
      expect(O.defaults, name).toEqual({ n: 5, s: 'hi', e: 3, d: -Infinity, b: Uint8Array.of(0xff), must: 9 })
      expect(Object.isFrozen(O.defaults), name).toBe(true)
      expect([O.isSet(read, 'n'), O.isSet({ must: 1, n: 5 }, 'n'), O.isSet(read, 'must')], name).toEqual([
        false,
        true,
        true,
      ])
      expect(protobufJson.toJson(O as never, { must: 1 } as never), name).toEqual({ must: 1 })
      expect(equals(O as never, { must: 1 } as never, { must: 1, n: 5 } as never), name).toBe(false)
    }
  })
})
