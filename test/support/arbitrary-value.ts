/** Random values of a message, from the schema that its generated module carries. */

import fc from 'fast-check'
import type {
  FieldSchema,
  FileSchema,
  MessageSchema,
  ScalarName,
  TypeSchema,
} from '../../src/runtime/core/message/schema.ts'

/** Which declarations there are. */
export interface Declarations {
  message(name: string): MessageSchema
  enumNumbers(name: string): readonly number[]
}

/** The declarations of a file and all it imports. */
export function declarationsOf(file: FileSchema): Declarations {
  const messages = new Map<string, MessageSchema>()
  const enums = new Map<string, readonly number[]>()
  const add = (one: FileSchema): void => {
    for (const message of one.messages) messages.set(message.name, message)
    for (const type of one.enums)
      enums.set(
        type.name,
        type.values.map((value) => value.number),
      )
    one.imports.forEach(add)
  }
  add(file)
  return { message: (name) => messages.get(name)!, enumNumbers: (name) => enums.get(name)! }
}

const signed = (bits: bigint) => fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n })
const edges64 = [0n, 1n, -1n, 127n, 128n, -128n, 2n ** 31n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n]
const i32 = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)))
const u32 = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 32 - 1))
const i64 = fc.oneof(signed(64n), fc.constantFrom(...edges64))
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 63n))
// Equality in tests tells the two zeros apart, and npm thrift loses the sign of one.
const f64 = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ maxLength: 12 }),
  fc.string({ minLength: 100, maxLength: 300 }),
)

const scalars: Record<ScalarName, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  i8: fc.integer({ min: -128, max: 127 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  i32,
  i64,
  u32,
  u64,
  s32: i32,
  s64: i64,
  f32: fc.float({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
  f64,
  fixed32: u32,
  fixed64: u64,
  sfixed32: i32,
  sfixed64: i64,
  string: text,
  bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
  uuid: fc.uuid(),
}

/** A random value of a message: complete, with or without its optional members, nested up to `depth`. */
export function arbitraryMessage(all: Declarations, name: string, depth = 3): fc.Arbitrary<unknown> {
  const schema = all.message(name)
  if (schema.kind === 'union') {
    return fc
      .constantFrom(...schema.fields)
      .chain((field) => typeOf(all, field.type, depth - 1).map((value) => ({ case: field.localName, value })))
  }
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  const oneofs = new Map<string, FieldSchema[]>()
  for (const field of schema.fields) {
    if (field.oneof !== undefined) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), field])
    else members[field.localName] = memberOf(all, field, depth, schema.kind !== 'message' && !field.keepsAbsent)
  }
  for (const [name, fields] of oneofs) {
    const cases = fc
      .constantFrom(...fields)
      .chain((field) =>
        depth <= 0 && field.type.kind === 'message'
          ? fc.constant(undefined)
          : typeOf(all, field.type, depth - 1).map((value) => ({ case: field.localName, value })),
      )
    members[name] = fc.option(cases, { nil: undefined })
  }
  return fc.record(members)
}

function memberOf(all: Declarations, field: FieldSchema, depth: number, fillsOptional: boolean): fc.Arbitrary<unknown> {
  const value = typeOf(all, field.type, depth - 1)
  const mayMiss =
    (field.presence === 'optional' && !(fillsOptional && field.default !== undefined)) ||
    (field.type.kind === 'message' && field.presence === 'default' && field.default === undefined)
  if (!mayMiss) return value
  return depth <= 0 && field.type.kind === 'message' ? fc.constant(undefined) : fc.option(value, { nil: undefined })
}

function typeOf(all: Declarations, type: TypeSchema, depth: number): fc.Arbitrary<unknown> {
  const maxLength = depth <= 0 ? 0 : 4
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar]
    case 'enum':
      return fc.constantFrom(...all.enumNumbers(type.name))
    case 'message':
      return fc.constant(undefined).chain(() => arbitraryMessage(all, type.name, depth))
    case 'list':
      return fc.array(typeOf(all, type.element, depth), { maxLength: maxLength * 3 })
    case 'set': {
      const elements = fc.array(typeOf(all, type.element, depth), { maxLength })
      return isKey(type.element) ? elements.map((list) => new Set(list)) : elements
    }
    case 'map': {
      const entries = fc.array(fc.tuple(typeOf(all, type.key, depth), typeOf(all, type.value, depth)), { maxLength })
      if (type.key.kind === 'scalar' && (type.key.scalar === 'string' || type.key.scalar === 'uuid')) {
        return entries.map((pairs) => {
          const record = Object.create(null) as Record<string, unknown>
          for (const [key, value] of pairs) record[key as string] = value
          return record
        })
      }
      return isKey(type.key) ? entries.map((pairs) => new Map(pairs)) : entries
    }
  }
}

function isKey(type: TypeSchema): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'bytes')
}
