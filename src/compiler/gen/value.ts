/** Constant and default values as TypeScript expressions, structs filled with their defaults. */

import type { IrEnum, IrField, IrType, IrValue } from '../ir/ir.ts'
import { literal } from '../ir/underlying.ts'
import type { ModuleContext } from './context.ts'
import { membersOf } from './member.ts'
import { flat, group, type Layout } from './text/layout.ts'
import { key, quote } from './text/printer.ts'
import { isInt64, mapShape, type ResolvedType, resolve, setShape } from './type-shape.ts'

/** A value of a type on one line. */
export function valueText(context: ModuleContext, type: IrType, value: IrValue): string {
  return flat(valueLayout(context, type, value))
}

/** The default of a field as a comment shows it; undefined when there is none, or it is too long for a tooltip. */
export function defaultInDoc(context: ModuleContext, field: IrField): string | undefined {
  if (field.default === undefined) return undefined
  const unimported: ModuleContext = {
    ...context,
    value: (one) => context.names.declaration(one),
    wayBack: () => undefined,
  }
  const text = valueText(unimported, field.type, field.default).replace(/__proto__: null as never(?:, )?/g, '')
  return text.length > 80 || text.includes('*/') || text.includes('`') ? undefined : text
}

/** A value of a type, to be broken into lines where it is long. */
export function valueLayout(context: ModuleContext, type: IrType, value: IrValue): Layout {
  const plain = follow(value)
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      return scalarText(context, resolved, plain)
    case 'enum':
      return enumText(context, resolved, plain)
    case 'message':
      return messageLayout(context, resolved, plain)
    case 'list':
      return group('[', elementsOf(context, resolved.element, plain), ']')
    case 'set': {
      const isSet = setShape(resolved.element) === 'set'
      const elements = distinct(elementsOf(context, resolved.element, plain), ({ value }) => flat(value))
      if (isSet && elements.length === 0) return 'new Set()'
      return group(isSet ? 'new Set([' : '[', elements, isSet ? '])' : ']')
    }
    case 'map':
      return mapLayout(context, resolved, plain)
  }
}

/** What an unmarked field holds when nothing was said: 0, empty, or an enum's zero value. Messages have none. */
export function zeroText(context: ModuleContext, type: IrType): string {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      if (isInt64(resolved.scalar)) return integerText(context, 0n)
      if (resolved.scalar === 'bool') return 'false'
      if (resolved.scalar === 'string') return "''"
      if (resolved.scalar === 'uuid') return "'00000000-0000-0000-0000-000000000000'"
      return resolved.scalar === 'bytes' ? 'new Uint8Array(0)' : '0'
    case 'enum':
      return enumZero(context, resolved.enum)
    case 'list':
      return '[]'
    case 'set':
      return setShape(resolved.element) === 'set' ? 'new Set()' : '[]'
    case 'map':
      return { record: 'Object.create(null)', map: 'new Map()', pairs: '[]' }[
        mapShape(resolved.key, context.options.map)
      ]
    case 'message':
      throw new Error(`${resolved.message.fullName} has no zero value`)
  }
}

function enumZero(context: ModuleContext, type: IrEnum): string {
  const number = type.file.idl === 'protobuf' ? (type.values[0]?.number ?? 0) : 0
  const named = context.numbers(type) === undefined ? undefined : type.values.find((one) => one.number === number)
  return named === undefined ? String(number) : quote(named.name)
}

/** A value with names of constants replaced by what they stand for; names of enum values stay. */
export function follow(value: IrValue): IrValue {
  const end = literal(value)
  if (end === undefined)
    throw new Error(`'${value.kind === 'name' ? value.reference.text : value.kind}' is not linked to a value`)
  return end
}

/** An integer literal of 64 bits in the form the options ask for. */
function integerText(context: ModuleContext, value: bigint): string {
  switch (context.options.int64) {
    case 'bigint':
      return `${value}n`
    case 'string':
      return `'${value}'`
    case 'number':
      return String(value)
  }
}

type Shaped<K extends ResolvedType['kind']> = Extract<ResolvedType, { readonly kind: K }>

function scalarText(context: ModuleContext, { scalar }: Shaped<'scalar'>, value: IrValue): string {
  if (scalar === 'bool') return String(value.kind === 'bool' ? value.value : value.kind === 'int' && value.value !== 0n)
  if (scalar === 'bytes') return bytesText(value)
  if (value.kind === 'string') return quote(value.value)
  if (isInt64(scalar)) return int64Text(context, value)
  if (value.kind === 'double') return numberText(value.value)
  return String(numeric(value))
}

function int64Text(context: ModuleContext, value: IrValue): string {
  const integer = numeric(value)
  if (context.options.int64 === 'number' && !Number.isSafeInteger(Number(integer))) {
    context.report({
      code: 'number-range',
      message: `${integer} is beyond the integers that a number holds exactly`,
      span: value.span,
      hint: "set 'int64' of this entry to bigint or string",
    })
  }
  return integerText(context, integer)
}

function bytesText(value: IrValue): string {
  const bytes = bytesOf(value)
  return bytes.length === 0 ? 'new Uint8Array(0)' : `Uint8Array.of(${bytes.join(', ')})`
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return String(value)
}

/** The integer a value stands for; an enum value may stand for its number. */
function numeric(value: IrValue): bigint {
  if (value.kind === 'int') return value.value
  if (value.kind === 'bool') return value.value ? 1n : 0n
  if (value.kind === 'name' && value.enumValue !== undefined) return BigInt(value.enumValue.number)
  if (value.kind === 'double' && Number.isInteger(value.value)) return BigInt(value.value)
  throw new Error(`a ${value.kind} value stands where a number should`)
}

function enumText(context: ModuleContext, { enum: type }: Shaped<'enum'>, value: IrValue): string {
  const number = Number(numeric(value))
  const named = value.kind === 'name' ? value.enumValue : type.values.find((one) => one.number === number)
  if (named === undefined) return String(number)
  if (context.wayBack(type) !== undefined) {
    return context.options.enum === 'string' ? quote(context.names.enumMember(named)) : String(named.number)
  }
  return `${context.value(type)}.${context.names.enumMember(named)}`
}

function messageLayout(context: ModuleContext, { message }: Shaped<'message'>, value: IrValue): Layout {
  const given = new Map<string, IrValue>()
  if (value.kind === 'map') {
    for (const entry of value.entries) {
      const name = follow(entry.key)
      if (name.kind === 'string') given.set(name.value, entry.value)
    }
  }
  if (message.shape === 'union') {
    const field =
      message.fields.find((one) => given.has(one.name)) ?? message.fields.find((one) => one.default !== undefined)
    const held = field && (given.get(field.name) ?? field.default)
    if (field === undefined || held === undefined)
      throw new Error(`a value of the union ${message.fullName} names none of its fields`)
    const item = { label: 'value: ', value: valueLayout(context, field.type, held) }
    return group('{', [{ label: 'case: ', value: quote(context.names.member(field)) }, item], '}', true)
  }
  const items: { label: string; value: Layout }[] = []
  for (const member of membersOf(message, context.names)) {
    if (member.kind === 'oneof') continue
    const label = `${key(member.name)}: `
    const held = given.get(member.field.name) ?? (member.filled ? member.field.default : undefined)
    if (held !== undefined) items.push({ label, value: valueLayout(context, member.field.type, held) })
    else if (member.presence === 'required') items.push({ label, value: zeroLayout(context, member.field.type) })
    else if (member.presence === 'default' && member.filled)
      items.push({ label, value: zeroText(context, member.field.type) })
  }
  const isClass = message.shape === 'exception'
  return group(isClass ? `/*#__PURE__*/ new ${context.value(message)}({` : '{', items, isClass ? '})' : '}', true)
}

/** What a required field holds that a constant leaves out; a struct takes its own defaults. */
function zeroLayout(context: ModuleContext, type: IrType): Layout {
  const resolved = resolve(type)
  if (resolved.kind !== 'message') return zeroText(context, type)
  return messageLayout(context, resolved, { kind: 'map', entries: [], span: resolved.message.span })
}

function elementsOf(context: ModuleContext, element: IrType, value: IrValue): { label: string; value: Layout }[] {
  if (value.kind !== 'list') return []
  return value.elements.map((one) => ({ label: '', value: valueLayout(context, element, one) }))
}

function mapLayout(context: ModuleContext, type: Shaped<'map'>, value: IrValue): Layout {
  const entries = value.kind === 'map' ? value.entries : []
  const shape = mapShape(type.key, context.options.map)
  if (shape === 'record') {
    const items = entries.map((entry) => {
      const name = follow(entry.key)
      return { name: name.kind === 'string' ? name.value : '', value: valueLayout(context, type.value, entry.value) }
    })
    return recordLayout(distinct(items, ({ name }) => name))
  }
  const keyed = entries.map((entry) => ({
    key: valueLayout(context, type.key, entry.key),
    value: valueLayout(context, type.value, entry.value),
  }))
  const pairs = distinct(keyed, (one) => flat(one.key)).map((one) => {
    const items = [one.key, one.value].map((value) => ({ label: '', value }))
    return { label: '', value: group('[', items, ']') }
  })
  if (shape === 'map') return pairs.length === 0 ? 'new Map()' : group('new Map([', pairs, '])')
  return group('[', pairs, ']')
}

/** Of items with one identity the last, in the place of the first: as a map holds what is put into it. */
function distinct<T>(items: readonly T[], identity: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [identity(item), item])).values()]
}

/** An object without prototype. With a key `__proto__` it takes a way on which that is a key like any other. */
function recordLayout(entries: readonly { readonly name: string; readonly value: Layout }[]): Layout {
  const items = entries.map(({ name, value }) => ({
    label: `${name === '__proto__' ? "['__proto__']" : key(name)}: `,
    value,
  }))
  if (entries.every(({ name }) => name !== '__proto__')) {
    return group('{', [{ label: '__proto__: ', value: 'null as never' }, ...items], '}', true)
  }
  return group('/*#__PURE__*/ Object.assign(Object.create(null), {', items, '})', true)
}

/** The bytes of a value; Thrift writes binary constants as text. */
export function bytesOf(value: IrValue): Uint8Array {
  if (value.kind === 'bytes') return value.value
  if (value.kind !== 'string') return new Uint8Array(0)
  return value.bytes ?? new TextEncoder().encode(value.value)
}
