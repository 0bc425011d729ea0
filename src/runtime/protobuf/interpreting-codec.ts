/** The protobuf codec that reads descriptions instead of being printed: for messages of which only the schema is there. */

import { missing, unknownCase } from '../core/message/complete.ts'
import { completeMessage } from '../core/message/complete-message.ts'
import { type MessageDefaults, withDefaults } from '../core/message/defaults.ts'
import { enumNumber } from '../core/message/enum-number.ts'
import { messageSchema } from '../core/message/file-schema.ts'
import {
  type EnumPlan,
  entriesOf,
  enumValue,
  type FieldPlan,
  type MapPlan,
  type MessagePlan,
  messagePlan,
  planDefaults,
  type TypePlan,
  zeroOf,
} from '../core/message/message-plan.ts'
import { type FileSchema, isInt64, type ScalarName } from '../core/message/schema.ts'
import type { UnknownFields } from '../core/message/unknown-fields.ts'
import { missingProtobufField, type ProtobufMessage, protobufMessage, writeUnknownProtobufFields } from './message.ts'
import type { ProtobufReader } from './reader.ts'
import type { ProtobufWriter } from './writer.ts'

type Members = Record<string, unknown>
/** The readers and writers by name, as the tables below give them. */
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>

/** What an entry of a map takes in memory, in units of 16 bytes. */
const entryWeight = 4

/** Wire type, and name in the methods of writer and reader, by scalar. */
const scalars: Partial<Record<ScalarName, readonly [wire: number, method: string]>> = {
  bool: [0, 'bool'],
  i32: [0, 'int32'],
  i64: [0, 'int64'],
  u32: [0, 'uint32'],
  u64: [0, 'uint64'],
  s32: [0, 'sint32'],
  s64: [0, 'sint64'],
  f32: [5, 'float'],
  f64: [1, 'double'],
  fixed32: [5, 'fixed32'],
  fixed64: [1, 'fixed64'],
  sfixed32: [5, 'sfixed32'],
  sfixed64: [1, 'sfixed64'],
  string: [2, 'string'],
  bytes: [2, 'bytes'],
}

interface Names {
  readonly field: string
  readonly packed: string
}

/** The methods that write a field and a packed field, by method. */
const names: ReadonlyMap<string, Names> = new Map(
  Object.values(scalars).map(([, method]): [string, Names] => [
    method,
    { field: `${method}Field`, packed: `packed${method.charAt(0).toUpperCase()}${method.slice(1)}` },
  ]),
)

/**
 * A message type that works by its description: the same bytes, values and errors as generated code, several times slower.
 * Throws when the file has no message of that name.
 */
export function interpretedProtobuf(
  file: FileSchema,
  typeName: string,
): ProtobufMessage<unknown, unknown> & MessageDefaults<unknown, Record<string, unknown>> {
  const plan = messagePlan(messageSchema(file, typeName))
  const type = protobufMessage<unknown, unknown>(
    typeName,
    () => file,
    (input) => completeMessage(plan, input),
    (writer, value) => encodeMessage(writer, plan, value as Members),
    (reader, end, base) => decodeMessage(reader, plan, end, base as Members | undefined),
  )
  return withDefaults(type, () => planDefaults(plan))
}

function encodeMessage(w: ProtobufWriter, plan: MessagePlan, value: Readonly<Members>): void {
  for (const member of plan.members) {
    const given = value[member.name]
    if (member.kind === 'oneof') {
      if (given == null) continue
      const choice = given as { readonly case: string; readonly value: unknown }
      const field = member.cases.get(choice.case)
      if (field === undefined) throw unknownCase(`${plan.schema.name}.${nameOfOneof(member.cases)}`, choice)
      encodeOne(w, field.type, field.schema.id, choice.value, field.schema.delimited)
      continue
    }
    const { field } = member
    if (given != null) encodeField(w, field, given)
    else if (field.presence === 'required') missing(`${plan.schema.name}.${field.schema.name}`)
  }
  const unknown = plan.keepsUnknown ? (value['$unknown'] as UnknownFields | undefined) : undefined
  if (unknown?.[0] === plan.schema.name) writeUnknownProtobufFields(w, unknown)
}

function nameOfOneof(cases: ReadonlyMap<string, FieldPlan>): string | undefined {
  for (const { schema } of cases.values()) return schema.oneofName ?? schema.oneof
  return undefined
}

function encodeField(w: ProtobufWriter, field: FieldPlan, given: unknown): void {
  const { type, schema } = field
  if (type.kind === 'list') {
    encodeList(w, field, type.element, given as readonly unknown[])
  } else if (type.kind === 'map') {
    for (const [key, value] of entriesOf(type, given)) {
      const entry = w.begin(schema.id * 8 + 2)
      encodeOne(w, type.key, 1, key)
      encodeOne(w, type.value, 2, value)
      w.end(entry)
    }
  } else if (field.presence !== 'default' || !isZero(type, given)) {
    encodeOne(w, type, schema.id, given, schema.delimited)
  }
}

function encodeList(w: ProtobufWriter, field: FieldPlan, element: TypePlan, list: readonly unknown[]): void {
  const { id, packed, delimited } = field.schema
  if (!packed || element.kind === 'message') {
    for (let i = 0; i < list.length; i++) encodeOne(w, element, id, list[i], delimited)
    return
  }
  if (list.length === 0) return
  const [, method] = scalarOf(element)
  const values = element.kind === 'enum' && element.byName ? list.map((one) => enumNumber(element, one)) : list
  ;(w as unknown as Methods)[names.get(method)?.packed ?? '']?.(id * 8 + 2, values)
}

/** One value with its tag. */
function encodeOne(w: ProtobufWriter, type: TypePlan, id: number, value: unknown, delimited = false): void {
  if (type.kind !== 'message') {
    const [wire, method] = scalarOf(type)
    const written = type.kind === 'enum' ? enumNumber(type, value) : value
    ;(w as unknown as Methods)[names.get(method)?.field ?? '']?.(id * 8 + wire, written)
  } else if (delimited) {
    w.beginGroup(id * 8 + 3)
    encodeMessage(w, type.message, value as Members)
    w.endGroup(id * 8 + 4)
  } else {
    const begun = w.begin(id * 8 + 2)
    encodeMessage(w, type.message, value as Members)
    w.end(begun)
  }
}

function isZero(type: TypePlan, value: unknown): boolean {
  if (type.kind === 'enum') return enumNumber(type, value) === type.zero
  if (type.kind !== 'scalar') return false
  if (type.scalar === 'bytes') return !((value as Uint8Array).length > 0)
  if (type.scalar === 'f32' || type.scalar === 'f64') return Object.is(value, 0)
  return value === zeroOf(type)
}

function decodeMessage(r: ProtobufReader, plan: MessagePlan, end: number, base?: Members): Members {
  const value: Members = {}
  for (const member of plan.members) {
    const filled = member.kind === 'field' && member.field.filled && member.field.presence !== 'required'
    value[member.name] = base !== undefined ? base[member.name] : filled ? member.field.fallback() : undefined
  }
  let unknown = base?.['$unknown'] as UnknownFields | undefined
  const kept = (): UnknownFields => unknown ?? [plan.schema.name]
  while (r.position < end) {
    const tag = r.tag()
    const field = plan.byId.get(tag >>> 3)
    if (field !== undefined) {
      const taken = decodeField(r, field, tag, value, plan.keepsUnknown, kept())
      if (taken !== false) {
        if (taken !== true) unknown = taken
        continue
      }
    }
    if (plan.keepsUnknown) unknown = r.keep(tag, kept())
    else r.skip(tag)
  }
  r.leave(end)
  for (const { name, presence, schema } of plan.fields) {
    if (presence === 'required' && schema.oneof === undefined && value[name] === undefined)
      throw missingProtobufField(`${plan.schema.name}.${schema.name}`)
  }
  if (unknown !== undefined) value['$unknown'] = unknown
  return value
}

/** Whether the tag is one of the field's; the unknown fields where its value belongs to them. */
function decodeField(
  r: ProtobufReader,
  field: FieldPlan,
  tag: number,
  into: Members,
  keeps: boolean,
  unknown: UnknownFields,
): boolean | UnknownFields {
  const { type, schema, name } = field
  if (type.kind === 'map') {
    if ((tag & 7) !== 2) return false
    const start = r.position
    if (decodeEntry(r, type, into[name]) || !keeps) return true
    // The whole entry belongs to the unknown fields.
    r.position = start
    return r.keep(tag, unknown)
  }
  const one = type.kind === 'list' ? type.element : type
  const wire = one.kind === 'message' ? (schema.delimited ? 3 : 2) : scalarOf(one)[0]
  const isPacked = type.kind === 'list' && one.kind !== 'message' && wire !== 2 && (tag & 7) === 2
  if (!isPacked && (tag & 7) !== wire) return false

  let kept: UnknownFields | undefined
  const put = (value: unknown): void => {
    if (type.kind === 'list') (into[name] as unknown[]).push(value)
    else if (schema.oneof !== undefined) into[schema.oneof] = { case: name, value }
    else into[name] = value
  }
  const putEnum = (enumType: EnumPlan): void => {
    const number = r.int32()
    if (!enumType.schema.closed || enumType.names.has(number)) put(enumValue(enumType, number))
    else if (keeps) kept = r.keepEnum(schema.id * 8, number, kept ?? unknown)
  }
  const take = (): void => {
    if (one.kind === 'enum') putEnum(one)
    else put(readScalar(r, one))
  }
  if (isPacked && one.kind === 'scalar' && (one.scalar === 'f32' || one.scalar === 'f64')) {
    if (one.scalar === 'f32') r.packedFloat(into[name] as number[])
    else r.packedDouble(into[name] as number[])
  } else if (isPacked) {
    const end = r.length()
    while (r.position < end) take()
    r.at(end)
  } else if (one.kind === 'message') {
    const { message } = one
    const end = schema.delimited ? r.enterGroup(tag, message.weight) : r.enter(message.weight)
    put(decodeMessage(r, message, end, earlier(field, into)))
    if (schema.delimited) r.leaveGroup()
  } else take()
  return kept ?? true
}

/** The earlier occurrence of a singular message, into which the next one is merged. */
function earlier({ type, schema, name }: FieldPlan, into: Members): Members | undefined {
  if (type.kind === 'list') return undefined
  if (schema.oneof === undefined) return into[name] as Members | undefined
  const choice = into[schema.oneof] as { readonly case: string; readonly value: unknown } | undefined
  return choice?.case === name ? (choice.value as Members) : undefined
}

/** Reads an entry; false where its value is a number that a closed enum does not list. */
function decodeEntry(r: ProtobufReader, type: MapPlan, into: unknown): boolean {
  const end = r.enter(entryWeight)
  const keyTag = 8 + scalarOf(type.key)[0]
  const of = type.value
  const valueTag = 16 + (of.kind === 'message' ? 2 : scalarOf(of)[0])
  let key = zeroOf(type.key)
  let value: unknown = of.kind === 'message' ? undefined : of.kind === 'enum' ? of.zero : zeroOf(of)
  while (r.position < end) {
    const tag = r.tag()
    if (tag === keyTag) key = readScalar(r, type.key)
    else if (tag !== valueTag) r.skip(tag)
    else if (of.kind === 'message')
      value = decodeMessage(r, of.message, r.enter(of.message.weight), value as Members | undefined)
    else value = of.kind === 'enum' ? r.int32() : readScalar(r, of)
  }
  r.leave(end)
  if (of.kind === 'message') value ??= decodeMessage(r, of.message, r.empty(of.message.weight))
  if (of.kind === 'enum') {
    if (of.schema.closed && !of.names.has(value as number)) return false
    value = enumValue(of, value as number)
  }
  if (type.shape === 'record') (into as Members)[key as string] = value
  else (into as Map<unknown, unknown>).set(key, value)
  return true
}

function readScalar(r: ProtobufReader, type: TypePlan): unknown {
  const [, method] = scalarOf(type)
  let name = method
  if (type.kind === 'scalar') {
    if (isInt64(type.scalar) && type.int64 !== 'bigint') name += type.int64 === 'number' ? 'Number' : 'String'
    else if (type.scalar === 'bytes' && type.view) name = 'bytesView'
    else if (type.scalar === 'string' && type.lossy) name = 'stringLossy'
  }
  return (r as unknown as Methods)[name]?.()
}

function scalarOf(type: TypePlan): readonly [wire: number, method: string] {
  const found = type.kind === 'enum' ? scalars.i32 : type.kind === 'scalar' ? scalars[type.scalar] : undefined
  if (found === undefined) throw new Error(`protobuf has no ${type.kind === 'scalar' ? type.scalar : type.kind} here`)
  return found
}
