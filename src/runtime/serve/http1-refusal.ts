/** Refusals of HTTP/1.1 connections: one response, then the connection is closed. */

import type { Socket } from '../net/socket.ts'

/** A response that ends its connection. */
export interface Http1Refusal {
  /** Such as `501 Not Implemented`. */
  readonly status: string
  /** One ASCII sentence. */
  readonly text: string
}

/** For a port that does not serve HTTP/1.1. */
export const noHttp1: Http1Refusal = {
  status: '501 Not Implemented',
  text: 'This port speaks Thrift and gRPC. gRPC-web, JSON and health checks over HTTP/1.1 are switched on by `new Server({ http: {} })`.',
}

/** Sends the response and closes. */
export function refuseHttp1(socket: Socket, { status, text }: Http1Refusal): void {
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length + 1}\r\nconnection: close\r\n\r\n${text}\n`,
  )
  // Unread bytes at the close would reset the response.
  socket.resume()
  setTimeout(() => socket.destroy(), 1_000).unref()
}
