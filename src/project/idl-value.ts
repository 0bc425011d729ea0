/** Values of IDL types as TypeScript: the plainest one a handler may return, and an example a client may send. */

import type { Layout } from '../compiler/gen/layout.ts'
import { membersOf } from '../compiler/gen/member.ts'
import { key as propertyKey, quote } from '../compiler/gen/printer.ts'
import { wellKnownFiles } from '../compiler/gen/runtime-names.ts'
import { isInt64, mapShape, resolve, setShape } from '../compiler/gen/type-shape.ts'
import type { IrEnum, IrField, IrMessage, IrScalar, IrType } from '../compiler/ir/ir.ts'
import { arrayCode, callCode, objectCode } from './code-layout.ts'
import type { NamedProgram } from './service-model.ts'

/** How values are made. */
export interface ValueMaker {
  readonly named: NamedProgram
  readonly int64: 'bigint' | 'number' | 'string'
  /** The local name of something that a generated module exports. */
  readonly use: (module: string, name: string) => string
}

/** What required members lead to beyond this can't be written down: a type that requires itself. */
const deepest = 12

/** The plainest value: empty texts and containers, zeros, the first member of an enum, the first case of a union, required members only. */
export function plainValue(maker: ValueMaker, type: IrType, depth = 0): Layout {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      return scalarValue(maker, resolved.scalar, undefined)
    case 'enum':
      return enumValue(maker, resolved.enum, false)
    case 'list':
      return '[]'
    case 'set':
      return setShape(resolved.element) === 'set' ? 'new Set()' : '[]'
    case 'map':
      return { record: '{}', map: 'new Map()', pairs: '[]' }[mapShape(resolved.key)]
    default:
      return plainMessage(maker, resolved.message, depth)
  }
}

/** An example: texts say the name of their member, numbers are 1, containers hold one element, optional scalars are left out. */
export function exampleValue(maker: ValueMaker, type: IrType, name: string, depth = 0): Layout {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      return scalarValue(maker, resolved.scalar, name)
    case 'enum':
      return enumValue(maker, resolved.enum, true)
    case 'list':
    case 'set': {
      const elements = arrayCode([exampleValue(maker, resolved.element, singular(name), depth + 1)])
      return resolved.kind === 'set' && setShape(resolved.element) === 'set'
        ? callCode('new Set', [elements])
        : elements
    }
    case 'map': {
      const key = exampleValue(maker, resolved.key, 'key', depth + 1)
      const value = exampleValue(maker, resolved.value, 'value', depth + 1)
      const shape = mapShape(resolved.key)
      if (shape === 'record') return objectCode([['key', value]])
      const pairs = arrayCode([arrayCode([key, value])])
      return shape === 'map' ? callCode('new Map', [pairs]) : pairs
    }
    default:
      return exampleMessage(maker, resolved.message, depth)
  }
}

function plainMessage(maker: ValueMaker, message: IrMessage, depth: number): Layout {
  if (isWellKnown(message) || depth > deepest) return '{}'
  const { names } = maker.named
  if (message.shape === 'union') {
    const first = simplestCase(message)
    return first === undefined ? '{}' : caseCode(names.member(first), plainValue(maker, first.type, depth + 1))
  }
  const properties: (readonly [string, Layout])[] = []
  for (const member of membersOf(message, names)) {
    if (member.kind !== 'field' || member.presence !== 'required') continue
    properties.push([propertyKey(member.name), plainValue(maker, member.field.type, depth + 1)])
  }
  return wrapException(maker, message, objectCode(properties))
}

function exampleMessage(maker: ValueMaker, message: IrMessage, depth: number): Layout {
  if (isWellKnown(message) || depth > deepest) return '{}'
  if (depth > 3) return plainMessage(maker, message, depth)
  const { names } = maker.named
  if (message.shape === 'union') {
    const first = simplestCase(message)
    return first === undefined
      ? '{}'
      : caseCode(names.member(first), exampleValue(maker, first.type, first.name, depth + 1))
  }
  const properties: (readonly [string, Layout])[] = []
  for (const member of membersOf(message, names)) {
    if (member.kind === 'oneof') {
      const first = member.fields[0]
      if (first === undefined || depth > 0) continue
      properties.push([
        propertyKey(member.name),
        caseCode(names.member(first), exampleValue(maker, first.type, first.name, depth + 1)),
      ])
      continue
    }
    const { field } = member
    if (!isWorthAnExample(message, field, member.presence)) continue
    properties.push([propertyKey(member.name), exampleValue(maker, field.type, names.member(field), depth + 1)])
  }
  return wrapException(maker, message, objectCode(properties))
}

/** Required members, and the others where they are what makes the message: no defaults, no times, no way back to itself. */
function isWorthAnExample(message: IrMessage, field: IrField, presence: string): boolean {
  if (presence === 'required') return true
  if (field.default !== undefined) return false
  const resolved = resolve(field.type)
  if (resolved.kind === 'message') return resolved.message !== message && !isWellKnown(resolved.message)
  if (presence === 'optional') return false
  return resolved.kind !== 'scalar' || resolved.scalar !== 'bytes'
}

/** The first case of a union that does not lead back to it. */
function simplestCase(message: IrMessage): IrField | undefined {
  return message.fields.find((field) => !reaches(field.type, message, new Set())) ?? message.fields[0]
}

function reaches(type: IrType, message: IrMessage, seen: Set<IrMessage>): boolean {
  const resolved = resolve(type)
  if (resolved.kind !== 'message' || seen.has(resolved.message)) return false
  if (resolved.message === message) return true
  seen.add(resolved.message)
  return resolved.message.fields.some((field) => field.presence === 'required' && reaches(field.type, message, seen))
}

function caseCode(name: string, value: Layout): Layout {
  return objectCode([
    ['case', quote(name)],
    ['value', value],
  ])
}

function wrapException(maker: ValueMaker, message: IrMessage, value: Layout): Layout {
  if (message.shape !== 'exception') return value
  const { names } = maker.named
  return callCode(`new ${maker.use(names.module(message.file), names.declaration(message))}`, [value])
}

function isWellKnown(message: IrMessage): boolean {
  return Object.hasOwn(wellKnownFiles, message.file.source.logicalPath)
}

function enumValue(maker: ValueMaker, declaration: IrEnum, isExample: boolean): Layout {
  const { names } = maker.named
  const value = (isExample ? declaration.values.find(({ number }) => number !== 0) : undefined) ?? declaration.values[0]
  if (value === undefined) return '0'
  const member = names.enumMember(value)
  const object = maker.use(names.module(declaration.file), names.declaration(declaration))
  return propertyKey(member) === member ? `${object}.${member}` : `${object}[${quote(member)}]`
}

function scalarValue(maker: ValueMaker, scalar: IrScalar, exampleName: string | undefined): string {
  if (scalar === 'bool') return exampleName === undefined ? 'false' : 'true'
  if (scalar === 'string') return exampleName === undefined ? "''" : quote(exampleName)
  if (scalar === 'uuid') return quote('00000000-0000-0000-0000-000000000000')
  if (scalar === 'bytes') return exampleName === undefined ? 'new Uint8Array()' : 'Uint8Array.of(1, 2, 3)'
  const digit = exampleName === undefined ? '0' : '1'
  if (!isInt64(scalar)) return digit
  return { bigint: `${digit}n`, number: digit, string: `'${digit}'` }[maker.int64]
}

function singular(name: string): string {
  return /[^s]s$/.test(name) ? name.slice(0, -1) : name
}
