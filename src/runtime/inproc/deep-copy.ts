/** deepCopy(): a message that shares nothing with another one. */

import type { MessageTransfer } from '../core/direct/message-transfer.ts'
import { moving } from '../core/direct/message-transfer.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'

/** Messages cross as copies of the complete message: neither side can change what the other holds, bytes included. */
export function copying(service: ServiceType, method: MethodType): MessageTransfer {
  const { request, response } = moving(service, method)
  return {
    request: (message, call) => deepCopy(request(message, call)),
    response: response === undefined ? undefined : (message) => deepCopy(response(message)),
  }
}

/**
 * A copy of a message with all it holds: objects keep their prototype (also none, and that of an exception), bytes get
 * memory of their own. Messages are trees: what occurs twice is copied twice. It follows the values, not the schema:
 * a printed copier would save a seventh, `structuredClone` costs ten times as much and loses classes.
 */
export function deepCopy<T>(value: T): T
export function deepCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return copyList(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return copyMembers(value as Members, {})
  if (prototype === null) return copyMembers(value as Members, Object.create(null) as Members)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>()
    for (const [key, one] of value) copy.set(deepCopy(key), deepCopy(one))
    return copy
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>()
    for (const one of value) copy.add(deepCopy(one))
    return copy
  }
  return copyInstance(value, prototype as object)
}

type Members = Record<string, unknown>

function copyList(list: readonly unknown[]): unknown[] {
  const { length } = list
  if (length === 0 || (typeof list[0] !== 'object' && typeof list[length - 1] !== 'object')) {
    if (!list.some((one) => typeof one === 'object')) return list.slice()
  }
  const copy: unknown[] = []
  for (let i = 0; i < length; i++) copy.push(deepCopy(list[i]))
  return copy
}

function copyMembers(from: Members, to: Members): Members {
  for (const name in from) {
    const value = from[name]
    to[name] = typeof value === 'object' ? deepCopy(value) : value
  }
  return to
}

/**
 * An object of a class: an exception as a member. Its own properties are copied, also those that are not enumerable, such
 * as `stack`. Accessors become values: since Node 22 `stack` is an accessor that answers only for the original error.
 */
function copyInstance(value: object, prototype: object): object {
  const copy = Object.create(prototype) as object
  for (const name of Reflect.ownKeys(value)) {
    const { enumerable = false, configurable = false, writable = true } = Object.getOwnPropertyDescriptor(value, name)!
    const held: unknown = deepCopy((value as Record<PropertyKey, unknown>)[name])
    Object.defineProperty(copy, name, { value: held, enumerable, configurable, writable })
  }
  return copy
}
