/** writeJson: values to JSON by their description, in the dialect of either IDL. */

import type { MemoryHolder } from '../bytes/memory-account.ts'
import { entriesOf, type FieldPlan, type MapPlan, type MessagePlan, type TypePlan } from '../message/message-plan.ts'
import { enumToJson, keyToJson, plainToJson, scalarToJson } from './json-scalar.ts'
import { type JsonObject, type JsonPlace, type JsonValue, setMember } from './json-value.ts'

/** How JSON is written. */
export interface ToJsonOptions {
  /** Fields under their IDL names instead of their JSON names. Default false. */
  readonly idlNames?: boolean
  /** Enums as numbers. Default false: by name, where a number has one. */
  readonly enumNumbers?: boolean
  /** protobuf: write fields without presence also when they are empty or zero. Default false. */
  readonly emitDefaults?: boolean
}

/** What the dialects differ in. */
export interface JsonWriting {
  readonly options: ToJsonOptions
  readonly place: JsonPlace
  /** Fields without presence are left out when they hold nothing. */
  readonly sparse: boolean
  /** Whom the messages inside an Any are charged to. Default: nobody. */
  readonly holder?: MemoryHolder | undefined
  /** The JSON of a message that has a form of its own; undefined for all others. */
  special?(plan: MessagePlan, value: unknown, writing: JsonWriting): { readonly json: JsonValue } | undefined
  /** The fields that a message holds besides its own, each with the name that JSON has for it. */
  extra?(plan: MessagePlan, value: object): Iterable<ExtraField>
}

/** A field that stands in a message without being declared there. */
export interface ExtraField {
  readonly name: string
  readonly field: FieldPlan
  readonly value: unknown
}

/** The JSON of a message. Throws RpcError INVALID_ARGUMENT for a value that does not fit its type. */
export function writeMessage(plan: MessagePlan, value: unknown, writing: JsonWriting): JsonValue {
  const special = writing.special?.(plan, value, writing)
  return special === undefined ? writeMembers(plan, value, writing) : special.json
}

/** The same for the members of a message without a form of its own. */
export function writeMembers(plan: MessagePlan, value: unknown, writing: JsonWriting): JsonObject {
  if (typeof value !== 'object' || value === null) throw writing.place.refuse(`not a ${plan.schema.name}`)
  const json: Record<string, JsonValue> = {}
  const members = value as Readonly<Record<string, unknown>>
  if (plan.schema.kind === 'union') {
    writeCase(plan.byName, members, json, writing)
    return json
  }
  for (const member of plan.members) {
    const given = members[member.name]
    if (member.kind === 'oneof') {
      if (given != null) writeCase(member.cases, given as Readonly<Record<string, unknown>>, json, writing)
      continue
    }
    const { field } = member
    const held = given ?? (field.filled && field.presence !== 'required' ? field.fallback() : undefined)
    if (held === undefined) {
      if (field.presence === 'required') throw writing.place.refuse(`${field.schema.name} is required and missing`)
      continue
    }
    const isLeftOut =
      writing.sparse && !writing.options.emitDefaults && field.presence === 'default' && isEmpty(field.type, held)
    if (!isLeftOut) writeField(field, held, json, writing)
  }
  if (writing.extra !== undefined) {
    for (const { name, field, value: held } of writing.extra(plan, value)) writeField(field, held, json, writing, name)
  }
  return json
}

function writeCase(
  cases: ReadonlyMap<string, FieldPlan>,
  choice: Readonly<Record<string, unknown>>,
  json: Record<string, JsonValue>,
  writing: JsonWriting,
): void {
  const field = cases.get(choice['case'] as string)
  if (field !== undefined) writeField(field, choice['value'], json, writing)
  else if (choice['case'] !== '$unknown') throw writing.place.refuse(`no case ${String(choice['case'])}`)
}

function writeField(
  field: FieldPlan,
  value: unknown,
  json: Record<string, JsonValue>,
  writing: JsonWriting,
  name: string = writing.options.idlNames === true ? field.schema.name : field.schema.jsonName,
): void {
  const { type } = field
  let held = type.kind === 'scalar' ? plainToJson(type.scalar, value) : undefined
  if (held === undefined) {
    writing.place.enter(field.name)
    held = writeValue(type, value, writing)
    writing.place.leave()
  }
  setMember(json, name, held)
}

function writeValue(type: TypePlan, value: unknown, writing: JsonWriting): JsonValue {
  switch (type.kind) {
    case 'scalar':
      return scalarToJson(type, value, writing.place)
    case 'enum':
      if (type.schema.name === 'google.protobuf.NullValue') return null
      return enumToJson(type, value, writing.options.enumNumbers ?? false, writing.place)
    case 'message':
      return writeMessage(type.message, value, writing)
    case 'list':
    case 'set': {
      if (!(Array.isArray(value) || value instanceof Set)) throw writing.place.refuse('not an array or Set')
      return writeElements(type.element, value, writing)
    }
    case 'map':
      return writeMap(type, value, writing)
  }
}

function writeElements(element: TypePlan, value: Iterable<unknown>, writing: JsonWriting): JsonValue {
  const json: JsonValue[] = []
  const scalar = element.kind === 'scalar' ? element.scalar : undefined
  for (const one of value) {
    let held = scalar === undefined ? undefined : plainToJson(scalar, one)
    if (held === undefined) {
      writing.place.enter(json.length)
      held = writeValue(element, one, writing)
      writing.place.leave()
    }
    json.push(held)
  }
  return json
}

function writeMap(type: MapPlan, value: unknown, writing: JsonWriting): JsonValue {
  const { key, shape } = type
  if (typeof value !== 'object' || value === null) throw writing.place.refuse('not a map')
  const entries = entriesOf(type, value)
  // Keys that no text stands for: a list of pairs.
  if (shape === 'pairs' && !(key.kind === 'scalar' || key.kind === 'enum')) {
    return Array.from(entries, ([one, held], i) => {
      writing.place.enter(i)
      const pair = [writeValue(key, one, writing), writeValue(type.value, held, writing)]
      writing.place.leave()
      return pair
    })
  }
  const json: Record<string, JsonValue> = {}
  for (const [one, held] of entries) {
    const text = keyToJson(key as Exclude<typeof key, { kind: 'message' | 'list' | 'set' | 'map' }>, one, writing.place)
    writing.place.enter(text)
    setMember(json, text, writeValue(type.value, held, writing))
    writing.place.leave()
  }
  return json
}

function isEmpty(type: TypePlan, value: unknown): boolean {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'map': {
      const { length, size } = value as { readonly length?: number; readonly size?: number }
      return (
        (value instanceof Map || value instanceof Set
          ? size
          : Array.isArray(value)
            ? length
            : Object.keys(value as object).length) === 0
      )
    }
    case 'enum':
      return value === type.zero || (typeof value === 'string' && type.numbers.get(value) === type.zero)
    case 'scalar':
      switch (typeof value) {
        case 'string':
          return value === '' || (value === '0' && type.int64 === 'string' && type.scalar !== 'string')
        case 'number':
          return Object.is(value, 0)
        case 'bigint':
          return value === 0n
        case 'boolean':
          return !value
        default:
          return value instanceof Uint8Array && value.length === 0
      }
    case 'message':
      return false
  }
}
