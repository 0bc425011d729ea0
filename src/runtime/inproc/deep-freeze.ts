/** deepFreeze(): makes a message refuse every change, to find code that changes what another side still holds. */

import type { MessageTransfer } from '../core/direct/message-transfer.ts'
import { moving } from '../core/direct/message-transfer.ts'
import type { MethodType, ServiceType } from '../core/service-type.ts'

/** Messages cross as the same object, frozen for both sides. For development and tests: 1 us per message and more. */
export function freezing(service: ServiceType, method: MethodType): MessageTransfer {
  const { request, response } = moving(service, method)
  return {
    request: (message, call) => deepFreeze(request(message, call)),
    response: response === undefined ? undefined : (message) => deepFreeze(response(message)),
  }
}

/**
 * Freezes a message and all it holds: a change throws a TypeError (in strict code, as modules are). Maps and Sets refuse
 * their changing methods. The bytes of typed arrays cannot be frozen in JavaScript: changes to those stay unnoticed.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || frozen.has(value) || ArrayBuffer.isView(value)) return value
  if (value instanceof Error) return value
  frozen.add(value)
  if (value instanceof Map) {
    for (const [key, one] of value) {
      deepFreeze(key)
      deepFreeze(one)
    }
    lock(value, ['set', 'delete', 'clear'])
  } else if (value instanceof Set) {
    for (const one of value) deepFreeze(one)
    lock(value, ['add', 'delete', 'clear'])
  } else for (const key of Object.keys(value)) deepFreeze((value as Readonly<Record<string, unknown>>)[key])
  return Object.freeze(value)
}

/** Messages that are frozen all the way down: a shared one is walked once. */
const frozen = new WeakSet<object>()

function lock(container: object, methods: readonly string[]): void {
  if (!Object.isExtensible(container)) return
  for (const name of methods) Object.defineProperty(container, name, { value: refuse })
}

function refuse(): never {
  throw new TypeError('this message is frozen: another side of an in-process call holds it too')
}
