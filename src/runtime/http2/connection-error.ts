/** ConnectionError: what ends a whole HTTP/2 connection (RFC 9113 section 5.4.1). */

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
