/** The error codes of HTTP/2 (RFC 9113 section 7). */

/** An HTTP/2 error code by name. */
export const Http2ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const

const names = Object.keys(Http2ErrorCode)

/** The name of an error code, `CANCEL`; `error 99` for one that has none. */
export function http2ErrorName(code: number): string {
  return names[code] ?? `error ${code}`
}
