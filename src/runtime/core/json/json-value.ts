/** JSON as data, and what every step of its mapping needs: where it stands, and how to refuse. */

import { RpcError } from '../error.ts'

/** What `JSON.parse` gives and `JSON.stringify` takes. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** How deep messages and JSON may nest in each other. */
const maxDepth = 100

/** The way from the message's root to the value at hand. */
export class JsonPlace {
  readonly #root: string
  readonly #steps: (string | number)[] = []

  constructor(root: string) {
    this.#root = root
  }

  /** Steps into a member, element or entry; leave it with `leave`, but not after a throw. */
  enter(step: string | number): void {
    if (this.#steps.push(step) > maxDepth) throw this.refuse(`nests deeper than ${maxDepth}`)
  }

  leave(): void {
    this.#steps.pop()
  }

  /** RpcError INVALID_ARGUMENT: `shop.Cart.lines[2].quantity: …`. */
  refuse(what: string): RpcError {
    const path = this.#steps.slice(0, 20).map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    return new RpcError('INVALID_ARGUMENT', `${this.#root}${path.join('')}: ${what}`)
  }
}

/** A value in words, short. */
export function showJson(json: unknown): string {
  if (Array.isArray(json)) return 'an array'
  if (typeof json === 'object' && json !== null) return 'an object'
  const text = JSON.stringify(json) ?? typeof json
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** Whether it is an object, not an array. */
export function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Sets a member whatever its name is. */
export function setMember(into: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') into[name] = value
  else Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
}
