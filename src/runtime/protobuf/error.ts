/** What can be wrong with protobuf bytes or with a value that is to become some. */

import { brand } from '../core/copies/brand.ts'
import { RpcError } from '../core/error.ts'

/** The `cause` of the RpcError INTERNAL with which the protobuf reader refuses bytes. */
export class ProtobufError extends Error {}
brand(ProtobufError, 'ProtobufError')
Object.defineProperty(ProtobufError.prototype, 'name', { value: 'ProtobufError', configurable: true, writable: true })

/** RpcError INTERNAL for bytes that are not protobuf; without a stack, for peers decide how often it is made. */
export function malformed(what: string): RpcError {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const cause = new ProtobufError(what)
  Error.stackTraceLimit = limit
  return new RpcError('INTERNAL', `malformed protobuf message: ${what}`, { cause, stack: false })
}

/** RpcError INTERNAL for a message that ends too early. */
export function truncated(): RpcError {
  return malformed('it ends too early')
}
