/** Errors as the Connect protocol writes them: JSON with a code in words (https://connectrpc.com/docs/protocol#error-end-stream). */

import { toBase64 } from '../../core/bytes/base64.ts'
import { isBizError, type RpcCode, RpcError } from '../../core/error.ts'

const httpStatus: Readonly<Record<RpcCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
}

/** A failure as an answer of HTTP. */
export interface HttpFailure {
  readonly status: number
  /** An object, as JSON. */
  readonly json: string
}

/**
 * What a caller is told of a failure. A BizError is `unknown` with its status and extra beside the message. Throws
 * TypeError for an extra that is no JSON.
 */
export function httpFailure(error: unknown): HttpFailure {
  if (isBizError(error)) {
    const { status, message, extra } = error
    const body = { code: 'unknown', message, bizStatus: status, bizExtra: { ...extra } }
    return { status: httpStatus.UNKNOWN, json: JSON.stringify(body) }
  }
  const { code, message, details } = RpcError.from(error)
  const body = {
    // The one code that Connect spells in its own way.
    code: code === 'CANCELLED' ? 'canceled' : code.toLowerCase(),
    message,
    ...(details.length > 0 && {
      details: details.map(({ typeUrl, value }) => ({
        type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
        value: toBase64(value).replace(/=+$/, ''),
      })),
    }),
  }
  return { status: httpStatus[code], json: JSON.stringify(body) }
}
