import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { clone, create, equals } from '../../../src/runtime/core/message/message-value.ts'
import type { FileSchema } from '../../../src/runtime/core/message/schema.ts'
import * as protobuf from '../../../src/runtime/protobuf/bytes.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'
import * as thrift from '../../../src/runtime/thrift/protocol/bytes.ts'
import type { ThriftStruct } from '../../../src/runtime/thrift/protocol/protocol.ts'
import { arbitraryProto, arbitraryThrift } from '../../support/arbitrary-idl.ts'
import { arbitraryMessage, declarationsOf } from '../../support/arbitrary-value.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

const idl = `struct K { 1: i32 a = 7 }
exception Gone { 1: string message, 2: list<K> keys }
struct M { 1: set<K> keys, 2: map<K, string> names, 3: set<i64> ids, 4: double d, 5: binary raw, 6: optional Gone gone, 7: optional string s }
`

describe('values of messages', () => {
  let module: GeneratedModule
  beforeAll(async () => {
    module = await generated({ 't.thrift': idl })
  })

  it('are made with their defaults', () => {
    expect(create(module['K'])).toEqual({ a: 7 })
    expect(create(module['M'], { keys: [{}], s: 'x' })).toMatchObject({ keys: [{ a: 7 }], d: 0, s: 'x' })
  })

  it('are equal whatever the order of sets and maps, and when what is absent is the default', () => {
    const one = {
      keys: [{ a: 1 }, { a: 2 }],
      names: [
        [{ a: 1 }, 'x'],
        [{ a: 2 }, 'y'],
      ],
      ids: new Set([1n, 2n]),
      d: Number.NaN,
    }
    const other = {
      keys: [{ a: 2 }, { a: 1 }],
      names: [
        [{ a: 2 }, 'y'],
        [{ a: 1 }, 'x'],
      ],
      ids: new Set([2n, 1n]),
      d: Number.NaN,
    }
    expect(equals(module['M'], one, other)).toBe(true)
    expect(equals(module['M'], { keys: [{}] }, { keys: [{ a: 7 }], d: 0, raw: new Uint8Array(0) })).toBe(true)
  })

  it.each([
    ['an element', { keys: [{ a: 1 }] }, { keys: [{ a: 2 }] }],
    ['how often an element stands', { keys: [{ a: 1 }, { a: 1 }, { a: 2 }] }, { keys: [{ a: 1 }, { a: 2 }, { a: 2 }] }],
    ['a byte', { raw: Uint8Array.of(1) }, { raw: Uint8Array.of(2) }],
    ['presence', { s: '' }, {}],
    ['a nested exception', { gone: { message: 'a' } }, { gone: { message: 'b' } }],
    ['a number', { d: 1 }, { d: Number.NaN }],
  ])('differ by %s', (_, one, other) => {
    expect(equals(module['M'], one, other)).toBe(false)
  })

  it('are copied to the ground, exceptions included', () => {
    const value = create(module['M'], {
      keys: [{ a: 1 }],
      raw: Uint8Array.of(1),
      gone: { message: 'x', keys: [{}] },
    }) as Record<string, never>
    const copy = clone(module['M'], value) as Record<string, never>
    expect(copy).toEqual(value)
    expect(copy['gone']).toBeInstanceOf(module['Gone'])
    for (const name of ['keys', 'raw', 'gone', 'ids']) expect(copy[name]).not.toBe(value[name])
    expect((copy['keys'] as never)[0]).not.toBe((value['keys'] as never)[0])
  })

  it.each([1, 2, 3, 4])(
    'of the random schema %i: a copy is equal, has the same bytes and shares no object',
    async (seed) => {
      const [proto] = fc.sample(arbitraryProto('proto3'), { seed, numRuns: 1 })
      const [plain] = fc.sample(arbitraryThrift({ plain: false }), { seed, numRuns: 1 })
      const [pb, th] = [await generated({ 't.proto': proto! }), await generated({ 't.thrift': plain! })]
      const check = (
        type: ProtobufMessage | ThriftStruct,
        file: FileSchema,
        bytesOf: (value: unknown) => Uint8Array,
      ): void => {
        const all = declarationsOf(file)
        fc.assert(
          fc.property(
            arbitraryMessage(all, type.typeName, 1),
            arbitraryMessage(all, type.typeName, 1),
            (value, other) => {
              const copy = clone(type, value)
              expect(equals(type, copy, value)).toBe(true)
              expect(bytesOf(copy)).toEqual(bytesOf(value))
              if (equals(type, value, other)) expect(bytesOf(other).length).toBe(bytesOf(value).length)
              const objects = new Set<unknown>()
              const collect = (one: unknown, add: (found: object) => void): void => {
                if (typeof one !== 'object' || one === null) return
                add(one)
                if (one instanceof Uint8Array) return
                const inner = one instanceof Map ? [...one].flat() : one instanceof Set ? [...one] : Object.values(one)
                for (const each of inner) collect(each, add)
              }
              collect(value, (found) => objects.add(found))
              collect(copy, (found) => expect(objects.has(found)).toBe(false))
            },
          ),
          { seed, numRuns: 25, endOnFailure: true },
        )
      }
      for (const name of ['A', 'B', 'C']) {
        check(pb[name], pb['$file'], (value) => protobuf.toBinary(pb[name], value))
        check(th[name], th['$file'], (value) => thrift.toBinary(th[name], value))
      }
    },
  )
})
