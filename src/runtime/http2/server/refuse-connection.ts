/** refuseConnection(): an HTTP/2 connection that is closed before any stream, with a reason (RFC 9113 section 6.8). */

import type { Socket } from '../../net/socket.ts'
import type { Http2ErrorCode } from '../error-code.ts'
import { FrameWriter } from '../frame/frame-writer.ts'

/** Milliseconds that the client has to read why. */
const lingerMs = 1_000

/** Sends SETTINGS and GOAWAY with `reason` as its debug data, then FIN. */
export function refuseConnection(
  socket: Socket,
  code: (typeof Http2ErrorCode)[keyof typeof Http2ErrorCode],
  reason: string,
): void {
  const writer = new FrameWriter()
  writer.settings([])
  writer.goaway(0, code, reason)
  socket.on('error', () => {})
  socket.end(writer.take())
  // Unread bytes at the close would reset what was sent.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(timer))
}
