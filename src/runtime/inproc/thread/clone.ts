/** Messages made ready for structured clone, and made themselves again behind it, by their descriptions. */

import { RpcError } from '../../core/error.ts'
import {
  type FieldPlan,
  type MapPlan,
  type MessagePlan,
  messagePlan,
  type TypePlan,
} from '../../core/message/message-plan.ts'
import type { MessageSchema } from '../../core/message/schema.ts'
import { type ByteCopier, refuseDetached } from '../transfer.ts'

type Members = Record<string, unknown>
type Bytes = Pick<ByteCopier, 'copy'>
type Cases = ReadonlyMap<string, FieldPlan>

/**
 * A copy of a message for structured clone. That keeps what two messages of one post share as shared, drags the whole
 * buffer of a small view along, and fails on functions: the copy shares nothing, holds what the IDL describes and
 * nothing else, and has exact byte arrays. Throws INVALID_ARGUMENT for a value that is none of its field's kind.
 */
export function copyForClone(schema: MessageSchema, message: unknown, bytes: Bytes): object {
  return copyMessage(messagePlan(schema), message, bytes, schema.name)
}

/** Throws INVALID_ARGUMENT for a message with a byte array that has been moved away, which a codec would take for an empty one. */
export function refuseMoved(schema: MessageSchema, message: unknown): void {
  const plan = messagePlan(schema)
  if (holdsBytes(plan)) copyMessage(plan, message, sameBytes, schema.name)
}

/** Gives a cloned message what structured clone has lost, in place: records have no prototype. */
export function reviveClone(schema: MessageSchema, message: unknown): void {
  const plan = messagePlan(schema)
  if (changes(plan)) reviveMessage(plan, message as Members)
}

/** Whether an exception stands inside a message. Its class is lost in a clone, so that such messages need a codec. */
export function holdsException(schema: MessageSchema, except: ReadonlySet<string>): boolean {
  const plan = messagePlan(schema)
  const own = new Set(plan.fields.filter(({ name }) => except.has(name)))
  return reaches(plan, (field) => !own.has(field), isException)
}

function copyMessage(plan: MessagePlan, value: unknown, bytes: Bytes, path: string): object {
  if (typeof value !== 'object' || value === null) throw misfit(path, value)
  const from = value as Members
  if (plan.schema.kind === 'union') return copyCase(plan.byName, from, bytes, path)
  const copy: Members = {}
  for (const member of plan.members) {
    const { name } = member
    const one = from[name]
    if (one === undefined) continue
    copy[name] =
      member.kind === 'field'
        ? copyValue(member.field.type, one, bytes, `${path}.${name}`)
        : copyCase(member.cases, one as Members, bytes, `${path}.${name}`)
  }
  if (plan.keepsUnknown && from['$unknown'] !== undefined) {
    copy['$unknown'] = copyAnything(from['$unknown'], bytes, `${path}.$unknown`)
  }
  return copy
}

function copyCase(cases: Cases, value: Members, bytes: Bytes, path: string): object {
  const name = value['case']
  if (name === '$unknown') return { case: name, value: copyAnything(value['value'], bytes, `${path}.$unknown`) }
  const field = typeof name === 'string' ? cases.get(name) : undefined
  if (field === undefined) throw new RpcError('INVALID_ARGUMENT', `${path} has no case ${String(name)}`)
  return { case: name, value: copyValue(field.type, value['value'], bytes, `${path}.${field.name}`) }
}

function copyValue(type: TypePlan, value: unknown, bytes: Bytes, path: string): unknown {
  switch (type.kind) {
    case 'scalar':
      if (type.scalar !== 'bytes') return scalar(value, path)
      if (value instanceof Uint8Array) return bytes.copy(value, path)
      throw misfit(path, value)
    case 'enum':
      return scalar(value, path)
    case 'message':
      return copyMessage(type.message, value, bytes, path)
    case 'map':
      return copyMap(type, value, bytes, path)
    default: {
      const { element } = type
      if (value instanceof Set) return new Set(Array.from(value, (one) => copyValue(element, one, bytes, path)))
      if (Array.isArray(value)) return value.map((one) => copyValue(element, one, bytes, path))
      throw misfit(path, value)
    }
  }
}

function copyMap(type: MapPlan, value: unknown, bytes: Bytes, path: string): unknown {
  const { key, value: inner } = type
  if (typeof value !== 'object' || value === null) throw misfit(path, value)
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>()
    for (const [one, item] of value) copy.set(copyValue(key, one, bytes, path), copyValue(inner, item, bytes, path))
    return copy
  }
  if (Array.isArray(value)) {
    return value.map((pair) => [copyValue(key, pair[0], bytes, path), copyValue(inner, pair[1], bytes, path)])
  }
  const copy = Object.create(null) as Members
  for (const name of Object.keys(value)) copy[name] = copyValue(inner, (value as Members)[name], bytes, path)
  return copy
}

function scalar(value: unknown, path: string): unknown {
  const type = typeof value
  if (type === 'string' || type === 'number' || type === 'boolean' || type === 'bigint') return value
  throw misfit(path, value)
}

/** What a codec keeps of unknown fields: arrays, bytes, Maps, plain objects and scalars. */
function copyAnything(value: unknown, bytes: Bytes, path: string): unknown {
  if (value === undefined) return value
  if (typeof value !== 'object' || value === null) return scalar(value, path)
  if (value instanceof Uint8Array) return bytes.copy(value, path)
  if (Array.isArray(value)) return value.map((one) => copyAnything(one, bytes, path))
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, one]) => [copyAnything(key, bytes, path), copyAnything(one, bytes, path)]))
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyAnything(one, bytes, path)]))
}

function reviveMessage(plan: MessagePlan, value: Members): void {
  if (plan.schema.kind === 'union') {
    reviveCase(plan.byName, value)
    return
  }
  for (const member of plan.members) {
    const one = value[member.name]
    if (one === undefined) continue
    if (member.kind === 'field') reviveValue(member.field.type, one)
    else reviveCase(member.cases, one as Members)
  }
}

function reviveCase(cases: Cases, value: Members): void {
  const field = cases.get(value['case'] as string)
  if (field !== undefined) reviveValue(field.type, value['value'])
}

function reviveValue(type: TypePlan, value: unknown): void {
  switch (type.kind) {
    case 'scalar':
    case 'enum':
      return
    case 'message':
      if (changes(type.message)) reviveMessage(type.message, value as Members)
      return
    case 'map':
      if (type.shape === 'record') {
        Object.setPrototypeOf(value, null)
        for (const one of Object.values(value as Members)) reviveValue(type.value, one)
        return
      }
      for (const [key, one] of value as Iterable<readonly [unknown, unknown]>) {
        reviveValue(type.key, key)
        reviveValue(type.value, one)
      }
      return
    default:
      if (type.element.kind === 'scalar' || type.element.kind === 'enum') return
      for (const one of value as Iterable<unknown>) reviveValue(type.element, one)
  }
}

const sameBytes: Bytes = {
  copy(bytes, path) {
    refuseDetached(bytes, path)
    return bytes
  },
}

const bytesInside = new WeakMap<MessagePlan, boolean>()

function holdsBytes(plan: MessagePlan): boolean {
  let known = bytesInside.get(plan)
  if (known === undefined) {
    known = reaches(
      plan,
      () => true,
      (type) => type.kind === 'scalar' && type.scalar === 'bytes',
    )
    bytesInside.set(plan, known)
  }
  return known
}

const changing = new WeakMap<MessagePlan, boolean>()

/** Whether a message can hold a record. */
function changes(plan: MessagePlan): boolean {
  let known = changing.get(plan)
  if (known === undefined) {
    known = reaches(
      plan,
      () => true,
      (type) => type.kind === 'map' && type.shape === 'record',
    )
    changing.set(plan, known)
  }
  return known
}

function isException(type: TypePlan): boolean {
  return type.kind === 'message' && type.message.schema.kind === 'exception'
}

/** Whether a type that fits stands anywhere inside a message. */
function reaches(
  plan: MessagePlan,
  follow: (field: FieldPlan) => boolean,
  fits: (type: TypePlan) => boolean,
  seen: Set<MessagePlan> = new Set([plan]),
): boolean {
  const inside = (type: TypePlan): boolean => {
    if (fits(type)) return true
    if (type.kind === 'list' || type.kind === 'set') return inside(type.element)
    if (type.kind === 'map') return inside(type.key) || inside(type.value)
    if (type.kind !== 'message' || seen.has(type.message)) return false
    seen.add(type.message)
    return reaches(type.message, follow, fits, seen)
  }
  return plan.fields.some((field) => follow(field) && inside(field.type))
}

function misfit(path: string, value: unknown): RpcError {
  const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
  return new RpcError('INVALID_ARGUMENT', `${path} cannot hold ${what}`)
}
