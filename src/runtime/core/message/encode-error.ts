/** Says where in a message the value stands that could not be encoded: the slow look back, after a codec has thrown. */

import { toInt64, toUint64 } from '../bytes/int64.ts'
import { processWide } from '../copies/process-wide.ts'
import { isRpcError, RpcError } from '../error.ts'
import { invalidValue } from './invalid-value.ts'
import { findMessage } from './message-plan.ts'
import type { FileSchema, ScalarName, TypeSchema } from './schema.ts'

const located = processWide('located errors', () => new WeakSet<object>())

/**
 * What to throw when encoding a message has thrown: RpcError INVALID_ARGUMENT that begins with the place, such as
 * `shop.Cart.lines[2].quantity: 1.5 is not a 32-bit integer`, where a value of the wrong kind is to blame.
 */
export function encodeError(thrown: unknown, file: FileSchema, typeName: string, value: unknown): unknown {
  const isRefusal = isRpcError(thrown) ? thrown.code === 'INVALID_ARGUMENT' : thrown instanceof TypeError
  if (!isRefusal || located.has(thrown as object)) return thrown
  const found = misfit(file, { kind: 'message', name: typeName }, value, 0)
  if (found === undefined) return thrown
  const reason = invalidValue(found.value, found.wanted).message
  const error = new RpcError('INVALID_ARGUMENT', `${typeName}${found.path}: ${reason}`, { cause: thrown })
  located.add(error)
  return error
}

interface Misfit {
  readonly path: string
  readonly value: unknown
  readonly wanted: string
}

/** Whether text names a value of an enum; enums may appear by name. */
function isNameOf(file: FileSchema, name: string, value: unknown, seen: Set<FileSchema> = new Set()): boolean {
  if (typeof value !== 'string' || seen.has(file)) return false
  seen.add(file)
  const own = file.enums.find((one) => one.name === name)
  if (own !== undefined) return own.values.some((one) => one.name === value)
  return file.imports.some((other) => isNameOf(other, name, value, seen))
}

function misfit(file: FileSchema, type: TypeSchema, value: unknown, depth: number): Misfit | undefined {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar][1](value) ? undefined : { path: '', value, wanted: scalars[type.scalar][0] }
    case 'enum':
      return isInt32(value) || isNameOf(file, type.name, value)
        ? undefined
        : { path: '', value, wanted: typeof value === 'string' ? `a name of ${type.name}` : 'a number of an enum' }
    case 'list':
    case 'set':
      return inElements(file, type.element, value, depth)
    case 'map':
      return inMap(file, type.key, type.value, value, depth)
    case 'message':
      return inMessage(file, type.name, value, depth)
  }
}

function inMessage(file: FileSchema, name: string, value: unknown, depth: number): Misfit | undefined {
  if (typeof value !== 'object' || value === null) return { path: '', value, wanted: `a ${name}` }
  const schema = findMessage(file, name)
  // Deeper than any message may be: what is wrong is the depth.
  if (schema === undefined || depth > 100) return undefined
  const members = value as Readonly<Record<string, unknown>>
  for (const field of schema.fields) {
    const holder = schema.kind === 'union' ? members : field.oneof === undefined ? undefined : members[field.oneof]
    const held = holder === undefined ? members[field.localName] : caseOf(holder, field.localName)
    if (held === undefined || held === null) continue
    const found = misfit(file, field.type, held, depth + 1)
    if (found !== undefined) return { ...found, path: `.${field.localName}${found.path}` }
  }
  return undefined
}

function caseOf(holder: unknown, name: string): unknown {
  const choice = holder as { readonly case?: unknown; readonly value?: unknown } | null
  return choice?.case === name ? choice.value : undefined
}

function inElements(file: FileSchema, element: TypeSchema, value: unknown, depth: number): Misfit | undefined {
  if (!isIterable(value)) return { path: '', value, wanted: 'an array or Set' }
  let i = 0
  for (const one of value) {
    const found = misfit(file, element, one, depth + 1)
    if (found !== undefined) return { ...found, path: `[${i}]${found.path}` }
    i++
  }
  return undefined
}

function inMap(
  file: FileSchema,
  key: TypeSchema,
  value: TypeSchema,
  given: unknown,
  depth: number,
): Misfit | undefined {
  if (typeof given !== 'object' || given === null) return { path: '', value: given, wanted: 'a map' }
  const entries: Iterable<unknown> = isIterable(given) ? given : Object.entries(given)
  for (const entry of entries) {
    if (!Array.isArray(entry)) return { path: '', value: entry, wanted: 'an entry of a map' }
    const found = misfit(file, key, entry[0], depth + 1) ?? misfit(file, value, entry[1], depth + 1)
    if (found !== undefined) return { ...found, path: `[${String(entry[0])}]${found.path}` }
  }
  return undefined
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

const isInt32 = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value
const isUint32 = (value: unknown): boolean => typeof value === 'number' && value >>> 0 === value
const isInt64 = (value: unknown): boolean => toInt64(value) !== undefined
const isUint64 = (value: unknown): boolean => toUint64(value) !== undefined
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isText = (value: unknown): boolean => typeof value === 'string'
const isWithin = (bits: number) => (value: unknown) => typeof value === 'number' && (value << bits) >> bits === value

const int32 = ['a 32-bit integer', isInt32] as const
const uint32 = ['an unsigned 32-bit integer', isUint32] as const
const int64 = ['a 64-bit integer', isInt64] as const
const uint64 = ['an unsigned 64-bit integer', isUint64] as const
const float = ['a number', isNumber] as const

/** What a value of each type is called, and whether one is. */
const scalars: Readonly<Record<ScalarName, readonly [wanted: string, fits: (value: unknown) => boolean]>> = {
  bool: ['a boolean', (value) => typeof value === 'boolean'],
  i8: ['an 8-bit integer', isWithin(24)],
  i16: ['a 16-bit integer', isWithin(16)],
  i32: int32,
  s32: int32,
  sfixed32: int32,
  u32: uint32,
  fixed32: uint32,
  i64: int64,
  s64: int64,
  sfixed64: int64,
  u64: uint64,
  fixed64: uint64,
  f32: float,
  f64: float,
  string: ['a string', isText],
  uuid: ['a UUID', isText],
  bytes: ['a Uint8Array', (value) => value instanceof Uint8Array],
}
