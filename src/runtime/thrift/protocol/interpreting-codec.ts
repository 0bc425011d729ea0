/** The Thrift codec that reads descriptions instead of being printed: for structs of which only the schema is there. */

import { missing } from '../../core/message/complete.ts'
import { completeMessage, exceptionClass } from '../../core/message/complete-message.ts'
import { type MessageDefaults, withDefaults } from '../../core/message/defaults.ts'
import { enumNumber } from '../../core/message/enum-number.ts'
import { messageSchema } from '../../core/message/file-schema.ts'
import {
  emptyMap,
  entriesOf,
  enumValue,
  type FieldPlan,
  type MessagePlan,
  messagePlan,
  planDefaults,
  type TypePlan,
} from '../../core/message/message-plan.ts'
import type { FileSchema, ScalarName } from '../../core/message/schema.ts'
import type { UnknownFields } from '../../core/message/unknown-fields.ts'
import type { ThriftReader, ThriftStruct, ThriftTypeCode, ThriftWriter } from './protocol.ts'
import { doubleCase, missingField, thriftStruct } from './struct.ts'
import { keepUnknownField, unknownArm, writeUnknownCase, writeUnknownFields } from './unknown-fields.ts'

type Members = Record<string, unknown>

/** The methods of a writer by name, as the table gives them. */
type Methods = Readonly<Record<string, (value: unknown) => void>>

/** Type code on the wire and method of the writer, by scalar; Thrift has no others. */
const scalars: Partial<Record<ScalarName, readonly [code: ThriftTypeCode, method: string]>> = {
  bool: [2, 'bool'],
  i8: [3, 'i8'],
  i16: [6, 'i16'],
  i32: [8, 'i32'],
  i64: [10, 'i64'],
  f64: [4, 'double'],
  string: [11, 'string'],
  bytes: [11, 'binary'],
  uuid: [16, 'uuid'],
}

function missingScalar(scalar: ScalarName): never {
  throw new Error(`Thrift has no ${scalar}`)
}

/**
 * A struct, union or exception that works by its description: the same bytes, values and errors as generated code, several
 * times slower; exceptions are Errors of a class of their own. Throws when the file has none of that name.
 */
export function interpretedThrift(
  file: FileSchema,
  typeName: string,
): ThriftStruct<unknown, unknown> & MessageDefaults<unknown, Record<string, unknown>> {
  const plan = messagePlan(messageSchema(file, typeName))
  const type = thriftStruct<unknown, unknown>(
    typeName,
    () => file,
    (input) => completeMessage(plan, input),
    (writer, value) => encodeStruct(writer, plan, value as Members),
    (reader) => decodeStruct(reader, plan),
  )
  return withDefaults(type, () => planDefaults(plan))
}

function encodeStruct(w: ThriftWriter, plan: MessagePlan, value: Readonly<Members>): void {
  w.structBegin()
  if (plan.schema.kind === 'union') encodeUnion(w, plan, value)
  else {
    for (const field of plan.fields) {
      const own = value[field.name]
      if (own == null && field.presence === 'required') missing(`${plan.schema.name}.${field.schema.name}`)
      const held = own ?? (field.filled ? field.fallback() : undefined)
      // Error's own message always is a string; one that was optional and is empty was not there.
      const { presence, default: given } = field.schema
      if (held === undefined || (held === '' && field.presence !== presence && given === undefined)) continue
      encodeField(w, field, held)
    }
    const unknown = plan.keepsUnknown ? (value['$unknown'] as UnknownFields | undefined) : undefined
    if (unknown?.[0] === plan.schema.name) writeUnknownFields(w, unknown)
  }
  w.structEnd()
}

function encodeUnion(w: ThriftWriter, plan: MessagePlan, value: Readonly<Members>): void {
  if (plan.fields.length === 0) return
  const field = plan.byName.get(value['case'] as string)
  if (field !== undefined) encodeField(w, field, value['value'])
  else writeUnknownCase(w, plan.schema.name, value as { case: unknown })
}

function encodeField(w: ThriftWriter, { type, schema }: FieldPlan, value: unknown): void {
  const code = codeOf(type)
  // The compact protocol writes a bool with the header of its field.
  if (code === 2) w.boolField(schema.id, value as boolean)
  else {
    w.fieldBegin(code, schema.id)
    encodeValue(w, type, value)
  }
}

function encodeValue(w: ThriftWriter, type: TypePlan, value: unknown): void {
  switch (type.kind) {
    case 'scalar':
      ;(w as unknown as Methods)[scalars[type.scalar]?.[1] ?? missingScalar(type.scalar)]?.(value)
      return
    case 'enum':
      w.i32(enumNumber(type, value))
      return
    case 'message':
      encodeStruct(w, type.message, value as Members)
      return
    case 'list': {
      const list = value as readonly unknown[]
      w.listBegin(codeOf(type.element), list.length)
      for (let i = 0; i < list.length; i++) encodeValue(w, type.element, list[i])
      return
    }
    case 'set': {
      const { size, length } = value as { readonly size: number; readonly length: number }
      w.setBegin(codeOf(type.element), type.shape === 'set' ? size : length)
      for (const one of value as Iterable<unknown>) encodeValue(w, type.element, one)
      return
    }
    case 'map': {
      const entries = [...entriesOf(type, value)]
      w.mapBegin(codeOf(type.key), codeOf(type.value), entries.length)
      for (const [key, one] of entries) {
        encodeValue(w, type.key, key)
        encodeValue(w, type.value, one)
      }
    }
  }
}

function decodeStruct(r: ThriftReader, plan: MessagePlan): Members {
  if (plan.schema.kind === 'union') return decodeUnion(r, plan)
  const value: Members = {}
  for (const { name } of plan.fields) value[name] = undefined
  let unknown: UnknownFields | undefined
  r.structBegin(plan.weight)
  for (let code = r.fieldBegin(); code !== 0; code = r.fieldBegin()) {
    const field = plan.byId.get(r.fieldId)
    if (field !== undefined && codeOf(field.type) === code) {
      decodeInto(r, field.type, (held) => {
        value[field.name] = held
      })
    } else if (plan.keepsUnknown) unknown = keepUnknownField(r, code, unknown ?? [plan.schema.name])
    else r.skip(code)
  }
  r.structEnd()
  for (const { name, presence, schema, filled, fallback } of plan.fields) {
    if (value[name] !== undefined || !filled) continue
    if (presence === 'required') throw missingField(`${plan.schema.name}.${schema.name}`)
    value[name] = fallback()
  }
  if (unknown !== undefined) value['$unknown'] = unknown
  return plan.schema.kind === 'exception' ? (new (exceptionClass(plan))(value) as unknown as Members) : value
}

function decodeUnion(r: ThriftReader, plan: MessagePlan): Members {
  let value: Members | undefined
  let unknown: UnknownFields | undefined
  r.structBegin(plan.weight)
  for (let code = r.fieldBegin(); code !== 0; code = r.fieldBegin()) {
    const field = plan.byId.get(r.fieldId)
    if (field === undefined || codeOf(field.type) !== code) {
      unknown = keepUnknownField(r, code, unknown ?? [plan.schema.name])
      continue
    }
    if (value !== undefined) throw doubleCase(plan.schema.name)
    decodeInto(r, field.type, (held) => {
      value = { case: field.name, value: held }
    })
  }
  r.structEnd()
  if (plan.fields.length === 0) return {}
  return value ?? unknownArm(plan.schema.name, unknown)
}

/** Reads a field's value; a container whose elements have another type has been skipped and sets nothing. */
function decodeInto(r: ThriftReader, type: TypePlan, set: (value: unknown) => void): void {
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map') {
    set(decodeValue(r, type))
    return
  }
  const size = sizeOf(r, type)
  if (size >= 0) set(decodeContainer(r, type, size))
}

function decodeValue(r: ThriftReader, type: TypePlan): unknown {
  switch (type.kind) {
    case 'scalar':
      return decodeScalar(r, type)
    case 'enum':
      return enumValue(type, r.i32())
    case 'message':
      return decodeStruct(r, type.message)
    default:
      return decodeContainer(r, type, sizeOf(r, type))
  }
}

type Container = Extract<TypePlan, { readonly kind: 'list' | 'set' | 'map' }>

function sizeOf(r: ThriftReader, type: Container): number {
  return type.kind === 'map' ? r.mapOf(codeOf(type.key), codeOf(type.value)) : r.listOf(codeOf(type.element))
}

function decodeContainer(r: ThriftReader, type: Container, size: number): unknown {
  if (type.kind !== 'map') {
    const elements: unknown[] = []
    for (let i = 0; i < size; i++) elements.push(decodeValue(r, type.element))
    return type.kind === 'set' && type.shape === 'set' ? new Set(elements) : elements
  }
  const map = emptyMap(type)
  for (let i = 0; i < size; i++) {
    const key = decodeValue(r, type.key)
    const value = decodeValue(r, type.value)
    if (map instanceof Map) map.set(key, value)
    else if (Array.isArray(map)) map.push([key, value])
    else map[key as string] = value
  }
  return map
}

function decodeScalar(r: ThriftReader, type: Extract<TypePlan, { readonly kind: 'scalar' }>): unknown {
  switch (type.scalar) {
    case 'bool':
      return r.bool()
    case 'i8':
      return r.i8()
    case 'i16':
      return r.i16()
    case 'i32':
      return r.i32()
    case 'i64':
      return type.int64 === 'bigint' ? r.i64() : type.int64 === 'number' ? r.i64Number() : r.i64String()
    case 'f64':
      return r.double()
    case 'string':
      return r.string()
    case 'bytes':
      return type.view ? r.binaryView() : r.binary()
    case 'uuid':
      return r.uuid()
    default:
      throw new Error(`Thrift has no ${type.scalar}`)
  }
}

function codeOf(type: TypePlan): ThriftTypeCode {
  switch (type.kind) {
    case 'message':
      return 12
    case 'map':
      return 13
    case 'set':
      return 14
    case 'list':
      return 15
    case 'enum':
      return 8
    case 'scalar':
      return scalars[type.scalar]?.[0] ?? missingScalar(type.scalar)
  }
}
