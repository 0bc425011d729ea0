/** What putting one type in the place of another breaks: which types share their bytes, and which their JSON. */

import type { IrEnum, IrFile, IrMessage, IrType, ScalarName } from '../ir/ir.ts'
import { declarationOf, underlying } from '../ir/underlying.ts'
import type { Comparing } from './change.ts'
import { type BreakingCategory, graver } from './rule.ts'

/** What a comparison of types asks of its surroundings. */
export interface TypeComparing extends Pick<Comparing, 'pairOf'> {
  readonly idl: IrFile['idl']
  /** What one message in the place of another one breaks, at least the source. */
  messageBreak(before: IrMessage, after: IrMessage): BreakingCategory
}

/** The gravest thing that `after` in the place of `before` breaks; undefined when they are one type, by whatever name. */
export function typeBreak(c: TypeComparing, before: IrType, after: IrType): BreakingCategory | undefined {
  const a = underlying(before)
  const b = underlying(after)
  if (a.kind === 'scalar' && b.kind === 'scalar') return scalarBreak(c.idl, a.scalar, b.scalar)
  if (a.kind === 'reference' || b.kind === 'reference') return referenceBreak(c, a, b)
  if (a.kind === 'map' || b.kind === 'map') {
    if (a.kind === 'map' && b.kind === 'map') return graver(typeBreak(c, a.key, b.key), typeBreak(c, a.value, b.value))
    return c.idl === 'protobuf' && isEntryList(c, a, b) ? 'json' : 'wire'
  }
  if (a.kind === 'scalar' || b.kind === 'scalar' || a.kind !== b.kind) return 'wire'
  return typeBreak(c, a.element, b.element)
}

function referenceBreak(c: TypeComparing, a: IrType, b: IrType): BreakingCategory | undefined {
  const from = declarationOf(a)
  const to = declarationOf(b)
  if (from === undefined && to === undefined) {
    return a.kind === 'reference' && b.kind === 'reference' && a.reference.text === b.reference.text
      ? undefined
      : 'wire'
  }
  if (from?.kind === 'enum' && to?.kind === 'enum') return c.pairOf(from) === to ? undefined : enumBreak(from, to)
  if (from?.kind === 'message' && to?.kind === 'message') {
    return c.pairOf(from) === to ? undefined : c.messageBreak(from, to)
  }
  if (from?.kind === 'enum' && b.kind === 'scalar') return isInteger(c.idl, from, b.scalar) ? 'json' : 'wire'
  if (to?.kind === 'enum' && a.kind === 'scalar') return isInteger(c.idl, to, a.scalar) ? 'json' : 'wire'
  return 'wire'
}

/** Whether an enum has the bytes of an integer type. A closed one keeps no number without a name. */
function isInteger(idl: IrFile['idl'], { closed }: IrEnum, scalar: ScalarName): boolean {
  if (idl === 'thrift') return scalar === 'i32'
  return !closed && (scalar === 'i32' || scalar === 'i64' || scalar === 'u32' || scalar === 'u64')
}

/** Another enum means the same where it knows every value of the first by name and number. */
function enumBreak(before: IrEnum, after: IrEnum): BreakingCategory {
  if (before.closed !== after.closed) return 'wire'
  const numbers = new Map(after.values.map(({ name, number }) => [name, number]))
  return before.values.every(({ name, number }) => numbers.get(name) === number) ? 'source' : 'wire'
}

/** Whether one is a map and the other a list of messages that are its entries. */
function isEntryList(c: TypeComparing, a: IrType, b: IrType): boolean {
  const map = a.kind === 'map' ? a : b
  const list = a.kind === 'map' ? b : a
  if (map.kind !== 'map' || list.kind !== 'list') return false
  const entry = declarationOf(list.element)
  if (entry?.kind !== 'message') return false
  const isSame = (id: number, type: IrType): boolean => {
    const field = entry.fields.find((one) => one.id === id)
    if (field === undefined || field.oneof !== undefined || field.delimited) return false
    const broken = map === a ? typeBreak(c, type, field.type) : typeBreak(c, field.type, type)
    return broken !== 'wire'
  }
  return isSame(1, map.key) && isSame(2, map.value) && entry.fields.every(({ presence }) => presence !== 'required')
}

function scalarBreak(idl: IrFile['idl'], before: ScalarName, after: ScalarName): BreakingCategory | undefined {
  if (before === after) return undefined
  // Bytes may be no text, which readers of a string refuse or mend.
  if (before === 'bytes' && after === 'string') return 'wire'
  const wire = idl === 'thrift' ? thriftWire : protobufWire
  if ((wire[before] ?? before) !== (wire[after] ?? after)) return 'wire'
  return (jsonForm[before] ?? before) === (jsonForm[after] ?? after) ? 'source' : 'json'
}

type Classes = Readonly<Partial<Record<ScalarName, string>>>

/** https://protobuf.dev/programming-guides/proto3/#updating; a type that is not here is alone. */
const protobufWire: Classes = {
  bool: 'varint',
  i32: 'varint',
  i64: 'varint',
  u32: 'varint',
  u64: 'varint',
  s32: 'zigzag',
  s64: 'zigzag',
  fixed32: 'fixed32',
  sfixed32: 'fixed32',
  fixed64: 'fixed64',
  sfixed64: 'fixed64',
  string: 'length',
  bytes: 'length',
}

/** Thrift writes the type of each field, and readers skip a field of another one; only these two share theirs. */
const thriftWire: Classes = { string: 'string', bytes: 'string' }

/** https://protobuf.dev/programming-guides/json/: 64-bit integers are text. */
const jsonForm: Classes = {
  i32: 'number',
  u32: 'number',
  s32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  i64: 'text',
  u64: 'text',
  s64: 'text',
  fixed64: 'text',
  sfixed64: 'text',
}
