/** ConnectionError: what ends a whole HTTP/2 connection (RFC 9113 section 5.4.1). */

import { Http2ErrorCode } from './error-code.ts'

/** Thrown while a frame is handled; the connection sends GOAWAY with the code and closes. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** An HTTP/2 error code. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** ConnectionError PROTOCOL_ERROR. */
export function protocolError(message: string): ConnectionError {
  return new ConnectionError(Http2ErrorCode.PROTOCOL_ERROR, message)
}

/** ConnectionError FRAME_SIZE_ERROR. */
export function sizeError(what: string): ConnectionError {
  return new ConnectionError(Http2ErrorCode.FRAME_SIZE_ERROR, `${what} of a wrong size`)
}
