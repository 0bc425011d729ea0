import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { FileSchema, MessageSchema, TypeSchema } from '../../../src/runtime/core/message/schema.ts'
import * as protobufBytes from '../../../src/runtime/protobuf/bytes.ts'
import { interpretedProtobuf } from '../../../src/runtime/protobuf/interpreting-codec.ts'
import * as thriftBytes from '../../../src/runtime/thrift/protocol/bytes.ts'
import { interpretedThrift } from '../../../src/runtime/thrift/protocol/interpreting-codec.ts'
import { generated, generatedText } from '../../support/generated.ts'

// Messages of one field more than a codec prints in one body.

const idl = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../golden/wide/idl/${name}`, import.meta.url)), 'utf8')

/** A value that differs from every default. */
function sampleOf(type: TypeSchema, at: number): unknown {
  switch (type.kind) {
    case 'enum':
      return 1
    case 'message':
      if (type.name.endsWith('Choice')) return { case: 'part', value: { name: `c${at}`, count: at } }
      return type.name.startsWith('wide.') && { name: `p${at}`, count: at }
    case 'list':
      return [sampleOf(type.element, at), sampleOf(type.element, at + 1)]
    case 'set':
      return new Set([sampleOf(type.element, at)])
    case 'map': {
      const value = sampleOf(type.value, at)
      return type.key.kind === 'scalar' && type.key.scalar === 'string' ? { [`k${at}`]: value } : new Map([[at, value]])
    }
    case 'scalar':
      if (type.scalar === 'string') return `text ${at}`
      if (type.scalar === 'uuid') return `00000000-0000-0000-0000-${String(at).padStart(12, '0')}`
      if (type.scalar === 'bytes') return Uint8Array.of(at & 255)
      if (type.scalar === 'bool') return true
      return type.scalar === 'i64' ? BigInt(at + 1) : at + 1
  }
}

function full(schema: MessageSchema, pick: (at: number) => boolean = () => true): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  schema.fields.forEach((field, i) => {
    const isNeeded = field.presence === 'required'
    if (field.oneof !== undefined) {
      if (pick(i)) value[field.oneof] = { case: field.localName, value: sampleOf(field.type, i) }
    } else if (isNeeded || pick(i)) value[field.localName] = sampleOf(field.type, i)
  })
  return value
}

interface Codec {
  readonly toBinary: (type: never, value: never) => Uint8Array
  readonly fromBinary: (type: never, bytes: Uint8Array) => Record<string, unknown>
}
const ways = [
  ['wide.thrift', 'Wide', thriftBytes, interpretedThrift],
  ['wide.thrift', 'TooWide', thriftBytes, interpretedThrift],
  ['wide.proto', 'Wide', protobufBytes, interpretedProtobuf],
] as unknown as readonly (readonly [string, string, Codec, (file: FileSchema, name: string) => never])[]

describe.each(ways)('the codec in slices of %s, %s', (file, name, { toBinary, fromBinary }, interpret) => {
  test.each([true, false])(
    'does what the interpreted one does (unknown fields kept: %s)',
    async (keepUnknownFields) => {
      const module = await generated({ [file]: idl(file) }, { keepUnknownFields })
      const printed = module[name]
      const interpreted = interpret(module['$file'], `wide.${name}`)
      const plain = (value: object): object => ({ ...value })
      for (const pick of [() => true, () => false, (at: number) => at % 3 === 0, (at: number) => at % 2 === 1]) {
        const value = full(printed.schema, pick)
        const bytes = toBinary(printed as never, value as never)
        expect(Buffer.from(bytes).equals(toBinary(interpreted, value as never))).toBe(true)
        const read = fromBinary(printed as never, bytes)
        expect(plain(read)).toEqual(plain(fromBinary(interpreted, bytes)))
        expect(Object.keys(read)).toEqual(Object.keys(fromBinary(interpreted, bytes)))
        const { complete } = interpreted as { complete(value: unknown): object }
        expect(plain(printed.complete(value))).toEqual(plain(complete(value)))
        expect(printed.complete(read)).toBe(read)
        // Fields that the IDL does not know, in front and behind.
        const more = Buffer.from(file.endsWith('.proto') ? 'c8fa0101' : '08700000000001', 'hex')
        const longer = Buffer.concat([more, bytes])
        expect(plain(fromBinary(printed as never, longer))).toEqual(plain(fromBinary(interpreted, longer)))
        expect('$unknown' in fromBinary(printed as never, longer)).toBe(keepUnknownFields)
        if (file.endsWith('.proto')) {
          const twice = Buffer.concat([bytes, bytes])
          expect(fromBinary(printed as never, twice)).toEqual(fromBinary(interpreted, twice))
        }
      }
      if (name === 'TooWide')
        expect(fromBinary(printed as never, toBinary(printed as never, full(printed.schema) as never))).toBeInstanceOf(
          printed,
        )
    },
  )

  test('says which required field is missing, on both sides', async () => {
    const module = await generated({ [file]: idl(file) })
    const printed = module[name]
    const field = printed.schema.fields.findLast((one: { presence: string }) => one.presence === 'required')
    const value = { ...full(printed.schema), [field.localName]: undefined }
    const reason = `wide.${name}.${field.name}`
    expect(() => toBinary(printed as never, value as never)).toThrow(reason)
    expect(() => printed.create(value)).toThrow(reason)
    expect(() => fromBinary(printed as never, file.endsWith('.proto') ? new Uint8Array(0) : Uint8Array.of(0))).toThrow(
      'required',
    )
  })
})

test('no function of the codec of 5,000 fields grows with them', () => {
  const fields = (line: (i: number) => string): string => Array.from({ length: 5_000 }, (_, i) => line(i)).join('\n')
  const texts = [
    generatedText({ 'w.thrift': `struct W {\n${fields((i) => `${i + 1}: string f${i}`)}\n}` })['w.ts']!,
    generatedText({ 'w.proto': `syntax = "proto3"; message W {\n${fields((i) => `string f${i} = ${i + 1};`)}\n}` })[
      'w.ts'
    ]!,
  ]
  for (const text of texts) {
    const bodies = text.split(/^(?=function )/m).slice(1)
    expect(bodies.length).toBeGreaterThan(150)
    // The last one is followed by the description of the file.
    const longest = Math.max(...bodies.slice(0, -1).map((one) => one.split('\n').length))
    expect(longest).toBeLessThan(700)
  }
})
