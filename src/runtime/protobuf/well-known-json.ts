/** The JSON forms of the well-known types: text for Timestamp, Duration and FieldMask, data for Struct, values for wrappers, Any. */

import { entryWeight } from '../core/bytes/memory-budget.ts'
import { scalarFromJson, scalarToJson } from '../core/json/json-scalar.ts'
import {
  isJsonObject,
  type JsonObject,
  type JsonPlace,
  type JsonValue,
  setMember,
  showJson,
} from '../core/json/json-value.ts'
import { type JsonReading, readMembers, readMessage } from '../core/json/read-json.ts'
import { type JsonWriting, writeMembers, writeMessage } from '../core/json/write-json.ts'
import { type MessagePlan, messagePlan, type ScalarPlan } from '../core/message/message-plan.ts'
import { fromBinary, toBinary } from './bytes.ts'
import { Any } from './gen/google/protobuf/any.ts'
import { Duration } from './gen/google/protobuf/duration.ts'
import { Empty } from './gen/google/protobuf/empty.ts'
import { FieldMask } from './gen/google/protobuf/field_mask.ts'
import { ListValue, Struct, Value } from './gen/google/protobuf/struct.ts'
import { Timestamp } from './gen/google/protobuf/timestamp.ts'
import * as wrappers from './gen/google/protobuf/wrappers.ts'
import type { ProtobufMessage } from './message.ts'

type Types = readonly ProtobufMessage<unknown, never>[]
type Members = Readonly<Record<string, unknown>>

interface WellKnown {
  write(value: Members, writing: JsonWriting, plan: MessagePlan): JsonValue
  read(json: JsonValue, reading: JsonReading, plan: MessagePlan): unknown
}

const wellKnownTypes: Types = [
  Any,
  Duration,
  Empty,
  FieldMask,
  ListValue,
  Struct,
  Value,
  Timestamp,
  wrappers.BoolValue,
  wrappers.BytesValue,
  wrappers.DoubleValue,
  wrappers.FloatValue,
  wrappers.Int32Value,
  wrappers.Int64Value,
  wrappers.StringValue,
  wrappers.UInt32Value,
  wrappers.UInt64Value,
] as unknown as Types

// Years 1 to 9999, and ten thousand years.
const firstSecond = -62135596800
const lastSecond = 253402300799
const longestDuration = 315576000000

/** How messages with a form of their own are written. */
export function writeWellKnown(types: Types): NonNullable<JsonWriting['special']> {
  return (plan, value, writing) => {
    const { name } = plan.schema
    if (!name.startsWith('google.protobuf.')) return undefined
    if (name === 'google.protobuf.Any') return { json: writeAny(value as Members, types, writing) }
    const known = forms[name]
    return known && { json: known.write(value as Members, writing, plan) }
  }
}

/** How messages with a form of their own are read. */
export function readWellKnown(types: Types): NonNullable<JsonReading['special']> {
  return (plan, json, reading) => {
    const { name } = plan.schema
    if (!name.startsWith('google.protobuf.')) return undefined
    if (name === 'google.protobuf.Any') return { value: readAny(json, types, reading) }
    const known = forms[name]
    return known && { value: known.read(json, reading, plan) }
  }
}

const wrapper: WellKnown = {
  write: (value, { place }, plan) => {
    const [field] = plan.fields
    return scalarToJson(field?.type as ScalarPlan, value['value'] ?? field?.fallback(), place)
  },
  read: (json, reading, plan) => {
    takeMemory(reading, plan)
    return { value: scalarFromJson(plan.fields[0]?.type as ScalarPlan, json, reading.place) }
  },
}

const forms: Readonly<Record<string, WellKnown>> = {
  'google.protobuf.Timestamp': {
    write: ({ seconds, nanos }, { place }) => timestampText(Number(seconds ?? 0), Number(nanos ?? 0), place),
    read: (json, reading, plan) => {
      takeMemory(reading, plan)
      return timestampOf(json, reading.place)
    },
  },
  'google.protobuf.Duration': {
    write: ({ seconds, nanos }, { place }) => durationText(Number(seconds ?? 0), Number(nanos ?? 0), place),
    read: (json, reading, plan) => {
      takeMemory(reading, plan)
      return durationOf(json, reading.place)
    },
  },
  'google.protobuf.FieldMask': {
    write: ({ paths }, { place }) =>
      ((paths ?? []) as readonly string[]).map((path) => camelPath(path, place)).join(','),
    read: (json, reading, plan) => {
      const { place } = reading
      if (typeof json !== 'string') throw place.refuse(`${showJson(json)} is not a string`)
      takeMemory(reading, plan)
      reading.budget?.charge(commas(json) * pathWeight)
      return { paths: json === '' ? [] : json.split(',').map((path) => snakePath(path, place)) }
    },
  },
  'google.protobuf.Struct': {
    write: (value, { place }) => structData(value, place),
    read: (json, reading) => structOf(json, reading),
  },
  'google.protobuf.ListValue': {
    write: (value, { place }) => listData(value, place),
    read: (json, reading) => listOf(json, reading),
  },
  'google.protobuf.Value': {
    write: (value, { place }) => valueData(value, place),
    read: (json, reading) => valueOfData(json, reading),
  },
  'google.protobuf.BoolValue': wrapper,
  'google.protobuf.BytesValue': wrapper,
  'google.protobuf.DoubleValue': wrapper,
  'google.protobuf.FloatValue': wrapper,
  'google.protobuf.Int32Value': wrapper,
  'google.protobuf.Int64Value': wrapper,
  'google.protobuf.StringValue': wrapper,
  'google.protobuf.UInt32Value': wrapper,
  'google.protobuf.UInt64Value': wrapper,
}

/** `.5` as three, six or nine digits; nothing for none. */
function fraction(nanos: number): string {
  if (nanos === 0) return ''
  const digits = String(nanos).padStart(9, '0')
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`
}

function timestampText(seconds: number, nanos: number, place: JsonPlace): string {
  if (!(seconds >= firstSecond && seconds <= lastSecond) || !(nanos >= 0 && nanos <= 999999999))
    throw place.refuse(`a Timestamp of ${seconds} seconds and ${nanos} nanos is not in the years 1 to 9999`)
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`
}

const timestampPattern =
  /^(\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

function timestampOf(json: JsonValue, place: JsonPlace): unknown {
  const match = typeof json === 'string' ? timestampPattern.exec(json) : null
  const [, day = '', digits = '', sign, hours = '0', minutes = '0'] = match ?? []
  const ms = Date.parse(`${day}Z`)
  // Date.parse takes the 30th of February for the 2nd of March.
  if (match === null || Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== day)
    throw place.refuse(`${showJson(json)} is not an RFC 3339 time`)
  const offset = (Number(hours) * 60 + Number(minutes)) * 60
  const seconds = ms / 1000 - (sign === '-' ? -offset : sign === '+' ? offset : 0)
  if (seconds < firstSecond || seconds > lastSecond)
    throw place.refuse(`${showJson(json)} is not in the years 1 to 9999`)
  return { seconds: BigInt(seconds), nanos: Number(digits.padEnd(9, '0')) }
}

function durationText(seconds: number, nanos: number, place: JsonPlace): string {
  const isOne = (seconds >= 0 && nanos >= 0) || (seconds <= 0 && nanos <= 0)
  if (!isOne || !(Math.abs(seconds) <= longestDuration) || !(Math.abs(nanos) <= 999999999))
    throw place.refuse(`${seconds} seconds and ${nanos} nanos are no Duration`)
  return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`
}

function durationOf(json: JsonValue, place: JsonPlace): unknown {
  const match = typeof json === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null
  if (match === null) throw place.refuse(`${showJson(json)} is not a duration such as "1.5s"`)
  const [, sign, digits = '', part = ''] = match
  const seconds = Number(digits)
  if (seconds > longestDuration) throw place.refuse(`${showJson(json)} is longer than ten thousand years`)
  const by = sign === '-' ? -1 : 1
  return { seconds: BigInt(seconds * by), nanos: Number(part.padEnd(9, '0')) * by + 0 }
}

function camelPath(path: string, place: JsonPlace): string {
  const camel = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  if (/[A-Z]/.test(path) || camel.includes('_')) throw place.refuse(`the path ${showJson(path)} has no form in JSON`)
  return camel
}

function snakePath(path: string, place: JsonPlace): string {
  if (!/^[A-Za-z0-9.]+$/.test(path)) throw place.refuse(`${showJson(path)} is not a path in camel case`)
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function structData(value: Members, place: JsonPlace): JsonObject {
  const json: Record<string, JsonValue> = {}
  for (const [name, one] of Object.entries((value['fields'] ?? {}) as Members)) {
    place.enter(name)
    setMember(json, name, valueData(one as Members, place))
    place.leave()
  }
  return json
}

function listData(value: Members, place: JsonPlace): JsonValue {
  return ((value['values'] ?? []) as readonly Members[]).map((one, i) => {
    place.enter(i)
    const json = valueData(one, place)
    place.leave()
    return json
  })
}

function valueData(value: Members, place: JsonPlace): JsonValue {
  const kind = value['kind'] as { readonly case: string; readonly value: unknown } | undefined
  switch (kind?.case) {
    case 'nullValue':
      return null
    case 'numberValue':
      if (!Number.isFinite(kind.value)) throw place.refuse(`a Value of ${String(kind.value)} has no form in JSON`)
      return kind.value as number
    case 'stringValue':
    case 'boolValue':
      return kind.value as string | boolean
    case 'structValue':
      return structData(kind.value as Members, place)
    case 'listValue':
      return listData(kind.value as Members, place)
    default:
      throw place.refuse('a Value that holds nothing has no form in JSON')
  }
}

function structOf(json: JsonValue, reading: JsonReading): unknown {
  const { place, budget } = reading
  if (!isJsonObject(json)) throw place.refuse(`${showJson(json)} is not an object`)
  takeMemory(reading, messagePlan(Struct.schema))
  const fields = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(json)) {
    place.enter(name)
    budget?.charge(entryWeight)
    budget?.count(1)
    fields[name] = valueOfData(json[name] as JsonValue, reading)
    place.leave()
  }
  return { fields }
}

function listOf(json: JsonValue, reading: JsonReading): unknown {
  const { place } = reading
  if (!Array.isArray(json)) throw place.refuse(`${showJson(json)} is not an array`)
  takeMemory(reading, messagePlan(ListValue.schema))
  return {
    values: json.map((one: JsonValue, i) => {
      place.enter(i)
      const value = valueOfData(one, reading)
      place.leave()
      return value
    }),
  }
}

function valueOfData(json: JsonValue, reading: JsonReading): unknown {
  takeMemory(reading, messagePlan(Value.schema))
  reading.budget?.count(1)
  if (json === null) return { kind: { case: 'nullValue', value: 0 } }
  switch (typeof json) {
    case 'number':
      return { kind: { case: 'numberValue', value: json } }
    case 'string':
      return { kind: { case: 'stringValue', value: json } }
    case 'boolean':
      return { kind: { case: 'boolValue', value: json } }
    default:
      if (Array.isArray(json)) return { kind: { case: 'listValue', value: listOf(json, reading) } }
      return { kind: { case: 'structValue', value: structOf(json, reading) } }
  }
}

// In units of 16 bytes: a path of a FieldMask with its slot, in either notation.
const pathWeight = 5

/** Counts a message that a form of its own becomes. */
function takeMemory({ budget }: JsonReading, plan: MessagePlan): void {
  budget?.charge(plan.weight)
}

function commas(text: string): number {
  let count = 0
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) count++
  return count
}

function typeOf(url: string, types: Types, place: JsonPlace): ProtobufMessage<unknown, never> {
  const name = url.slice(url.lastIndexOf('/') + 1)
  const found = [...types, ...wellKnownTypes].find((one) => one.typeName === name)
  if (found === undefined || !url.includes('/')) throw place.refuse(`no type is known for the Any of ${showJson(url)}`)
  return found
}

/** Whether the JSON of a type stands under `value` inside an Any. */
function hasForm(name: string): boolean {
  return name === 'google.protobuf.Any' || Object.hasOwn(forms, name)
}

function writeAny(any: Members, types: Types, writing: JsonWriting): JsonValue {
  const url = (any['typeUrl'] ?? '') as string
  const bytes = (any['value'] ?? new Uint8Array(0)) as Uint8Array
  if (url === '' && bytes.length === 0) return {}
  const type = typeOf(url, types, writing.place)
  const plan = messagePlan(type.schema)
  const value = fromBinary(type, bytes, { holder: writing.holder })
  writing.place.enter('value')
  const json = hasForm(type.typeName)
    ? { '@type': url, value: writeMessage(plan, value, writing) }
    : { '@type': url, ...writeMembers(plan, value, writing) }
  writing.place.leave()
  return json
}

function readAny(json: JsonValue, types: Types, reading: JsonReading): unknown {
  const { place } = reading
  if (!isJsonObject(json)) throw place.refuse(`${showJson(json)} is not an object`)
  if (Object.keys(json).length === 0) return {}
  const url = json['@type']
  if (typeof url !== 'string') throw place.refuse("an Any without '@type'")
  const type = typeOf(url, types, place)
  const plan = messagePlan(type.schema)
  place.enter('value')
  let value: unknown
  if (hasForm(type.typeName)) {
    const held = json['value']
    const other = Object.keys(json).find((name) => name !== '@type' && name !== 'value')
    if (held === undefined || other !== undefined)
      throw place.refuse(other === undefined ? "an Any without 'value'" : `no field ${showJson(other)}`)
    value = readMessage(plan, held, reading)
  } else value = readMembers(plan, json, reading, '@type')
  place.leave()
  const bytes = toBinary(type as ProtobufMessage, value)
  takeMemory(reading, messagePlan(Any.schema))
  reading.budget?.charge(bytes.length >>> 4)
  return { typeUrl: url, value: new Uint8Array(bytes) }
}
