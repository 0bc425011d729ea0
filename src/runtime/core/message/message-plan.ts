/** messagePlan: a message's description with its names resolved, which everything that walks values by their schema reads. */

import { fromBase64 } from '../bytes/base64.ts'
import { arrayWeight, bytesWeight, tableWeight } from '../bytes/memory-budget.ts'
import { processWide } from '../copies/process-wide.ts'
import { fileOf, messageSchema } from './file-schema.ts'
import {
  type EnumSchema,
  type FieldSchema,
  type FileSchema,
  isInt64,
  type MessageSchema,
  type ScalarName,
  type TypeSchema,
} from './schema.ts'

/** A type with what it refers to. */
export type TypePlan =
  | ScalarPlan
  | EnumPlan
  | { readonly kind: 'message'; readonly message: MessagePlan }
  | { readonly kind: 'list'; readonly element: TypePlan }
  | { readonly kind: 'set'; readonly element: TypePlan; readonly shape: 'set' | 'array' }
  | MapPlan

/** A scalar with the forms its field asks for. */
export interface ScalarPlan {
  readonly kind: 'scalar'
  readonly scalar: ScalarName
  readonly int64: 'bigint' | 'number' | 'string'
  readonly lossy: boolean
  readonly view: boolean
}

/** An enum by number and by name. */
export interface EnumPlan {
  readonly kind: 'enum'
  readonly schema: EnumSchema
  readonly file: FileSchema
  /** Number to the first name that has it. */
  readonly names: ReadonlyMap<number, string>
  readonly numbers: ReadonlyMap<string, number>
  /** In TypeScript its values are names; numbers without one stay numbers. */
  readonly byName: boolean
  /** What an absent value is. */
  readonly zero: number
}

/** A map and what holds it. */
export interface MapPlan {
  readonly kind: 'map'
  readonly key: TypePlan
  readonly value: TypePlan
  readonly shape: 'record' | 'map' | 'pairs'
}

/** A field with its resolved type. */
export interface FieldPlan {
  readonly schema: FieldSchema
  readonly type: TypePlan
  /** Property name, or name of the case. */
  readonly name: string
  /** As declared, but text named `message` of an exception is never absent: it is Error's own. */
  readonly presence: FieldSchema['presence']
  /** The output type always has it. */
  readonly filled: boolean
  /** A fresh default or zero value, of a field that is filled. */
  fallback(): unknown
}

/** A member of the TypeScript object: a field, or a oneof with its fields. */
export type MemberPlan =
  | { readonly kind: 'field'; readonly name: string; readonly field: FieldPlan }
  | { readonly kind: 'oneof'; readonly name: string; readonly cases: ReadonlyMap<string, FieldPlan> }

/** A message, resolved. */
export interface MessagePlan {
  readonly schema: MessageSchema
  readonly file: FileSchema
  /** In the order of the IDL. */
  readonly fields: readonly FieldPlan[]
  readonly byId: ReadonlyMap<number, FieldPlan>
  /** By property name, or by name of the case for unions. */
  readonly byName: ReadonlyMap<string, FieldPlan>
  /** Empty for unions. */
  readonly members: readonly MemberPlan[]
  readonly keepsUnknown: boolean
  /** What it takes in memory with nothing but its defaults, in units of 16 bytes. */
  readonly weight: number
}

const plans = processWide('message plans', () => new WeakMap<MessageSchema, MessagePlan>())

/** The plan of a message, made when it is first asked for. */
export function messagePlan(schema: MessageSchema): MessagePlan {
  return plans.get(schema) ?? resolve(schema, fileOf(schema))
}

/** The plan of a field that `file` adds to a message of another. */
export function extensionPlan(schema: FieldSchema, file: FileSchema): FieldPlan {
  return fieldPlan('message', schema, file)
}

/** The message of a name in a file or in those it imports, nearest first; undefined when there is none. */
export function findMessage(file: FileSchema, name: string): MessageSchema | undefined {
  const found = findIn(file, (one) => one.messages.some((message) => message.name === name))
  return found && messageSchema(found, name)
}

/** What a type holds when nothing was said. Messages have no such value. */
export function zeroOf(type: TypePlan): unknown {
  switch (type.kind) {
    case 'scalar':
      return zeroOfScalar(type)
    case 'enum':
      return enumValue(type, type.zero)
    case 'list':
      return []
    case 'set':
      return type.shape === 'set' ? new Set() : []
    case 'map':
      return emptyMap(type)
    case 'message':
      throw new Error(`${type.message.schema.name} has no zero value`)
  }
}

/** An empty map in the form that holds it. */
export function emptyMap({ shape }: MapPlan): Record<string, unknown> | Map<unknown, unknown> | [unknown, unknown][] {
  if (shape === 'record') return Object.create(null) as Record<string, unknown>
  return shape === 'map' ? new Map() : []
}

/** The entries of a map in whichever form. */
export function entriesOf({ shape }: MapPlan, value: unknown): Iterable<readonly [unknown, unknown]> {
  return shape === 'record' ? Object.entries(value as object) : (value as Iterable<readonly [unknown, unknown]>)
}

/** A number of an enum in the form that TypeScript has. */
export function enumValue(type: EnumPlan, number: number): number | string {
  return type.byName ? (type.names.get(number) ?? number) : number
}

/** The defaults that the IDL writes for the members of a message, by member. */
export function planDefaults({ members }: MessagePlan): Record<string, NonNullable<unknown>> {
  const defaults: Record<string, NonNullable<unknown>> = {}
  for (const member of members) {
    if (member.kind === 'field' && member.field.schema.default !== undefined) {
      defaults[member.name] = member.field.fallback() as NonNullable<unknown>
    }
  }
  return defaults
}

/** Whether a field's type is text or a UUID. */
export function isText(type: TypeSchema): boolean {
  return type.kind === 'scalar' && (type.scalar === 'string' || type.scalar === 'uuid')
}

function findIn(file: FileSchema, has: (one: FileSchema) => boolean): FileSchema | undefined {
  const all = new Set([file])
  for (const one of all) {
    if (has(one)) return one
    for (const other of one.imports) all.add(other)
  }
  return undefined
}

function resolve(schema: MessageSchema, file: FileSchema): MessagePlan {
  const fields: FieldPlan[] = []
  const members: MemberPlan[] = []
  const byId = new Map<number, FieldPlan>()
  const byName = new Map<string, FieldPlan>()
  const plan = {
    schema,
    file,
    fields,
    byId,
    byName,
    members,
    keepsUnknown: schema.keepsUnknown ?? false,
    weight: 0,
  }
  // Before its fields are: they may lead back to it.
  plans.set(schema, plan)
  const oneofs = new Map<string, Map<string, FieldPlan>>()
  for (const one of schema.fields) {
    const field = fieldPlan(schema.kind, one, file)
    fields.push(field)
    byId.set(one.id, field)
    byName.set(field.name, field)
    if (schema.kind === 'union') continue
    if (one.oneof === undefined) {
      members.push({ kind: 'field', name: field.name, field })
      continue
    }
    let cases = oneofs.get(one.oneof)
    if (cases === undefined) {
      cases = new Map()
      oneofs.set(one.oneof, cases)
      members.push({ kind: 'oneof', name: one.oneof, cases })
    }
    cases.set(field.name, field)
  }
  plan.weight = memoryEstimate(plan)
  return plan
}

function fieldPlan(kind: MessageSchema['kind'], schema: FieldSchema, file: FileSchema): FieldPlan {
  const isErrorText = kind === 'exception' && schema.localName === 'message' && isText(schema.type)
  // Thrift peers leave out optional fields that equal their default; protobuf's explicit presence is never filled.
  const isFilledIn = file.idl === 'thrift' && kind !== 'union' && schema.default !== undefined && !schema.keepsAbsent
  const presence = schema.presence === 'optional' && (isErrorText || isFilledIn) ? 'default' : schema.presence
  const type = typePlan(schema.type, schema, file)
  const filled =
    presence === 'required' ||
    (presence === 'default' && (schema.default !== undefined || schema.type.kind !== 'message'))
  const given = schema.default
  return {
    schema,
    type,
    name: schema.localName,
    presence,
    filled,
    fallback: () => (given === undefined ? zeroOf(type) : defaultOf(type, given)),
  }
}

function typePlan(type: TypeSchema, field: FieldSchema, file: FileSchema): TypePlan {
  switch (type.kind) {
    case 'scalar':
      return {
        kind: 'scalar',
        scalar: type.scalar,
        int64: field.int64 ?? 'bigint',
        lossy: field.lossy ?? false,
        view: field.view ?? false,
      }
    case 'enum':
      return enumPlan(type.name, field, file)
    case 'message': {
      const schema = findMessage(file, type.name)
      if (schema === undefined) throw new Error(`${file.path} and what it imports do not describe ${type.name}`)
      // Read when it is used: resolving all that a file reaches at once would be deep.
      let plan: MessagePlan | undefined
      return {
        kind: 'message',
        get message() {
          plan ??= messagePlan(schema)
          return plan
        },
      }
    }
    case 'list':
      return { kind: 'list', element: typePlan(type.element, field, file) }
    case 'set':
      return {
        kind: 'set',
        element: typePlan(type.element, field, file),
        shape: isKeyable(type.element) ? 'set' : 'array',
      }
    case 'map': {
      const shape = isText(type.key) ? (field.map === 'map' ? 'map' : 'record') : undefined
      return {
        kind: 'map',
        key: typePlan(type.key, field, file),
        value: typePlan(type.value, field, file),
        shape: shape ?? (isKeyable(type.key) ? 'map' : 'pairs'),
      }
    }
  }
}

function enumPlan(name: string, field: FieldSchema, from: FileSchema): EnumPlan {
  const file = findIn(from, (one) => one.enums.some((each) => each.name === name))
  const schema = file?.enums.find((one) => one.name === name)
  if (file === undefined || schema === undefined)
    throw new Error(`${from.path} and what it imports do not describe ${name}`)
  const names = new Map<number, string>()
  const numbers = new Map<string, number>()
  for (const value of schema.values) {
    if (!names.has(value.number)) names.set(value.number, value.name)
    numbers.set(value.name, value.number)
  }
  return {
    kind: 'enum',
    schema,
    file,
    names,
    numbers,
    byName: field.enum === 'string',
    zero: file.idl === 'protobuf' ? (schema.values[0]?.number ?? 0) : 0,
  }
}

function isKeyable(type: TypeSchema): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'bytes')
}

function zeroOfScalar({ scalar, int64 }: ScalarPlan): unknown {
  if (isInt64(scalar)) return int64 === 'bigint' ? 0n : int64 === 'number' ? 0 : '0'
  switch (scalar) {
    case 'bool':
      return false
    case 'string':
      return ''
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000'
    case 'bytes':
      return new Uint8Array(0)
    default:
      return 0
  }
}

/** The value of a default as the description writes it: 64-bit integers as decimal text, bytes as base64, structs by IDL name. */
function defaultOf(type: TypePlan, given: unknown): unknown {
  switch (type.kind) {
    case 'scalar':
      if (isInt64(type.scalar))
        return type.int64 === 'bigint' ? BigInt(given as string) : type.int64 === 'number' ? Number(given) : given
      if (type.scalar === 'bytes') return fromBase64(given as string) ?? new Uint8Array(0)
      return type.scalar === 'f32' || type.scalar === 'f64' ? Number(given) : given
    case 'enum':
      return enumValue(type, given as number)
    case 'list':
      return (given as unknown[]).map((one) => defaultOf(type.element, one))
    case 'set': {
      const elements = (given as unknown[]).map((one) => defaultOf(type.element, one))
      return type.shape === 'set' ? new Set(elements) : elements
    }
    case 'map': {
      const entries: [unknown, unknown][] = (Array.isArray(given) ? given : Object.entries(given as object)).map(
        ([key, value]) => [defaultOf(type.key, key), defaultOf(type.value, value)],
      )
      if (type.shape !== 'record') return type.shape === 'map' ? new Map(entries) : entries
      const record = emptyMap(type) as Record<string, unknown>
      for (const [key, value] of entries) record[key as string] = value
      return record
    }
    case 'message':
      return structOf(type.message, given as Readonly<Record<string, unknown>>)
  }
}

function structOf(plan: MessagePlan, given: Readonly<Record<string, unknown>>): unknown {
  const of = (field: FieldPlan): unknown =>
    Object.hasOwn(given, field.schema.name) ? defaultOf(field.type, given[field.schema.name]) : undefined
  if (plan.schema.kind === 'union') {
    const field =
      plan.fields.find((one) => Object.hasOwn(given, one.schema.name)) ??
      plan.fields.find((one) => one.schema.default !== undefined)
    return field && { case: field.name, value: of(field) ?? field.fallback() }
  }
  const value: Record<string, unknown> = {}
  for (const field of plan.fields) {
    const held =
      of(field) ??
      (field.filled && (field.presence === 'default' || field.schema.default !== undefined)
        ? field.fallback()
        : undefined)
    if (held !== undefined) value[field.name] = held
  }
  return value
}

// In units of 16 bytes: an object's header, a `{ case, value }`, and an Error with its stack.
const objectWeight = 2
// An empty object literal keeps room for four properties.
const emptyObjectWeight = 5
const choiceWeight = 3
const errorWeight = 64

function memoryEstimate({ schema, members }: MessagePlan): number {
  if (schema.kind === 'union') return choiceWeight
  let weight = members.length === 0 ? emptyObjectWeight : objectWeight + Math.ceil(members.length / 2)
  if (schema.kind === 'exception') weight += errorWeight
  for (const member of members) {
    if (member.kind === 'oneof') weight += choiceWeight
    else if (member.field.filled) weight += emptyWeight(member.field.type)
  }
  return weight
}

function emptyWeight(type: TypePlan): number {
  switch (type.kind) {
    case 'list':
      return arrayWeight
    case 'set':
      return type.shape === 'set' ? tableWeight : arrayWeight
    case 'map':
      return type.shape === 'pairs' ? arrayWeight : tableWeight
    case 'scalar':
      return type.scalar === 'bytes' ? bytesWeight : 0
    default:
      return 0
  }
}
