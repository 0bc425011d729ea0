/** invalidValue: the refusal of a value that its IDL type cannot hold. */

import { RpcError } from '../error.ts'

/** RpcError INVALID_ARGUMENT for a value that does not fit its IDL type. */
export function invalidValue(value: unknown, type: string): RpcError {
  return new RpcError('INVALID_ARGUMENT', `${show(value)} is not ${type}`)
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    default:
      return String(value)
  }
}
