/** Scalars and enums between TypeScript and JSON, as ProtoJSON has them (https://protobuf.dev/programming-guides/json). */

import { fromBase64, toBase64 } from '../bytes/base64.ts'
import { toInt64, toUint64 } from '../bytes/int64.ts'
import { type EnumPlan, enumValue, type ScalarPlan } from '../message/message-plan.ts'
import { isInt64 } from '../message/schema.ts'
import { type JsonPlace, type JsonValue, showJson } from './json-value.ts'

const numeral = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const largestFloat = 3.4028234663852886e38

const integers: Readonly<Record<string, readonly [min: number, max: number]>> = {
  i8: [-128, 127],
  i16: [-32768, 32767],
  i32: [-2147483648, 2147483647],
  s32: [-2147483648, 2147483647],
  sfixed32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  fixed32: [0, 4294967295],
}

/**
 * What {@link scalarToJson} gives for the values that need no more than a look; undefined for all others, fit or not. It knows no
 * place, so callers need not step into one for it.
 */
export function plainToJson(scalar: ScalarPlan['scalar'], value: unknown): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
      return scalar === 'string' ? value : undefined
    case 'number':
      if (scalar === 'f64') return Number.isFinite(value) ? value : undefined
      return scalar === 'i32' && (value | 0) === value ? value : undefined
    case 'boolean':
      return scalar === 'bool' ? value : undefined
    default:
      return undefined
  }
}

/** 64-bit integers become decimal text, bytes base64, what JSON has no number for a word. */
export function scalarToJson({ scalar }: ScalarPlan, value: unknown, place: JsonPlace): JsonValue {
  if (isInt64(scalar)) {
    const big = scalar === 'u64' || scalar === 'fixed64' ? toUint64(value) : toInt64(value)
    if (big === undefined) throw place.refuse(`${String(value)} is not a 64-bit integer`)
    return big.toString()
  }
  switch (scalar) {
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw place.refuse(`${showJson(value)} is not a Uint8Array`)
      return toBase64(value)
    case 'bool':
      if (typeof value !== 'boolean') throw place.refuse(`${showJson(value)} is not a boolean`)
      return value
    case 'string':
    case 'uuid':
      if (typeof value !== 'string') throw place.refuse(`${showJson(value)} is not a string`)
      return value
    default:
      return numberToJson(scalar, value, place)
  }
}

function numberToJson(scalar: string, value: unknown, place: JsonPlace): JsonValue {
  const range = integers[scalar]
  if (typeof value !== 'number' || (range && !(Number.isInteger(value) && value >= range[0] && value <= range[1])))
    throw place.refuse(`${String(value)} is not ${range === undefined ? 'a number' : `an integer of ${scalar}`}`)
  return Number.isFinite(value) ? value : String(value)
}

/** The name, or the number where it has none. */
export function enumToJson(type: EnumPlan, value: unknown, asNumber: boolean, place: JsonPlace): JsonValue {
  const number = typeof value === 'string' ? type.numbers.get(value) : value
  if (typeof number !== 'number' || (number | 0) !== number)
    throw place.refuse(`${showJson(value)} is not of the enum ${type.schema.name}`)
  return asNumber ? number : (type.names.get(number) ?? number)
}

/** The value of a JSON scalar. Throws RpcError INVALID_ARGUMENT for one of another kind, or beyond the range. */
export function scalarFromJson(type: ScalarPlan, json: JsonValue, place: JsonPlace): unknown {
  const { scalar } = type
  if (isInt64(scalar)) return int64FromJson(type, json, place)
  switch (scalar) {
    case 'bool':
      if (typeof json !== 'boolean') throw place.refuse(`${showJson(json)} is not a boolean`)
      return json
    case 'string':
      if (typeof json !== 'string') throw place.refuse(`${showJson(json)} is not a string`)
      if (hasLoneSurrogate(json)) throw place.refuse('half of a surrogate pair is no text')
      return json
    case 'uuid':
      if (typeof json !== 'string' || !uuid.test(json)) throw place.refuse(`${showJson(json)} is not a UUID`)
      return json.toLowerCase()
    case 'bytes': {
      const bytes = typeof json === 'string' ? fromBase64(json) : undefined
      if (bytes === undefined) throw place.refuse(`${showJson(json)} is not base64`)
      return bytes
    }
    case 'f32':
    case 'f64':
      return floatFromJson(scalar, json, place)
    default:
      return intFromJson(scalar, json, place)
  }
}

function hasLoneSurrogate(text: string): boolean {
  const { isWellFormed } = text as { isWellFormed?: () => boolean }
  return isWellFormed === undefined ? /\p{Surrogate}/u.test(text) : !isWellFormed.call(text)
}

/** The number of a JSON number or of text that spells one; undefined when it is neither. */
function numberOf(json: JsonValue): number | undefined {
  if (typeof json === 'number') return json
  return typeof json === 'string' && numeral.test(json) ? Number(json) : undefined
}

function intFromJson(scalar: string, json: JsonValue, place: JsonPlace): number {
  const [min, max] = integers[scalar] as readonly [number, number]
  const value = numberOf(json)
  if (value === undefined || !Number.isInteger(value) || value < min || value > max)
    throw place.refuse(`${showJson(json)} is not an integer of ${scalar}`)
  return value + 0
}

function int64FromJson({ scalar, int64 }: ScalarPlan, json: JsonValue, place: JsonPlace): unknown {
  const refuse = (): Error => place.refuse(`${showJson(json)} is not an integer of ${scalar}`)
  let big: bigint | undefined
  if (typeof json === 'string' && /^-?(?:0|[1-9]\d{0,19})$/.test(json)) big = BigInt(json)
  else {
    const number = numberOf(json)
    if (number === undefined || !Number.isInteger(number)) throw refuse()
    big = BigInt(number)
  }
  const value = scalar === 'u64' || scalar === 'fixed64' ? toUint64(big) : toInt64(big)
  if (value === undefined) throw refuse()
  if (int64 === 'bigint') return value
  if (int64 === 'string') return value.toString()
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw place.refuse(`${value} is not a safe integer`)
  return number
}

function floatFromJson(scalar: 'f32' | 'f64', json: JsonValue, place: JsonPlace): number {
  if (json === 'NaN') return Number.NaN
  if (json === 'Infinity') return Number.POSITIVE_INFINITY
  if (json === '-Infinity') return Number.NEGATIVE_INFINITY
  const value = numberOf(json)
  if (value === undefined || !Number.isFinite(value) || (scalar === 'f32' && Math.abs(value) > largestFloat))
    throw place.refuse(`${showJson(json)} is not ${scalar === 'f32' ? 'a float' : 'a double'}`)
  return value
}

/** The value of a name or number; undefined for an unknown name when those are to be passed over. */
export function enumFromJson(type: EnumPlan, json: JsonValue, place: JsonPlace, ignoreUnknown: boolean): unknown {
  if (typeof json === 'string') {
    const number = type.numbers.get(json)
    if (number !== undefined) return enumValue(type, number)
    if (ignoreUnknown) return undefined
  } else if (typeof json === 'number' && (json | 0) === json && (!type.schema.closed || type.names.has(json))) {
    return enumValue(type, json)
  }
  throw place.refuse(`${showJson(json)} is not of the enum ${type.schema.name}`)
}

/** The text of a key. */
export function keyToJson(type: ScalarPlan | EnumPlan, key: unknown, place: JsonPlace): string {
  const json = type.kind === 'enum' ? enumToJson(type, key, false, place) : scalarToJson(type, key, place)
  return String(json)
}

/** The key of a text. */
export function keyFromJson(type: ScalarPlan | EnumPlan, text: string, place: JsonPlace): unknown {
  if (type.kind === 'enum')
    return enumFromJson(type, numeral.test(text) && !type.numbers.has(text) ? Number(text) : text, place, false)
  if (type.scalar !== 'bool') return scalarFromJson(type, text, place)
  return scalarFromJson(type, text === 'true' ? true : text === 'false' ? false : text, place)
}
