/** Options of protobuf as the bytes that stand for them in their options message. */

import { ProtobufWriter } from '../../runtime/protobuf/writer.ts'
import type { IrField, IrMessage, IrType, IrValue, ScalarName } from './ir.ts'
import { declarationOf } from './underlying.ts'

/** How names inside aggregates are found. */
export interface OptionNames {
  /** The extension of `message` that `[name]` means. */
  extension(message: IrMessage, name: string): IrField | undefined
  /** The message behind `[type.googleapis.com/name]`. */
  anyMessage(name: string): IrMessage | undefined
}

const [varint, fixed64, bytes, startGroup, endGroup, fixed32] = [0, 1, 2, 3, 4, 5] as const

/**
 * The bytes of an option that has been checked: the value of the last field of `path`, inside the others. Empty for
 * options that are kept in source text only (`retention = RETENTION_SOURCE`).
 */
export function encodeOption(path: readonly IrField[], value: IrValue, names: OptionNames): Uint8Array {
  const writer = new ProtobufWriter()
  if (!path.some(isSourceOnly)) writePath(writer, path, value, names)
  return writer.take()
}

function isSourceOnly(field: IrField): boolean {
  return field.annotations.some(({ name, value }) => name === 'retention' && value === 'RETENTION_SOURCE')
}

function writePath(w: ProtobufWriter, path: readonly IrField[], value: IrValue, names: OptionNames): void {
  const [field, ...rest] = path
  if (field === undefined) return
  if (rest.length === 0) writeField(w, field, value, names, true)
  else within(w, field.id, field.delimited, () => writePath(w, rest, value, names))
}

function within(w: ProtobufWriter, id: number, delimited: boolean, write: () => void): void {
  if (delimited) {
    w.beginGroup(id * 8 + startGroup)
    write()
    w.endGroup(id * 8 + endGroup)
    return
  }
  const begun = w.begin(id * 8 + bytes)
  write()
  w.end(begun)
}

function writeField(w: ProtobufWriter, field: IrField, value: IrValue, names: OptionNames, explicit: boolean): void {
  if (isSourceOnly(field)) return
  const { type } = field
  const element = type.kind === 'list' || type.kind === 'set' ? type.element : type
  const all = value.kind === 'list' ? value.elements : [value]
  const isImplicit = !explicit && type.kind !== 'list' && field.presence === 'default'
  if (field.packed && all.length > 0) {
    within(w, field.id, false, () => {
      const inner = new ProtobufWriter()
      for (const one of all) writeValue(inner, 0, element, one, names, false, false)
      // Elements are written with the tag 0, a single byte that is left out.
      writeWithoutTags(w, inner.take(), element)
    })
    return
  }
  for (const one of all) writeValue(w, field.id, element, one, names, field.delimited, isImplicit)
}

/** Appends what was written element by element, each behind a tag of one byte. */
function writeWithoutTags(w: ProtobufWriter, written: Uint8Array, type: IrType): void {
  let at = 0
  while (at < written.length) {
    at++
    let end = at + sizeOf(type)
    if (end === at) {
      while (written[end]! >= 128) end++
      end++
    }
    w.raw(written.subarray(at, end))
    at = end
  }
}

/** Bytes of a value of a fixed size; 0 for a varint. */
function sizeOf(type: IrType): number {
  if (type.kind !== 'scalar') return 0
  if (/^(fixed32|sfixed32|f32)$/.test(type.scalar)) return 4
  return /^(fixed64|sfixed64|f64)$/.test(type.scalar) ? 8 : 0
}

function writeValue(
  w: ProtobufWriter,
  id: number,
  type: IrType,
  value: IrValue,
  names: OptionNames,
  delimited: boolean,
  isImplicit: boolean,
): void {
  if (type.kind === 'scalar') {
    writeScalar(w, id, type.scalar, value, isImplicit)
    return
  }
  if (type.kind === 'map') {
    within(w, id, false, () => {
      if (value.kind !== 'map') return
      for (const { key, value: part } of value.entries) {
        const isKey = key.kind === 'string' && key.value === 'key'
        writeValue(w, isKey ? 1 : 2, isKey ? type.key : type.value, part, names, false, false)
      }
    })
    return
  }
  const target = declarationOf(type)
  if (target?.kind === 'message') within(w, id, delimited, () => writeAggregate(w, target, value, names))
  else if (target?.kind === 'enum') {
    const text = value.kind === 'name' ? value.reference.text : value.kind === 'bool' ? String(value.value) : ''
    const number = value.kind === 'int' ? Number(value.value) : target.values.find((one) => one.name === text)?.number
    if (!(isImplicit && number === 0)) w.int32Field(id * 8 + varint, number ?? 0)
  }
}

function writeAggregate(w: ProtobufWriter, message: IrMessage, value: IrValue, names: OptionNames): void {
  if (value.kind !== 'map') return
  for (const { key, value: given } of value.entries) {
    const text = key.kind === 'name' ? key.reference.text : key.kind === 'string' ? key.value : ''
    if (key.kind === 'name' && text.includes('/')) {
      const inner = names.anyMessage(text.slice(text.lastIndexOf('/') + 1))
      if (inner === undefined) continue
      w.stringField(8 + bytes, text)
      within(w, 2, false, () => writeAggregate(w, inner, given, names))
      continue
    }
    const field =
      key.kind === 'name'
        ? names.extension(message, text)
        : message.fields.find(
            (one) => one.name === text || (one.delimited && one.name === text.toLowerCase() && /^[A-Z]/.test(text)),
          )
    if (field !== undefined) writeField(w, field, given, names, key.kind === 'name')
  }
}

function writeScalar(w: ProtobufWriter, id: number, scalar: ScalarName, value: IrValue, isImplicit: boolean): void {
  const tag = id * 8
  const whole = (): bigint => (value.kind === 'int' ? value.value : 0n)
  switch (scalar) {
    case 'bool': {
      const text = value.kind === 'name' ? value.reference.text : ''
      const on = value.kind === 'bool' ? value.value : text === 't' || text === 'True' || whole() === 1n
      if (on || !isImplicit) w.boolField(tag + varint, on)
      return
    }
    case 'string':
    case 'bytes': {
      const text = value.kind === 'string' ? new TextEncoder().encode(value.value) : new Uint8Array(0)
      const content = value.kind === 'bytes' ? value.value : text
      if (content.length > 0 || !isImplicit) w.bytesField(tag + bytes, content)
      return
    }
    case 'f32':
    case 'f64': {
      const number = numberOf(value)
      if (isImplicit && Object.is(number, 0)) return
      if (scalar === 'f32') w.floatField(tag + fixed32, Math.fround(number))
      else w.doubleField(tag + fixed64, number)
      return
    }
    default:
      if (isImplicit && whole() === 0n) return
      writeInteger(w, tag, scalar, whole())
  }
}

function writeInteger(w: ProtobufWriter, tag: number, scalar: ScalarName, value: bigint): void {
  const small = Number(value)
  if (scalar === 'i32') w.int32Field(tag + varint, small)
  else if (scalar === 'u32') w.uint32Field(tag + varint, small)
  else if (scalar === 's32') w.sint32Field(tag + varint, small)
  else if (scalar === 'i64') w.int64Field(tag + varint, value)
  else if (scalar === 'u64') w.uint64Field(tag + varint, value)
  else if (scalar === 's64') w.sint64Field(tag + varint, value)
  else if (scalar === 'fixed32') w.fixed32Field(tag + fixed32, small)
  else if (scalar === 'sfixed32') w.sfixed32Field(tag + fixed32, small)
  else if (scalar === 'fixed64') w.fixed64Field(tag + fixed64, value)
  else if (scalar === 'sfixed64') w.sfixed64Field(tag + fixed64, value)
}

function numberOf(value: IrValue): number {
  if (value.kind === 'double') return value.value
  if (value.kind === 'int') return Number(value.value)
  const text = value.kind === 'name' ? value.reference.text.toLowerCase() : ''
  return text === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY
}
