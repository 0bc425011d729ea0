/** What can be wrong with Thrift bytes or with a value that is to become some. */

import { brand } from '../../core/copies/brand.ts'
import { RpcError } from '../../core/error.ts'

/** What is wrong with a message, after Apache's TProtocolException types. */
export type ThriftProtocolErrorKind = 'invalid_data' | 'negative_size' | 'size_limit' | 'bad_version' | 'depth_limit'

/** The `cause` of the RpcError INTERNAL with which a Thrift reader refuses bytes. */
export class ThriftProtocolError extends Error {
  readonly kind: ThriftProtocolErrorKind

  constructor(kind: ThriftProtocolErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}
brand(ThriftProtocolError, 'ThriftProtocolError')
Object.defineProperty(ThriftProtocolError.prototype, 'name', {
  value: 'ThriftProtocolError',
  configurable: true,
  writable: true,
})

/** RpcError INTERNAL for bytes that are not the Thrift they should be; without a stack, for peers decide how often it is made. */
export function malformed(kind: ThriftProtocolErrorKind, what: string): RpcError {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const cause = new ThriftProtocolError(kind, what)
  Error.stackTraceLimit = limit
  return new RpcError('INTERNAL', `malformed Thrift message: ${what}`, { cause, stack: false })
}

/** RpcError INTERNAL for a message whose structs nest deeper than `maxDepth`. */
export function tooDeepToRead(maxDepth: number): RpcError {
  return malformed('depth_limit', `nested deeper than ${maxDepth} (option maxDepth)`)
}

/** RpcError INVALID_ARGUMENT for a value whose structs nest deeper than `maxDepth`. */
export function tooDeepToWrite(maxDepth: number): RpcError {
  return new RpcError(
    'INVALID_ARGUMENT',
    `a message nested deeper than ${maxDepth} (option maxDepth), or one that holds itself`,
  )
}

/** RpcError INTERNAL for a message that ends too early. */
export function truncated(): RpcError {
  return malformed('invalid_data', 'it ends too early')
}
