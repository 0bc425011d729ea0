/** The SETTINGS of a peer (RFC 9113 section 6.5). */

import { ConnectionError } from './connection-error.ts'
import { Http2ErrorCode } from './error-code.ts'
import { defaultWindow, largestWindow } from './flow-control.ts'
import { commonFrame, largestFrame, Setting } from './frame/frame.ts'

/** What a peer allows. */
export interface PeerSettings {
  headerTableSize: number
  maxConcurrentStreams: number
  initialWindow: number
  /** The largest frame to send: what the peer takes, or this side's own limit. */
  maxFrame: number
  maxHeaderListBytes: number
}

/** What holds until a peer says otherwise. */
export function defaultPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4_096,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: defaultWindow,
    maxFrame: commonFrame,
    maxHeaderListBytes: Number.POSITIVE_INFINITY,
  }
}

/** The most settings to take in one frame. */
const mostSettings = 64

/**
 * Reads the payload `bytes[start, end)` of a SETTINGS frame. `byServer`: it came from a server, which may not ask for push
 * (section 6.5.2). Throws ConnectionError for values that are not allowed.
 */
export function readSettings(
  settings: PeerSettings,
  bytes: Uint8Array,
  start: number,
  end: number,
  byServer: boolean,
): void {
  if ((end - start) % 6 !== 0) throw new ConnectionError(Http2ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS of a broken length')
  if (end - start > mostSettings * 6) throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'too many settings')
  for (let at = start; at < end; at += 6) {
    const id = (bytes[at]! << 8) | bytes[at + 1]!
    const value = bytes[at + 2]! * 0x1000000 + ((bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!)
    apply(settings, id, value, byServer)
  }
}

function apply(settings: PeerSettings, id: number, value: number, byServer: boolean): void {
  switch (id) {
    case Setting.HEADER_TABLE_SIZE:
      settings.headerTableSize = value
      break
    case Setting.ENABLE_PUSH:
      if (value > (byServer ? 0 : 1)) {
        throw new ConnectionError(Http2ErrorCode.PROTOCOL_ERROR, `ENABLE_PUSH ${value}`)
      }
      break
    case Setting.MAX_CONCURRENT_STREAMS:
      settings.maxConcurrentStreams = value
      break
    case Setting.INITIAL_WINDOW_SIZE:
      if (value > largestWindow) {
        throw new ConnectionError(Http2ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE ${value}`)
      }
      settings.initialWindow = value
      break
    case Setting.MAX_FRAME_SIZE:
      if (value < commonFrame || value > 0xff_ffff) {
        throw new ConnectionError(Http2ErrorCode.PROTOCOL_ERROR, `MAX_FRAME_SIZE ${value}`)
      }
      settings.maxFrame = Math.min(value, largestFrame)
      break
    case Setting.MAX_HEADER_LIST_SIZE:
      settings.maxHeaderListBytes = value
      break
  }
}
