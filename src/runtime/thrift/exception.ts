/** ApplicationException, RpcError and BizError: what they look like on Thrift's wire, both ways. */

import { brand } from '../core/copies/brand.ts'
import { BizError, isBizError, isInstance, type RpcCode, RpcError, rpcCodes } from '../core/error.ts'
import { ThriftProtocolError } from './protocol/error.ts'
import type { ThriftReader, ThriftWriter } from './protocol/protocol.ts'

/** The types of Thrift's own exception; an open set, 20 and 21 are Kitex's. */
export const ApplicationExceptionType = {
  UNKNOWN: 0,
  UNKNOWN_METHOD: 1,
  INVALID_MESSAGE_TYPE: 2,
  WRONG_METHOD_NAME: 3,
  BAD_SEQUENCE_ID: 4,
  MISSING_RESULT: 5,
  INTERNAL_ERROR: 6,
  PROTOCOL_ERROR: 7,
  INVALID_TRANSFORM: 8,
  INVALID_PROTOCOL: 9,
  UNSUPPORTED_CLIENT_TYPE: 10,
  VALIDATION_FAILED: 11,
  UNKNOWN_SERVICE: 20,
  NO_SERVICE_NAME: 21,
} as const

/**
 * Thrift's own exception (`TApplicationException`). It is the `cause` of the RpcError that a caller gets for one, and
 * makes an RpcError of a server go out with that type when it is its `cause`.
 */
export class ApplicationException extends Error {
  /** One of {@link ApplicationExceptionType} or any other 32-bit number. */
  readonly type: number

  constructor(type: number, message: string) {
    super(message)
    this.type = type
  }
}
brand(ApplicationException, 'ApplicationException')
Object.defineProperty(ApplicationException.prototype, 'name', {
  value: 'ApplicationException',
  configurable: true,
  writable: true,
})

const codeOfType: Readonly<Record<number, RpcCode>> = {
  0: 'UNKNOWN',
  1: 'UNIMPLEMENTED',
  2: 'INTERNAL',
  3: 'UNIMPLEMENTED',
  4: 'INTERNAL',
  5: 'INTERNAL',
  6: 'INTERNAL',
  7: 'INVALID_ARGUMENT',
  8: 'UNIMPLEMENTED',
  9: 'UNIMPLEMENTED',
  10: 'UNIMPLEMENTED',
  11: 'INVALID_ARGUMENT',
  20: 'UNIMPLEMENTED',
  21: 'UNIMPLEMENTED',
}

const typeOfCode: Partial<Readonly<Record<RpcCode, number>>> = {
  UNKNOWN: ApplicationExceptionType.UNKNOWN,
  UNIMPLEMENTED: ApplicationExceptionType.UNKNOWN_METHOD,
  INVALID_ARGUMENT: ApplicationExceptionType.PROTOCOL_ERROR,
}

/** An RpcError as a server makes it to go out with a certain type of ApplicationException; stackless. */
export function applicationError(code: RpcCode, type: number, message: string): RpcError {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const cause = new ApplicationException(type, message)
  Error.stackTraceLimit = limit
  return new RpcError(code, message, { cause, stack: false })
}

/**
 * The exception that a failed call is answered with. The type is that of the ApplicationException which caused the
 * RpcError, 7 when bytes were refused, else by code: UNKNOWN 0, UNIMPLEMENTED 1, INVALID_ARGUMENT 7, all others 6. A BizError becomes 6 here; over
 * TTHeader it does not come this way.
 */
export function toApplicationException(error: unknown): { readonly type: number; readonly message: string } {
  if (isBizError(error)) {
    return { type: ApplicationExceptionType.INTERNAL_ERROR, message: `biz error ${error.status}: ${error.message}` }
  }
  const rpc = RpcError.from(error)
  return { type: typeOf(rpc), message: rpc.message }
}

function typeOf(error: RpcError): number {
  const { cause, code } = error
  if (isInstance(cause, ApplicationException)) return cause.type
  if (isInstance(cause, ThriftProtocolError)) return ApplicationExceptionType.PROTOCOL_ERROR
  return typeOfCode[code] ?? ApplicationExceptionType.INTERNAL_ERROR
}

/** The RpcError for a received exception; `rpcCode` is the TTHeader key of that name, which wins over the type. */
export function fromApplicationException(type: number, message: string, rpcCode: string | undefined): RpcError {
  const known = rpcCode === undefined ? undefined : parseRpcCode(rpcCode)
  const code = known ?? codeOfType[type] ?? 'UNKNOWN'
  return new RpcError(code, message, { cause: new ApplicationException(type, message) })
}

/** Writes the exception's struct. */
export function writeApplicationException(writer: ThriftWriter, type: number, message: string): void {
  writer.structBegin()
  writer.fieldBegin(11, 1)
  writer.string(message)
  writer.fieldBegin(8, 2)
  writer.i32(type)
  writer.structEnd()
}

/** Reads the exception's struct; members that are missing are empty and 0. */
export function readApplicationException(reader: ThriftReader): { readonly type: number; readonly message: string } {
  let type = 0
  let message = ''
  reader.structBegin()
  for (let field = reader.fieldBegin(); field !== 0; field = reader.fieldBegin()) {
    if (field === 11 && reader.fieldId === 1) message = reader.string()
    else if (field === 8 && reader.fieldId === 2) type = reader.i32()
    else reader.skip(field)
  }
  reader.structEnd()
  return { type, message }
}

/**
 * The TTHeader keys of a BizError. What a key cannot hold is trimmed: the answer matters more than its last words.
 */
export function bizErrorPairs(error: BizError): [key: string, value: string][] {
  const pairs: [string, string][] = [
    ['biz-status', String(error.status)],
    ['biz-message', trim(error.message)],
  ]
  if (Object.keys(error.extra).length > 0) {
    const extra = JSON.stringify(error.extra)
    if (Buffer.byteLength(extra) <= 0xffff) pairs.push(['biz-extra', extra])
  }
  return pairs
}

/** The BizError of received keys; undefined when the status says that there is none. */
export function bizErrorOf(
  status: string,
  message: string | undefined,
  extra: string | undefined,
): BizError | undefined {
  const number = Number(status)
  if (status === '' || number === 0) return undefined
  return new BizError(Number.isInteger(number) ? number : -1, message ?? '', parseExtra(extra))
}

function parseExtra(text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {}
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null) return {}
    return Object.fromEntries(
      Object.entries(parsed).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
    )
  } catch {
    return {}
  }
}

function parseRpcCode(text: string): RpcCode | undefined {
  if ((rpcCodes as readonly string[]).includes(text)) return text as RpcCode
  return rpcCodes[Number(text) - 1]
}

/** At most 65,535 bytes, cut between characters. */
function trim(text: string): string {
  if (text.length * 3 <= 0xffff || Buffer.byteLength(text) <= 0xffff) return text
  return new TextDecoder().decode(Buffer.from(text).subarray(0, 0xffff), { stream: true })
}
