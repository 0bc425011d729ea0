/** Random IDL text of both kinds: what there is of scalars, containers, presence and nesting, in random mixtures. */

import fc from 'fast-check'

const protoScalars = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
]
const protoKeys = protoScalars.filter((one) => !['double', 'float', 'bytes'].includes(one))
const thriftScalars = ['bool', 'i8', 'i16', 'i32', 'i64', 'double', 'string', 'binary', 'uuid']

/** Distinct field numbers, small and large. */
const numbers = (count: number, max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(
    fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 41, max }).filter((one) => one < 19000 || one > 19999) },
    ),
    { minLength: count, maxLength: count },
  )

/** The names of the messages and enums that a random file has. */
const messages = ['A', 'B', 'C']

interface ProtoField {
  readonly label: string
  readonly type: string
  readonly option: string
}

function protoField(syntax: 'proto2' | 'proto3'): fc.Arbitrary<ProtoField> {
  const anyType = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...protoScalars) },
    { weight: 1, arbitrary: fc.constantFrom('Kind') },
    { weight: 2, arbitrary: fc.constantFrom(...messages) },
  )
  const singular = fc
    .tuple(anyType, fc.constantFrom(...(syntax === 'proto3' ? ['', 'optional '] : ['optional '])))
    .map(([type, label]) => ({ label, type, option: '' }))
  const repeated = fc
    .tuple(anyType, fc.constantFrom('', '[packed = true]', '[packed = false]'))
    .map(([type, packed]) => {
      const isPackable = type === 'Kind' || (protoScalars.includes(type) && type !== 'string' && type !== 'bytes')
      return { label: 'repeated ', type, option: isPackable ? ` ${packed}` : '' }
    })
  // A map cannot hold an enum whose first value is not zero, as that of the proto2 file is.
  const map = fc
    .tuple(fc.constantFrom(...protoKeys), syntax === 'proto3' ? anyType : anyType.filter((one) => one !== 'Kind'))
    .map(([key, type]) => ({ label: '', type: `map<${key}, ${type}>`, option: '' }))
  const group = fc.constantFrom('optional ', 'repeated ').map((label) => ({ label, type: 'group', option: '' }))
  const required = fc.constantFrom(...protoScalars).map((type) => ({ label: 'required ', type, option: '' }))
  return syntax === 'proto3' ? fc.oneof(singular, repeated, map) : fc.oneof(singular, repeated, map, group, required)
}

function protoMessage(name: string, syntax: 'proto2' | 'proto3'): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(protoField(syntax), { maxLength: 8 }), fc.integer({ min: 0, max: 4 }))
    .chain(([fields, cases]) =>
      fc
        .tuple(
          numbers(fields.length + cases, 536870911),
          fc.array(fc.constantFrom(...protoScalars, ...messages), { minLength: cases, maxLength: cases }),
        )
        .map(([drawn, types]) => {
          // Other writers go by number: where ours does too, the bytes can be compared.
          const ids = syntax === 'proto3' ? drawn.toSorted((a, b) => a - b) : drawn
          const lines = fields.map(({ label, type, option }, i) =>
            type === 'group'
              ? `  ${label}group G${i} = ${ids[i]} { optional int32 x = 1; optional A deep = 2; }`
              : `  ${label}${type} f${i} = ${ids[i]}${option};`,
          )
          const choices = types.map((type, i) => `    ${type} c${i} = ${ids[fields.length + i]};`)
          if (choices.length > 0) lines.push('  oneof choice {', ...choices, '  }')
          return `message ${name} {\n${lines.join('\n')}\n}`
        }),
    )
}

/** A random protobuf file of package `t` with messages A, B, C and an enum. */
export function arbitraryProto(syntax: 'proto2' | 'proto3'): fc.Arbitrary<string> {
  const kind =
    syntax === 'proto3'
      ? 'enum Kind { ZERO = 0; ONE = 1; MINUS = -1; BIG = 2147483647; }'
      : 'enum Kind { ONE = 1; FIVE = 5; MINUS = -3; }'
  return fc
    .tuple(...messages.map((name) => protoMessage(name, syntax)))
    .map((texts) => `syntax = "${syntax}";\npackage t;\n${kind}\n${texts.join('\n')}\n`)
}

interface ThriftOptions {
  /** Types that other implementations have too: no uuid, no keys that are containers or structs. */
  readonly plain: boolean
}

function thriftType(depth: number, { plain }: ThriftOptions, structs: readonly string[]): fc.Arbitrary<string> {
  const scalars = plain ? thriftScalars.filter((one) => one !== 'uuid') : thriftScalars
  const leaf = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...scalars) },
    { weight: 1, arbitrary: fc.constant('Kind') },
    ...(structs.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...structs) }] : []),
  )
  if (depth === 0) return leaf
  const inner = thriftType(depth - 1, { plain }, structs)
  const key = plain ? fc.constantFrom('i32', 'string', 'i16', 'Kind') : inner
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: inner.map((one) => `list<${one}>`) },
    { weight: 1, arbitrary: (plain ? fc.constantFrom('i32', 'string', 'bool') : inner).map((one) => `set<${one}>`) },
    { weight: 1, arbitrary: fc.tuple(key, inner).map(([one, value]) => `map<${one}, ${value}>`) },
  )
}

const defaults: Readonly<Record<string, string>> = {
  bool: 'true',
  i8: '-7',
  i16: '300',
  i32: '-70000',
  i64: '9007199254740993',
  double: '2.5',
  string: '"dé\\"f"',
  binary: '"raw"',
  'list<i32>': '[1, 2, 3]',
  'list<string>': '["a"]',
  'set<i32>': '[4]',
  'map<string, i32>': '{"k": 5}',
}

function thriftStruct(
  name: string,
  options: ThriftOptions,
  kind: string,
  structs: readonly string[],
): fc.Arbitrary<string> {
  const least = kind === 'union' ? 1 : 0
  const field = fc.tuple(thriftType(2, options, structs), fc.constantFrom('', 'required ', 'optional '), fc.boolean())
  return fc.array(field, { minLength: least, maxLength: 8 }).chain((fields) =>
    numbers(fields.length, 32767).map((ids) => {
      const lines = fields.map(([type, requiredness, hasDefault], i) => {
        const isUnion = kind === 'union'
        const given = hasDefault && !isUnion ? defaults[type] : undefined
        return `  ${ids[i]}: ${isUnion ? '' : requiredness}${type} f${i}${given === undefined ? '' : ` = ${given}`}`
      })
      return `${kind} ${name} {\n${lines.join('\n')}\n}`
    }),
  )
}

/** A random Thrift file `t.thrift` with structs A, B, C, a union U, an exception X and an enum. A struct holds only earlier ones. */
export function arbitraryThrift(options: ThriftOptions): fc.Arbitrary<string> {
  return fc
    .tuple(
      thriftStruct('A', options, 'struct', []),
      thriftStruct('U', options, 'union', ['A']),
      thriftStruct('B', options, 'struct', ['A', 'U']),
      thriftStruct('C', options, 'struct', ['A', 'B', 'U']),
      thriftStruct('X', options, 'exception', ['A', 'B']),
    )
    .map((texts) => `enum Kind { ZERO = 0, ONE = 1, MINUS = -1, BIG = 2147483647 }\n${texts.join('\n')}\n`)
}
