/** The errors a call can end with: RpcError, BizError and the base class of exceptions declared in an IDL. */

import { brand, hasSymbol } from './copies/brand.ts'
import type { Metadata } from './metadata.ts'
import { printable } from './text/printable.ts'

/** The 16 failure codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) by name; OK is not an error. */
export type RpcCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED'

/** Every {@link RpcCode} in the order of its number: `rpcCodes[n - 1]` has the gRPC number `n`. */
export const rpcCodes: readonly RpcCode[] = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

/** One typed error detail, as in `google.rpc.Status.details`: a type URL and its encoded message. */
export interface ErrorDetail {
  readonly typeUrl: string
  readonly value: Uint8Array
}

/** What may accompany an {@link RpcError}; everything is optional. */
export interface RpcErrorOptions {
  /** The local reason. It is never sent to a peer. */
  readonly cause?: unknown
  /** Rich details, sent over gRPC. */
  readonly details?: readonly ErrorDetail[]
  /** Metadata that came with the failure, or goes out with it: lower-case name to values. */
  readonly metadata?: Metadata
  /**
   * On a failed connection: whether bytes of the request had left this process. `false` means the peer cannot have
   * seen the call, so a retry is safe. Undefined when the failure is not one of a connection.
   */
  readonly bytesSent?: boolean
  /** `false` makes an error without a stack trace (0.3 us instead of 3 us), for refusals under load. Default true. */
  readonly stack?: boolean
}

/** A call that the framework, a transport or a handler failed with one of the gRPC codes. */
export class RpcError extends Error {
  readonly code: RpcCode
  readonly details: readonly ErrorDetail[]
  readonly metadata: Metadata | undefined
  readonly bytesSent: boolean | undefined

  constructor(code: RpcCode, message: string, options: RpcErrorOptions = {}) {
    const limit = Error.stackTraceLimit
    if (options.stack === false) Error.stackTraceLimit = 0
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    if (options.stack === false) Error.stackTraceLimit = limit
    this.code = code
    this.details = options.details ?? []
    this.metadata = options.metadata
    this.bytesSent = options.bytesSent
  }

  /** Any thrown value as an RpcError: itself when it is one, else INTERNAL with the value as local cause. */
  static from(thrown: unknown): RpcError {
    if (isRpcError(thrown)) return thrown
    return new RpcError('INTERNAL', 'internal error', { cause: thrown, stack: false })
  }
}
Object.defineProperty(RpcError.prototype, 'name', { value: 'RpcError', configurable: true, writable: true })
const rpcErrorBrand = brand(RpcError, 'RpcError')

/** Whether a value is an {@link RpcError}, also one made by another copy of this package. */
export function isRpcError(value: unknown): value is RpcError {
  return hasSymbol(value, rpcErrorBrand)
}

/**
 * A business failure: the call worked, the answer is no. It travels in the `biz-status`, `biz-message` and `biz-extra`
 * headers of CloudWeGo and does not count as an RPC failure for metrics or breakers.
 */
export class BizError extends Error {
  /** A 32-bit number other than 0 that belongs to the application. */
  readonly status: number
  readonly extra: Readonly<Record<string, string>>

  constructor(status: number, message: string, extra: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.extra = extra
  }
}
Object.defineProperty(BizError.prototype, 'name', { value: 'BizError', configurable: true, writable: true })
const bizErrorBrand = brand(BizError, 'BizError')

/** Whether a value is a {@link BizError}, also one made by another copy of this package. */
export function isBizError(value: unknown): value is BizError {
  return hasSymbol(value, bizErrorBrand)
}

/** The base of the exception classes generated from an IDL: handlers throw them, callers catch them, they stay themselves. */
export abstract class DeclaredException extends Error {}
const declaredBrand = brand(DeclaredException, 'DeclaredException')

/** Whether a value is an exception declared in an IDL, also one made by another copy of this package. */
export function isDeclaredException(value: unknown): value is DeclaredException {
  return hasSymbol(value, declaredBrand)
}

/** Whether a value is an instance of a class; false for a proxy that does not tell. */
export function isInstance<T>(value: unknown, type: new (...args: never[]) => T): value is T {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** The message of whatever was thrown; never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown)
  } catch {
    return 'a value that cannot be printed'
  }
}

/**
 * Prints an error, also one that cannot be printed: the stack of an error may be a getter that throws. Messages may hold
 * text of a peer, whose control characters are escaped.
 */
export function printError(text: string, error: unknown): void {
  const words = printable(text)
  try {
    console.error(words, hasControls(error) ? printedError(error) : error)
  } catch {
    console.error(words, printable(messageOf(error)))
  }
}

/** How far a chain of causes is followed. */
const mostCauses = 8

function hasControls(error: unknown): boolean {
  let one = error
  for (let i = 0; i < mostCauses && one !== undefined; i++) {
    const message = messageOf(one)
    if (printable(message) !== message) return true
    one = one instanceof Error ? one.cause : undefined
  }
  return false
}

/** The stack of an error and of its causes. */
function printedError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return printable(messageOf(error))
  const { message, stack = String(error), cause } = error
  const lines = stack.replace(message, () => printable(message)).split('\n')
  const own = lines.map(printable).join('\n')
  return cause === undefined || depth >= mostCauses ? own : `${own}\n  [cause]: ${printedError(cause, depth + 1)}`
}
