/** Values of IDL types as TypeScript: the simplest one that its type allows, and an example that a client may send. */

import { membersOf } from '../../compiler/gen/member.ts'
import { wellKnownFiles } from '../../compiler/gen/name/runtime-names.ts'
import type { Layout } from '../../compiler/gen/text/layout.ts'
import { key as propertyKey, quote } from '../../compiler/gen/text/printer.ts'
import { isInt64, mapShape, resolve, setShape } from '../../compiler/gen/type-shape.ts'
import type { IrEnum, IrField, IrMessage, IrType, ScalarName } from '../../compiler/ir/ir.ts'
import type { NamedProgram } from '../generate/service-model.ts'
import { arrayCode, callCode, objectCode } from './code-layout.ts'

/** How values are made. */
export interface ValueMaker {
  readonly named: NamedProgram
  readonly int64: 'bigint' | 'number' | 'string'
  /** The local name of something that a generated module exports. */
  readonly use: (module: string, name: string) => string
}

/** Stands for a value that can't be written down: that of a message which requires itself. */
const impossible = 'undefined as never'

/** The messages around a value, outermost first. */
type Around = readonly IrMessage[]

/** How far examples fill in what is not required: messages inside each other, and members altogether. */
const exampleDepth = 3
const exampleMembers = 30

/** Where an example stands: how many messages are around it, and how many more members are welcome. */
interface ExampleRoom {
  readonly depth: number
  readonly left: { members: number }
}

/** The plainest value: empty texts and containers, zeros, the first member of an enum, the first case of a union, required members only. */
export function plainValue(maker: ValueMaker, type: IrType, around: Around = []): Layout {
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
      return { record: '{}', map: 'new Map()', pairs: '[]' }[mapShape(resolved.key, maker.named.map ?? 'record')]
    default:
      return plainMessage(maker, resolved.message, around)
  }
}

/** An example: texts say the name of their member, numbers are 1, containers hold one element, optional scalars are left out. */
export function exampleValue(maker: ValueMaker, type: IrType, name: string): Layout {
  return example(maker, type, name, { depth: 0, left: { members: exampleMembers } })
}

function example(maker: ValueMaker, type: IrType, name: string, room: ExampleRoom): Layout {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      return scalarValue(maker, resolved.scalar, name)
    case 'enum':
      return enumValue(maker, resolved.enum, true)
    case 'list':
    case 'set': {
      const elements = arrayCode([example(maker, resolved.element, singular(name), room)])
      return resolved.kind === 'set' && setShape(resolved.element) === 'set'
        ? callCode('new Set', [elements])
        : elements
    }
    case 'map': {
      const key = example(maker, resolved.key, 'key', room)
      const value = example(maker, resolved.value, 'value', room)
      const shape = mapShape(resolved.key, maker.named.map ?? 'record')
      if (shape === 'record') return objectCode([['key', value]])
      const pairs = arrayCode([arrayCode([key, value])])
      return shape === 'map' ? callCode('new Map', [pairs]) : pairs
    }
    default:
      return exampleMessage(maker, resolved.message, room)
  }
}

function plainMessage(maker: ValueMaker, message: IrMessage, around: Around): Layout {
  if (isWellKnown(message)) return '{}'
  if (around.includes(message)) return impossible
  const inside = [...around, message]
  const { names } = maker.named
  if (message.shape === 'union') {
    const first = simplestCase(message)
    return first === undefined ? '{}' : caseCode(names.member(first), plainValue(maker, first.type, inside))
  }
  const properties: (readonly [string, Layout])[] = []
  for (const member of membersOf(message, names)) {
    if (member.kind !== 'field' || member.presence !== 'required') continue
    properties.push([propertyKey(member.name), plainValue(maker, member.field.type, inside)])
  }
  return wrapException(maker, message, objectCode(properties))
}

function exampleMessage(maker: ValueMaker, message: IrMessage, room: ExampleRoom): Layout {
  if (isWellKnown(message)) return '{}'
  if (room.depth > exampleDepth) return plainMessage(maker, message, [])
  const inside: ExampleRoom = { depth: room.depth + 1, left: room.left }
  const { names } = maker.named
  if (message.shape === 'union') {
    const first = simplestCase(message)
    return first === undefined ? '{}' : caseCode(names.member(first), example(maker, first.type, first.name, inside))
  }
  const properties: (readonly [string, Layout])[] = []
  for (const member of membersOf(message, names)) {
    if (member.kind === 'oneof') {
      const first = member.fields[0]
      if (first === undefined || room.depth > 0) continue
      properties.push([
        propertyKey(member.name),
        caseCode(names.member(first), example(maker, first.type, first.name, inside)),
      ])
      continue
    }
    const { field } = member
    if (!isWorthAnExample(message, field, member.presence, room)) continue
    room.left.members--
    properties.push([propertyKey(member.name), example(maker, field.type, names.member(field), inside)])
  }
  return wrapException(maker, message, objectCode(properties))
}

/** Required members, and the others while there is room: no defaults, no times, no way straight back to the message. */
function isWorthAnExample(message: IrMessage, field: IrField, presence: string, room: ExampleRoom): boolean {
  if (presence === 'required') return true
  if (field.default !== undefined || room.left.members <= 0) return false
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

function scalarValue(maker: ValueMaker, scalar: ScalarName, exampleName: string | undefined): string {
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
