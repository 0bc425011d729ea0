/** What a port that has no HTTP/1.1 answers to it. */

import type { Socket } from '../net/socket.ts'

const text =
  'This port speaks Thrift and gRPC. gRPC-web, JSON and health checks over HTTP/1.1 are switched on by `new Server({ http: {} })`.\n'
const answer = `HTTP/1.1 501 Not Implemented\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`

/** Answers 501 and closes. */
export function refuseHttp1(socket: Socket): void {
  socket.end(answer)
  // Unread bytes at the close would reset the answer.
  socket.resume()
  setTimeout(() => socket.destroy(), 1_000).unref()
}
