/** What a port answers to HTTP/1.1: that it has nothing for it. */

import type { Socket } from '../net/socket.ts'

const text = 'This port speaks Thrift and gRPC; it has no HTTP/1.1 routes.\n'
const answer = `HTTP/1.1 501 Not Implemented\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`

/** Answers 501 and closes. */
export function refuseHttp1(socket: Socket): void {
  socket.end(answer)
  // Unread bytes at the close would reset the answer.
  socket.resume()
  setTimeout(() => socket.destroy(), 1_000).unref()
}
