/** The HTTP/2 seam under gRPC: streams as plain calls and callbacks, so that what is below can be replaced. */

import type { Peer } from '../core/context.ts'

/** Header fields in order, names in lower case, pseudo-headers first; `-bin` values are base64 text already. */
export type Http2Headers = readonly (readonly [name: string, value: string])[]

/** What a stream tells its user. Calls come in the order of the wire; none after `reset` or the end of the trailers. */
export interface Http2Sink {
  /** Response headers on the client (request headers come with the accept). `end`: no body follows. */
  headers(headers: Http2Headers, end: boolean): void
  /** A chunk of body; it may be kept. `end`: the other side is done and sends no trailers. */
  data(chunk: Uint8Array, end: boolean): void
  /** Trailers; the other side is done. */
  trailers(headers: Http2Headers): void
  /** The stream is dead: RST_STREAM with its code, or the connection went away (`code` undefined). */
  reset(reason: Http2Reset): void
  /** After `write` returned false: there is room again. */
  drain(): void
}

/** Why a stream died. */
export interface Http2Reset {
  /** HTTP/2 error code (RFC 9113 section 7); undefined when the connection was lost or never made. */
  readonly code: number | undefined
  readonly message: string
  /** Whether the request can have reached the peer's application; false makes a retry safe. */
  readonly processed: boolean
  readonly cause?: unknown
}

/** One stream, from the writing side. */
export interface Http2Stream {
  /** Server: the response headers. Client: they went with `open`. */
  headers(headers: Http2Headers, end: boolean): void
  /** Sends body bytes; false asks to wait for `drain`. `end` closes this side. */
  write(chunk: Uint8Array, end: boolean): boolean
  /** Sends trailers and closes this side. */
  trailers(headers: Http2Headers): void
  /** Sends RST_STREAM. */
  reset(code: number): void
  /** Stops `data` until `resume`; flow control then holds the peer back. */
  pause(): void
  resume(): void
}

/** The client's end of one HTTP/2 connection. */
export interface Http2ClientConnection {
  /** Opens a stream. Never throws: failure comes as `sink.reset`, not before the next tick. */
  open(headers: Http2Headers, end: boolean, sink: Http2Sink): Http2Stream
  /** False once the connection takes no new stream (GOAWAY, closed, failed). */
  readonly usable: boolean
  readonly peer: Peer | undefined
  /** Lets open streams end, then closes. */
  close(): Promise<void>
  /** Ends it now; open streams are reset. */
  destroy(): void
}

/** Takes a stream that a client opened; returns the sink that hears of the rest of it. */
export type Http2Accept = (stream: Http2Stream, headers: Http2Headers, end: boolean, peer: Peer) => Http2Sink
