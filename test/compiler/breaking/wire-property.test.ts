/** Random schemas and random edits: where no rule of the wire reports, each version reads what the other writes, and fields that both know keep their values. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../../src/compiler/breaking/compare/compare.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import { loadSchemas } from '../../../src/compiler/load-schemas.ts'
import type { FileSchema } from '../../../src/runtime/core/message/schema.ts'
import { fromBinary as fromProtobuf, toBinary as toProtobuf } from '../../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../../src/runtime/protobuf/interpreting-codec.ts'
import { fromBinary as fromThrift, toBinary as toThrift } from '../../../src/runtime/thrift/protocol/bytes.ts'
import { interpretedThrift } from '../../../src/runtime/thrift/protocol/interpreting-codec.ts'

type Idl = 'thrift' | 'protobuf'

/** A field as text, and what its values are made of. */
interface Field {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly shape: 'one' | 'list' | 'set' | 'map'
  /** thrift: required, optional or nothing, and a default of integers; protobuf: optional, oneof or nothing. */
  readonly mark: string
}

type Schema = Readonly<Record<'Main' | 'Inner' | 'Other', readonly Field[]>>

const scalars: Record<Idl, readonly string[]> = {
  thrift: [
    'bool',
    'byte',
    'i16',
    'i32',
    'i64',
    'double',
    'string',
    'binary',
    'Color',
    'Number',
    'Inner',
    'Other',
    'Choice',
  ],
  protobuf: [
    ...['bool', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64', 'sfixed32', 'sfixed64'],
    ...['float', 'double', 'string', 'bytes', 'Color', 'Inner', 'Other', 'Pair'],
  ],
}
const marks: Record<Idl, readonly string[]> = {
  thrift: ['', '', 'optional', 'required', '= 5'],
  protobuf: ['', '', 'optional', 'oneof x', 'oneof y'],
}
const shapes: Record<Idl, readonly Field['shape'][]> = {
  thrift: ['one', 'one', 'one', 'list', 'set', 'map'],
  protobuf: ['one', 'one', 'one', 'list', 'map'],
}

const fieldOf = (idl: Idl, id: number, name: string): fc.Arbitrary<Field> =>
  fc.record({
    id: fc.constant(id),
    name: fc.constant(name),
    type: fc.constantFrom(...scalars[idl]),
    shape: fc.constantFrom(...shapes[idl]),
    mark: fc.constantFrom(...marks[idl]),
  })

const fieldsOf = (idl: Idl): fc.Arbitrary<readonly Field[]> =>
  fc
    .tuple(...[1, 2, 3, 4].map((id) => fc.option(fieldOf(idl, id, `f${id}`))))
    .map((all) => all.filter((f) => f !== null))

const schemaOf = (idl: Idl): fc.Arbitrary<Schema> =>
  fc.record({ Main: fieldsOf(idl), Inner: fieldsOf(idl), Other: fieldsOf(idl) })

/** What one edit does to the fields of a message. */
type Edit = (fields: readonly Field[]) => readonly Field[]

/** Types that often keep their bytes, so that many samples say something. */
const near: Record<Idl, readonly (readonly string[])[]> = {
  thrift: [
    ['i32', 'Color', 'Number'],
    ['string', 'binary'],
    ['Inner', 'Other'],
  ],
  protobuf: [
    ['bool', 'int32', 'int64', 'uint32', 'uint64', 'Color'],
    ['sint32', 'sint64'],
    ['fixed32', 'sfixed32'],
    ['fixed64', 'sfixed64'],
    ['string', 'bytes'],
    ['Inner', 'Other'],
  ],
}

const editOf = (idl: Idl): fc.Arbitrary<Edit> => {
  const one = (change: (field: Field) => Field): fc.Arbitrary<Edit> =>
    fc.nat(3).map((at) => (fields: readonly Field[]) => fields.map((field, i) => (i === at ? change(field) : field)))
  return fc.oneof(
    fc.nat(3).map(
      (at): Edit =>
        (fields) =>
          fields.filter((_, i) => i !== at),
    ),
    one((field) => ({ ...field, name: `g${field.id}` })),
    one((field) => ({ ...field, id: field.id + 10 })),
    fc.constantFrom(...scalars[idl]).chain((type) => one((field) => ({ ...field, type }))),
    fc.nat(5).chain((n) =>
      one((field) => {
        const group = near[idl].find((types) => types.includes(field.type)) ?? [field.type]
        return { ...field, type: group[n % group.length]! }
      }),
    ),
    fc.constantFrom(...shapes[idl]).chain((shape) => one((field) => ({ ...field, shape }))),
    fc.constantFrom(...marks[idl]).chain((mark) => one((field) => ({ ...field, mark }))),
    one((field) => (field.shape === 'map' ? { ...field, shape: 'list', type: 'Pair' } : field)),
    fieldOf(idl, 20, 'added').map(
      (field): Edit =>
        (fields) => [...fields, field],
    ),
  )
}

const messages = ['Main', 'Inner', 'Other'] as const

const editsOf = (idl: Idl): fc.Arbitrary<(schema: Schema) => Schema> =>
  fc
    .array(fc.tuple(fc.constantFrom(...messages), editOf(idl)), { minLength: 1, maxLength: 2 })
    .map((edits) => (schema) => {
      const edited = { ...schema }
      for (const [name, edit] of edits) edited[name] = edit(edited[name])
      return edited
    })

const hasDefault = (field: Field): boolean => field.mark === '= 5' && field.type === 'i32' && field.shape === 'one'

function thriftText(schema: Schema): string {
  const typeOf = ({ type, shape }: Field): string => {
    const element = type === 'Pair' ? 'Inner' : type
    if (shape === 'one') return element
    return shape === 'map' ? `map<string, ${element}>` : `${shape}<${isKey(element) ? element : 'string'}>`
  }
  const isKey = (type: string): boolean => !['Inner', 'Other', 'Choice', 'binary'].includes(type)
  const structs = messages.map((name) => {
    const lines = schema[name].map((field) => {
      // A struct that holds itself without end has no value.
      const mark = name !== 'Main' && /Inner|Other|Choice/.test(field.type) ? 'optional' : field.mark
      const end = hasDefault(field) ? ' = 5' : ''
      return `  ${field.id}: ${mark.startsWith('=') ? '' : `${mark} `}${typeOf(field)} ${field.name}${end}`
    })
    return `struct ${name} {\n${lines.join('\n')}\n}`
  })
  return `enum Color { RED, GREEN }\nenum Number { RED, GREEN, BLUE }\nunion Choice { 1: i32 a, 2: string b }\n${structs.join('\n')}\n`
}

function protobufText(schema: Schema, gone: Readonly<Record<string, readonly Field[]>>): string {
  const texts = messages.map((name) => {
    const line = (field: Field, label: string): string => {
      const type = field.shape === 'map' ? `map<string, ${field.type}>` : field.type
      return `  ${field.shape === 'list' ? 'repeated ' : label}${type} ${field.name} = ${field.id};`
    }
    const inOneof = (field: Field): boolean => field.mark.startsWith('oneof') && field.shape === 'one'
    const plain = schema[name]
      .filter((field) => !inOneof(field))
      .map((field) => line(field, field.mark === 'optional' && field.shape === 'one' ? 'optional ' : ''))
    const oneofs = ['oneof x', 'oneof y'].flatMap((mark) => {
      const held = schema[name].filter((field) => inOneof(field) && field.mark === mark)
      return held.length === 0 ? [] : [`  ${mark} {\n${held.map((field) => line(field, '')).join('\n')}\n  }`]
    })
    const reserved = (gone[name] ?? []).map(({ id, name: word }) => `  reserved ${id};\n  reserved "${word}";`)
    return `message ${name} {\n${[...reserved, ...plain, ...oneofs].join('\n')}\n}`
  })
  const rest = 'enum Color {\n  RED = 0;\n  GREEN = 1;\n}\nmessage Pair {\n  string key = 1;\n  int32 value = 2;\n}\n'
  return `syntax = "proto3";\npackage p;\n${rest}${texts.join('\n')}\n`
}

/** Values that fit every type of their kind: 0 and 1 are numbers, booleans and enum values. */
function sampleOf(idl: Idl, schema: Schema, { type, shape }: Field, seed: number, depth: number): unknown {
  const scalar = (n: number): unknown => {
    if (type === 'bool') return n % 2 === 1
    if (type === 'i64' || /64$/.test(type)) return BigInt(n % 2)
    if (type === 'string') return `s${n % 3}`
    if (type === 'bytes' || type === 'binary') return new TextEncoder().encode(`s${n % 3}`)
    if (type === 'Choice') return n % 2 === 0 ? { case: 'a', value: n % 2 } : { case: 'b', value: `s${n}` }
    if (type === 'Pair')
      return idl === 'protobuf' ? { key: `k${n}`, value: n % 2 } : messageValue(idl, schema, 'Inner', n, depth + 1)
    if (type === 'Inner' || type === 'Other') return messageValue(idl, schema, type, n, depth + 1)
    return n % 2
  }
  const isText = idl === 'thrift' && shape !== 'one' && shape !== 'map' && /Inner|Other|Choice|Pair|binary/.test(type)
  const element = (n: number): unknown => (isText ? `s${n}` : scalar(n))
  if (shape === 'one') return element(seed)
  if (shape === 'map') return { k1: element(seed), k2: element(seed + 1) }
  return shape === 'set' ? new Set([element(seed)]) : [element(seed), element(seed + 1)]
}

function messageValue(
  idl: Idl,
  schema: Schema,
  name: keyof Schema,
  seed: number,
  depth: number,
): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  const taken = new Set<string>()
  for (const field of schema[name]) {
    const isRequired = idl === 'thrift' && field.mark === 'required'
    const isDeep = depth > 2 && /Inner|Other|Choice|Pair/.test(field.type)
    if (isDeep && !(isRequired && name === 'Main')) {
      if (isRequired && field.shape !== 'one')
        value[field.name] = field.shape === 'map' ? {} : field.shape === 'set' ? new Set() : []
      if (isRequired && field.shape !== 'one') continue
      if (isDeep) continue
    }
    if (!isRequired && (seed + field.id) % 4 === 0) continue
    const made = sampleOf(idl, schema, field, seed + field.id, depth)
    if (idl === 'protobuf' && field.mark.startsWith('oneof') && field.shape === 'one') {
      const member = field.mark.slice('oneof '.length)
      if (taken.has(member)) continue
      taken.add(member)
      value[member] = { case: field.name, value: made }
    } else value[field.name] = made
  }
  return value
}

/** A message of a version. */
interface Typed {
  readonly schema: Schema
  readonly name: keyof Schema
}

/** The fields of a value that another version knows, too, by id; in a form that is the same for all types of the same bytes, without zero and empty values. */
function plainOf({ schema, name }: Typed, partner: Typed, value: unknown): Record<number, unknown> {
  const out: Record<number, unknown> = {}
  const members = value as Record<string, unknown>
  for (const field of schema[name]) {
    const other = partner.schema[partner.name].find(({ id }) => id === field.id)
    if (other === undefined) continue
    let member = members[field.name]
    for (const oneof of ['x', 'y']) {
      const held = members[oneof] as { case: string; value: unknown } | undefined
      if (held?.case === field.name) member = held.value
    }
    const isMessage = other.type === 'Inner' || other.type === 'Other'
    const inside: Typed = { schema: partner.schema, name: isMessage ? (other.type as keyof Schema) : 'Inner' }
    const plain = plainValue(schema, inside, field, member)
    if (!isEmpty(plain)) out[field.id] = plain
  }
  return out
}

function isEmpty(plain: unknown): boolean {
  if (typeof plain === 'object' && plain !== null) return Object.keys(plain).length === 0
  return plain === undefined || plain === 0 || plain === ''
}

function plainValue(schema: Schema, partner: Typed, { type, shape }: Field, value: unknown): unknown {
  const one = (item: unknown): unknown => {
    if (typeof item === 'boolean' || typeof item === 'bigint') return Number(item)
    if (item instanceof Uint8Array) return new TextDecoder().decode(item)
    if (type === 'Inner' || type === 'Other')
      return typeof item === 'object' ? plainOf({ schema, name: type }, partner, item) : item
    return item
  }
  if (value === undefined) return undefined
  if (shape === 'one') return one(value)
  if (shape === 'map') return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, one(v)]))
  const items = [...(value as Iterable<unknown>)]
  if (type !== 'Pair') return items.map(one)
  const isPair = items.every((item) => typeof item === 'object' && item !== null && 'key' in item)
  // A list of entries is a map on the wire.
  return isPair
    ? Object.fromEntries((items as { key: string; value: unknown }[]).map((p) => [p.key, p.value]))
    : items.map(one)
}

const codecs = {
  thrift: {
    file: 'm.thrift',
    type: 'm.Main',
    write: (schema: FileSchema, value: unknown) =>
      toThrift(interpretedThrift(schema, 'm.Main'), complete(interpretedThrift(schema, 'm.Main'), value)),
    read: (schema: FileSchema, bytes: Uint8Array) => fromThrift(interpretedThrift(schema, 'm.Main') as never, bytes),
  },
  protobuf: {
    file: 'm.proto',
    type: 'p.Main',
    write: (schema: FileSchema, value: unknown) =>
      toProtobuf(interpretedProtobuf(schema, 'p.Main'), complete(interpretedProtobuf(schema, 'p.Main'), value)),
    read: (schema: FileSchema, bytes: Uint8Array) =>
      fromProtobuf(interpretedProtobuf(schema, 'p.Main') as never, bytes),
  },
} as const

function complete(type: { complete(input: unknown): unknown }, value: unknown): unknown {
  return type.complete(value)
}

describe.each(['thrift', 'protobuf'] as const)('%s', (idl) => {
  it('reads and keeps across versions what no rule of the wire reports', () => {
    const counts = { compared: 0, changed: 0 }
    const { file, write, read } = codecs[idl]
    fc.assert(
      fc.property(schemaOf(idl), editsOf(idl), fc.nat(50), (before, edit, seed) => {
        const after = edit(before)
        const gone = Object.fromEntries(
          messages.map((name) => [
            name,
            before[name].filter(({ id }) => !after[name].some((field) => field.id === id)),
          ]),
        )
        const texts =
          idl === 'thrift'
            ? [thriftText(before), thriftText(after)]
            : [protobufText(before, {}), protobufText(after, gone)]
        const [old, now] = texts.map((text) => loadSchemas({ entries: [file], host: memoryHost({ [file]: text! }) }))
        if (old!.schemas.length === 0 || now!.schemas.length === 0) return
        const { changes } = compareVersions(old!.program, now!.program)
        if (changes.some(({ category }) => category === 'wire')) return
        counts.compared++
        if (changes.length > 0) counts.changed++
        for (const [from, to, fromSchema, toSchema] of [
          [before, after, old!.schemas[0]!, now!.schemas[0]!],
          [after, before, now!.schemas[0]!, old!.schemas[0]!],
        ] as const) {
          const value = messageValue(idl, from, 'Main', seed, 0)
          const written = read(fromSchema, write(fromSchema, value))
          const other = read(toSchema, write(fromSchema, value))
          const here: Typed = { schema: from, name: 'Main' }
          const there: Typed = { schema: to, name: 'Main' }
          expect(plainOf(there, here, other), texts.join('\n')).toEqual(plainOf(here, there, written))
        }
      }),
      { numRuns: 200 },
    )
    expect(counts.compared).toBeGreaterThan(40)
    expect(counts.changed).toBeGreaterThan(10)
  })

  it.each([...new Set(shapes[idl])])('holds for every pair of types: %s', (shape) => {
    const { file, write, read } = codecs[idl]
    const types = scalars[idl].filter((type) => shape !== 'map' || type !== 'Pair')
    const pairs = types.flatMap((from) => types.map((to) => [from, to] as const))
    const inner: Field = { id: 1, name: 'f1', type: idl === 'thrift' ? 'i32' : 'int32', shape: 'one', mark: '' }
    const schemaOf = (version: 0 | 1, ids: ReadonlySet<number> | undefined): Schema => ({
      Main: pairs
        .map((pair, i): Field => ({ id: i + 1, name: `f${i + 1}`, type: pair[version], shape, mark: '' }))
        .filter(({ id }) => ids?.has(id) ?? true),
      Inner: [inner],
      Other: [inner],
    })
    const load = (schema: Schema) => {
      const text = idl === 'thrift' ? thriftText(schema) : protobufText(schema, {})
      return loadSchemas({ entries: [file], host: memoryHost({ [file]: text }) })
    }
    const { changes } = compareVersions(load(schemaOf(0, undefined)).program, load(schemaOf(1, undefined)).program)
    const broken = new Set(
      changes.filter(({ category }) => category === 'wire').map(({ subject }) => subject.split('.').at(-1)),
    )
    const kept = new Set(pairs.map((_, i) => i + 1).filter((id) => !broken.has(`f${id}`)))
    // All of a kind, and the pairs that share their bytes; not all pairs there are.
    expect(kept.size).toBeGreaterThan(types.length)
    expect(kept.size).toBeLessThan(pairs.length / 2)
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const here: Typed = { schema: schemaOf(from, kept), name: 'Main' }
      const there: Typed = { schema: schemaOf(to, kept), name: 'Main' }
      const value = Object.fromEntries(
        here.schema.Main.map((field) => [field.name, sampleOf(idl, here.schema, field, 1, 0)]),
      )
      const [old, now] = [load(here.schema).schemas[0]!, load(there.schema).schemas[0]!]
      const bytes = write(old, value)
      expect(plainOf(there, here, read(now, bytes))).toEqual(plainOf(here, there, read(old, bytes)))
    }
  })
})
