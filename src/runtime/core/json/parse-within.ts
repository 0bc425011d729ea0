/** parseWithin(): `JSON.parse` of a peer's text, whose tree is charged before it is made. */

import type { ReadBudget } from '../bytes/read-budget.ts'
import { RpcError } from '../error.ts'
import type { JsonValue } from './json-value.ts'

// In units of 16 bytes, for a value of `JSON.parse` and for the object or array that a message's `complete` is given in its
// place. Sizes of V8: an object with room for four members, an array with its elements, a slot with a number or a short text
// in it, a member whose name no other object has (the hidden class that it makes), the elements of an object with an index.
const objectWeight = 8
const arrayWeight = 6
const valueWeight = 3
const memberWeight = 8
const indexWeight = 10
// Text in UTF-16: the whole, and all values once more.
const textWeight = 1 / 4

/**
 * The objects and arrays in JSON text, and the most that its tree may take in memory, in units of 16 bytes: by a scan that
 * makes nothing. Of text that is no JSON it counts what stands before the fault, and perhaps more.
 */
export function jsonTree(text: Uint8Array): { readonly objects: number; readonly weight: number } {
  const { length } = text
  let objects = 0
  let weight = 0
  /** The first character of the latest string. */
  let first = 0
  for (let i = 0; i < length; i++) {
    switch (text[i]) {
      case 0x7b: // {
        objects++
        weight += objectWeight
        break
      case 0x5b: // [
        objects++
        weight += arrayWeight
        break
      case 0x2c: // ,
        weight += valueWeight
        break
      case 0x3a: // :
        weight += isIndexStart(first) ? memberWeight + indexWeight : memberWeight
        break
      case 0x22: // "
        first = text[i + 1] as number
        for (i++; i < length && text[i] !== 0x22; i++) if (text[i] === 0x5c) i++
        break
    }
  }
  return { objects, weight: weight + Math.ceil(length * textWeight) }
}

/** A digit, or a backslash, behind which one may stand. */
function isIndexStart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x5c
}

/**
 * `JSON.parse` of a peer's text, UTF-8 that must be valid; `read` makes a message of its tree. The tree is charged while it is there. Throws
 * RpcError INVALID_ARGUMENT for text that is not JSON, RESOURCE_EXHAUSTED for what the budget has no room for.
 */
export function parseWithin<T>(text: Uint8Array, budget: ReadBudget, read: (json: JsonValue) => T): T {
  const { objects, weight } = jsonTree(text)
  budget.count(objects)
  budget.charge(weight)
  let json: JsonValue
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as JsonValue
  } catch (cause) {
    throw new RpcError('INVALID_ARGUMENT', 'the body is not JSON', { cause, stack: false })
  }
  const value = read(json)
  budget.charge(-weight)
  return value
}
