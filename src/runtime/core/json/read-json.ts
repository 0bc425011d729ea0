/** readJson: JSON to values by their description, in the dialect of either IDL. */

import { arrayWeight, bytesWeight, entryWeight, tableWeight } from '../bytes/memory-budget.ts'
import type { ReadBudget } from '../bytes/read-budget.ts'
import { emptyMap, type FieldPlan, type MapPlan, type MessagePlan, type TypePlan } from '../message/message-plan.ts'
import { enumFromJson, keyFromJson, scalarFromJson } from './json-scalar.ts'
import { isJsonObject, type JsonPlace, type JsonValue, setMember, showJson } from './json-value.ts'

/** How JSON is read. */
export interface FromJsonOptions {
  /**
   * Pass over members and enum names that the IDL does not know; a union that holds no other then has the case `$unknown`.
   * Default false: they are errors.
   */
  readonly ignoreUnknown?: boolean
}

/** What the dialects differ in. */
export interface JsonReading {
  readonly options: FromJsonOptions
  readonly place: JsonPlace
  /** What the message counts against. Default: no limit. */
  readonly budget?: ReadBudget | undefined
  /** The value of a message that has a JSON form of its own; undefined for all others. */
  special?(plan: MessagePlan, json: JsonValue, reading: JsonReading): { readonly value: unknown } | undefined
  /** Whether null is a value of the type, not absence. */
  isNullable?(type: TypePlan): boolean
  /** The field that a message may have besides its own under a name of JSON, and how it is set. */
  extra?(plan: MessagePlan, name: string): ExtraMember | undefined
}

/** A field that may stand in a message without being declared there. */
export interface ExtraMember {
  readonly field: FieldPlan
  set(into: Record<string, unknown>, value: unknown): void
}

/** The input form of a message, defaults not filled in. Throws RpcError INVALID_ARGUMENT for JSON that is none. */
export function readMessage(plan: MessagePlan, json: JsonValue, reading: JsonReading): unknown {
  const special = reading.special?.(plan, json, reading)
  return special === undefined ? readMembers(plan, json, reading) : special.value
}

const namesOf = new WeakMap<MessagePlan, ReadonlyMap<string, FieldPlan>>()

/** The fields by all names under which JSON may have them. */
function fieldNames(plan: MessagePlan): ReadonlyMap<string, FieldPlan> {
  let names = namesOf.get(plan)
  if (names === undefined) {
    const all = new Map<string, FieldPlan>()
    for (const field of plan.fields) all.set(field.schema.name, field)
    for (const field of plan.fields) all.set(field.schema.jsonName, field)
    names = all
    namesOf.set(plan, names)
  }
  return names
}

/** The same for a message without a form of its own; `skip` names a member that is not a field. */
export function readMembers(plan: MessagePlan, json: JsonValue, reading: JsonReading, skip?: string): unknown {
  const { place } = reading
  if (!isJsonObject(json)) throw place.refuse(`${showJson(json)} is not an object`)
  reading.budget?.charge(plan.weight)
  const names = fieldNames(plan)
  const seen = new Set<FieldPlan | string>()
  const isUnion = plan.schema.kind === 'union'
  const into: Record<string, unknown> = {}
  for (const name of Object.keys(json)) {
    if (name === skip) continue
    const own = names.get(name)
    const extra = own === undefined ? reading.extra?.(plan, name) : undefined
    const field = own ?? extra?.field
    if (field === undefined) {
      if (reading.options.ignoreUnknown) continue
      throw place.refuse(`no field ${showJson(name)}`)
    }
    if (seen.has(field)) throw place.refuse(`${field.schema.name} stands twice`)
    seen.add(field)
    place.enter(field.name)
    const held = json[name] as JsonValue
    const value = held === null && !isNullable(field.type, reading) ? undefined : readValue(field.type, held, reading)
    place.leave()
    if (value === undefined) continue
    if (extra !== undefined) {
      extra.set(into, value)
      continue
    }
    const holder = isUnion ? '' : field.schema.oneof
    if (holder === undefined) {
      setMember(into, field.name, value)
      continue
    }
    if (seen.has(holder)) throw place.refuse(`two cases of ${isUnion ? plan.schema.name : holder}`)
    seen.add(holder)
    if (isUnion) Object.assign(into, { case: field.name, value })
    else into[holder] = { case: field.name, value }
  }
  if (isUnion && !seen.has('') && plan.fields.length > 0) {
    if (!reading.options.ignoreUnknown) throw place.refuse('the union holds no field that is known')
    return { case: '$unknown', value: [plan.schema.name] }
  }
  return into
}

function isNullable(type: TypePlan, reading: JsonReading): boolean {
  return reading.isNullable?.(type) ?? false
}

/** A value; undefined for an unknown enum name that is passed over. */
function readValue(type: TypePlan, json: JsonValue, reading: JsonReading): unknown {
  const { place } = reading
  switch (type.kind) {
    case 'scalar':
      if (type.scalar === 'bytes') reading.budget?.charge(bytesWeight)
      return scalarFromJson(type, json, place)
    case 'enum':
      if (json === null && isNullable(type, reading)) return type.byName ? 'NULL_VALUE' : 0
      return enumFromJson(type, json, place, reading.options.ignoreUnknown ?? false)
    case 'message':
      return readMessage(type.message, json, reading)
    case 'list':
    case 'set': {
      if (!Array.isArray(json)) throw place.refuse(`${showJson(json)} is not an array`)
      reading.budget?.charge(arrayWeight + (json.length >>> 1))
      const elements: unknown[] = []
      for (let i = 0; i < json.length; i++) {
        place.enter(i)
        const value = readElement(type.element, json[i] as JsonValue, reading)
        if (value !== undefined) elements.push(value)
        place.leave()
      }
      return type.kind === 'set' && type.shape === 'set' ? new Set(elements) : elements
    }
    case 'map':
      return readMap(type, json, reading)
  }
}

function readElement(type: TypePlan, json: JsonValue, reading: JsonReading): unknown {
  if (json === null && !isNullable(type, reading)) throw reading.place.refuse('null is no element')
  return readValue(type, json, reading)
}

function readMap(type: MapPlan, json: JsonValue, reading: JsonReading): unknown {
  const { place } = reading
  const { key } = type
  reading.budget?.charge(tableWeight)
  const map = emptyMap(type)
  const put = (one: unknown, value: unknown): void => {
    if (value === undefined) return
    reading.budget?.charge(entryWeight)
    reading.budget?.count(1)
    if (map instanceof Map) map.set(one, value)
    else if (Array.isArray(map)) map.push([one, value])
    else map[one as string] = value
  }
  if (key.kind !== 'scalar' && key.kind !== 'enum') {
    if (!Array.isArray(json)) throw place.refuse(`${showJson(json)} is not an array of pairs`)
    json.forEach((pair: JsonValue, i) => {
      place.enter(i)
      if (!Array.isArray(pair) || pair.length !== 2) throw place.refuse(`${showJson(pair)} is not a pair`)
      put(readElement(key, pair[0], reading), readElement(type.value, pair[1], reading))
      place.leave()
    })
    return map
  }
  if (!isJsonObject(json)) throw place.refuse(`${showJson(json)} is not an object`)
  for (const text of Object.keys(json)) {
    place.enter(text)
    put(keyFromJson(key, text, place), readElement(type.value, json[text] as JsonValue, reading))
    place.leave()
  }
  return map
}
