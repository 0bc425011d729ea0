/** What people do with values of messages: make, compare and copy them. */

import { DeclaredException } from '../error.ts'
import type { MessageType } from './message.ts'
import { emptyMap, entriesOf, type MapPlan, type MessagePlan, messagePlan, type TypePlan } from './message-plan.ts'

type Members = Readonly<Record<string, unknown>>

/** A new message of what is given, with every default filled in. Throws RpcError INVALID_ARGUMENT when a required member is missing. */
export function create<T, I>(type: MessageType<T, I>, partial?: NoInfer<I>): T {
  return type.create(partial)
}

/**
 * Whether two messages say the same: absent members equal their defaults, sets and maps have no order, NaN equals itself, the two zeros
 * are equal. Fields that the IDL does not know are left out of account.
 */
export function equals<I>(type: MessageType<unknown, I>, a: NoInfer<I>, b: NoInfer<I>): boolean {
  return a === b || sameMessage(messagePlan(type.schema), type.complete(a) as Members, type.complete(b) as Members)
}

/** A copy that shares nothing with the message: containers, bytes and nested messages are new. Defaults are filled in. */
export function clone<T, I>(type: MessageType<T, I>, value: NoInfer<I>): T {
  return copyMessage(messagePlan(type.schema), type.complete(value) as Members) as T
}

function sameMessage(plan: MessagePlan, a: Members, b: Members): boolean {
  if (a === b) return true
  if (plan.schema.kind === 'union') return sameCase(plan.byName, a, b)
  for (const member of plan.members) {
    const one = a[member.name]
    const other = b[member.name]
    if (one == null || other == null) {
      if (one != null || other != null) return false
    } else if (member.kind === 'oneof') {
      if (!sameCase(member.cases, one as Members, other as Members)) return false
    } else if (!same(member.field.type, one, other)) return false
  }
  return true
}

function sameCase(cases: ReadonlyMap<string, { readonly type: TypePlan }>, a: Members, b: Members): boolean {
  if (a['case'] !== b['case']) return false
  const field = cases.get(a['case'] as string)
  return field === undefined || same(field.type, a['value'], b['value'])
}

function same(type: TypePlan, a: unknown, b: unknown): boolean {
  switch (type.kind) {
    case 'scalar':
      if (type.scalar === 'bytes') return sameBytes(a as Uint8Array, b as Uint8Array)
      return a === b || (Number.isNaN(a) && Number.isNaN(b))
    case 'enum':
      return a === b
    case 'message':
      return sameMessage(type.message, a as Members, b as Members)
    case 'list':
      return sameList(type.element, a as readonly unknown[], b as readonly unknown[])
    case 'set':
      if (type.shape === 'set') return sameSet(a as ReadonlySet<unknown>, b as ReadonlySet<unknown>)
      return sameInAnyOrder(a as readonly unknown[], b as readonly unknown[], (one, other) =>
        same(type.element, one, other),
      )
    case 'map':
      return sameMap(type, a, b)
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function sameList(element: TypePlan, a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!same(element, a[i], b[i])) return false
  return true
}

function sameSet(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean {
  if (a.size !== b.size) return false
  for (const one of a) if (!b.has(one)) return false
  return true
}

function sameMap(type: MapPlan, a: unknown, b: unknown): boolean {
  if (type.shape === 'pairs') {
    type Pair = readonly [unknown, unknown]
    const samePair = (one: Pair, other: Pair): boolean =>
      same(type.key, one[0], other[0]) && same(type.value, one[1], other[1])
    return sameInAnyOrder(a as readonly Pair[], b as readonly Pair[], samePair)
  }
  if (type.shape === 'map') {
    const [one, other] = [a as ReadonlyMap<unknown, unknown>, b as ReadonlyMap<unknown, unknown>]
    if (one.size !== other.size) return false
    for (const [key, value] of one) if (!other.has(key) || !same(type.value, value, other.get(key))) return false
    return true
  }
  const [one, other] = [a as Members, b as Members]
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  return keys.every((key) => Object.hasOwn(other, key) && same(type.value, one[key], other[key]))
}

/** Elements that have no key: each is looked for, where it stands in the other first. */
function sameInAnyOrder<E>(a: readonly E[], b: readonly E[], isSame: (one: E, other: E) => boolean): boolean {
  if (a.length !== b.length) return false
  const rest: E[] = []
  const left: E[] = []
  a.forEach((one, i) => {
    if (isSame(one, b[i] as E)) return
    rest.push(one)
    left.push(b[i] as E)
  })
  return rest.every((one) => {
    const at = left.findIndex((other) => isSame(one, other))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

function copyMessage(plan: MessagePlan, value: Members): unknown {
  if (plan.schema.kind === 'union') return copyCase(plan.byName, value)
  const copy: Record<string, unknown> = {}
  for (const member of plan.members) {
    const held = value[member.name]
    if (held == null) copy[member.name] = undefined
    else if (member.kind === 'oneof') copy[member.name] = copyCase(member.cases, held as Members)
    else copy[member.name] = copyOf(member.field.type, held)
  }
  const unknown = plan.keepsUnknown ? (value['$unknown'] as readonly unknown[] | undefined) : undefined
  if (unknown !== undefined) copy['$unknown'] = unknown.slice()
  if (!(value instanceof DeclaredException)) return copy
  const { constructor: make } = value as unknown as { readonly constructor: new (init: unknown) => unknown }
  return new make(copy)
}

function copyCase(cases: ReadonlyMap<string, { readonly type: TypePlan }>, choice: Members): unknown {
  const field = cases.get(choice['case'] as string)
  return field === undefined ? { ...choice } : { case: choice['case'], value: copyOf(field.type, choice['value']) }
}

function copyOf(type: TypePlan, value: unknown): unknown {
  switch (type.kind) {
    case 'scalar':
      return type.scalar === 'bytes' ? new Uint8Array(value as Uint8Array) : value
    case 'enum':
      return value
    case 'message':
      return copyMessage(type.message, value as Members)
    case 'list':
      return (value as readonly unknown[]).map((one) => copyOf(type.element, one))
    case 'set':
      if (type.shape === 'set') return new Set(value as ReadonlySet<unknown>)
      return (value as readonly unknown[]).map((one) => copyOf(type.element, one))
    case 'map': {
      const map = emptyMap(type)
      for (const [key, one] of entriesOf(type, value)) {
        const held = copyOf(type.value, one)
        if (map instanceof Map) map.set(key, held)
        else if (Array.isArray(map)) map.push([copyOf(type.key, key), held])
        else map[key as string] = held
      }
      return map
    }
  }
}
