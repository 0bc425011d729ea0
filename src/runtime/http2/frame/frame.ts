/** Frames of HTTP/2: their types, flags and limits (RFC 9113 sections 4 and 6). */

/** Frame types. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

/** Frame flags; ACK shares its bit with END_STREAM. */
export const FrameFlag = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const

/** Bytes in front of each frame's payload. */
export const frameHeadBytes = 9
/** The largest payload that every peer takes, and what this side takes at first (RFC 9113 section 4.2). */
export const commonFrame = 16_384
/** The largest payload that this side takes from peers that send bodies, and sends to those that take as much: a message of 64 KiB is one frame. */
export const largestFrame = 131_072
/** The largest stream id. */
export const largestStream = 0x7fff_ffff
/** What a client says first (RFC 9113 section 3.4). */
export const clientPreface: Uint8Array = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Identifiers of settings (RFC 9113 section 6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const
