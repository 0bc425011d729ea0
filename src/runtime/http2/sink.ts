/** The HTTP/2 seam under gRPC: streams as plain calls and callbacks, so that what is below can be replaced. */

import type { MemoryAccount } from '../core/bytes/memory-account.ts'
import type { Peer } from '../core/context/context.ts'
import type { ConnectionLifetimeOptions } from './server/connection-lifetime.ts'
import type { Http2PingPolicy } from './server/ping-policy.ts'
import type { StallLimits } from './server/stall-watch.ts'

export type { Http2PingPolicy } from './server/ping-policy.ts'

/**
 * Header fields in order as a flat list: name, value, name, value. Names are in lower case, pseudo-headers come first,
 * duplicates stay, `-bin` values are base64 text already. A list is never changed once it has been handed over, and the
 * same list may come again: an implementation may keep its encoded form by identity.
 */
export type Http2Headers = readonly string[]

/**
 * What a stream tells its user, in the order of the wire. The peer's side ends with `headers(…, true)` or `end`;
 * `reset` ends both sides, nothing follows it. After the peer's end only `reset` may come, and on the client, whose
 * call is over then, nothing at all.
 */
export interface Http2Sink {
  /** Response headers, on the client only (request headers come with the accept). `end`: nothing follows. */
  headers(headers: Http2Headers, end: boolean): void
  /** A chunk of body; it may be kept. `last`: `end` follows at once. */
  data(chunk: Uint8Array, last?: boolean): void
  /** The peer is done, with its trailers if it sent any. */
  end(trailers: Http2Headers | undefined): void
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
  /** Whether anything of the request had left this side. */
  readonly sent: boolean
  readonly cause?: unknown
}

/** One stream, from the writing side. Every call is harmless on a stream that is dead already. */
export interface Http2Stream {
  /** Largest header list, and list of trailers, that the peer takes, in bytes as RFC 9113 section 6.5.2 counts them. */
  readonly maxHeaderListBytes: number
  /** Server: the response headers; `end` makes them the whole response. Client: they went with `open`. */
  headers(headers: Http2Headers, end: boolean): void
  /** Sends body bytes, which nobody changes afterwards; false asks to wait for `drain`. `end` closes this side. */
  write(chunk: Uint8Array, end: boolean): boolean
  /** Bytes that were written and wait for the peer to take more. */
  readonly pending: number
  /** Whether so many bytes may be written: sent now, or kept until the peer takes them. Otherwise `write` resets the stream. */
  accepts(bytes: number): boolean
  /** Calls `done` as soon as nothing that was written waits any more; to call after the end was written, once. */
  whenSent(done: () => void): void
  /** Sends trailers and closes this side. On the server a request that is still coming in is then stopped. */
  trailers(headers: Http2Headers): void
  /**
   * Sends RST_STREAM. The sink hears nothing more. `late`: no answer came in time; a client whose peer has sent nothing
   * since the stream was opened then asks it for a sign of life.
   */
  reset(code: number, late?: boolean): void
  /** Stops `data` until `resume`; flow control then holds the peer back. */
  pause(): void
  resume(): void
}

/** The client's end of one HTTP/2 connection. */
export interface Http2ClientConnection {
  /**
   * Opens a stream with the header fields of `headers`, then those of `more`. Never throws: failure comes as
   * `sink.reset`, not before the next tick.
   */
  open(headers: Http2Headers, more: Http2Headers | undefined, sink: Http2Sink): Http2Stream
  /** False once the connection takes no new stream (GOAWAY, closed, failed). */
  readonly usable: boolean
  /** Usable, and below the number of streams that it may have open at once. */
  readonly available: boolean
  /** The server has sent its SETTINGS. */
  readonly settled: boolean
  /** Largest header list that the server takes, in bytes as RFC 9113 section 6.5.2 counts them. */
  readonly maxHeaderListBytes: number
  /** Streams that are open or wait to be opened. */
  readonly openStreams: number
  /** Streams that were opened so far. */
  readonly opened: number
  readonly peer: Peer
  /** Takes no new stream, lets open ones end, then closes. Resolves when the socket is closed. */
  close(): Promise<void>
  /** Ends it now; open streams are reset. */
  destroy(): void
}

/** The server's end of one HTTP/2 connection. */
export interface Http2ServerConnection {
  /** Sends GOAWAY, lets open streams end, then closes. Resolves when the socket is closed. */
  drain(): Promise<void>
  /** Ends it now; open streams are reset. */
  destroy(): void
  /** Streams that are open now. */
  readonly openStreams: number
}

/** Takes a stream that a client opened; returns the sink that hears of the rest of it. `end`: no body follows. */
export type Http2Accept = (stream: Http2Stream, headers: Http2Headers, end: boolean) => Http2Sink

/**
 * When a connection asks its peer for a sign of life (PING, gRFC A8). What became due while no stream was open is sent
 * with the next one. Besides, a client sends one after a call that got no answer in time on a connection that has been
 * silent since: where no byte comes within a second, new calls go to another connection.
 */
export interface Http2Keepalive {
  /** Milliseconds since the last byte that was read. */
  readonly intervalMs: number
  /** Milliseconds to wait for the answer before the connection is given up. Default 20,000. */
  readonly timeoutMs?: number | undefined
  /** Also while no stream is open. Default false. */
  readonly whileIdle?: boolean | undefined
}

/** Options of a connection, either side. */
export interface Http2Options {
  /**
   * Bytes a peer may send on one stream before this side has read them. Default 1 MiB, growing to 16 MiB for peers that
   * are held back by it while they are read as fast as they send; a number is kept as it is.
   */
  readonly streamWindowBytes?: number | undefined
  /**
   * The same for all streams of a connection together. Default 16 MiB, growing to 64 MiB, and 48 MiB that wait for slow
   * readers do not count, so that those stop nobody else; a number is kept as it is, and counts every unread byte.
   */
  readonly connectionWindowBytes?: number | undefined
  /** Largest header list to take, in bytes as RFC 9113 section 6.5.2 counts them. Default 64 KiB. */
  readonly maxHeaderListBytes?: number | undefined
  /**
   * Default on a server: every 30 s with 10 s for the answer, also while idle; on a client: after 5 minutes, as often
   * as gRPC servers allow by default, with 20 s for the answer, while calls are open.
   */
  readonly keepalive?: Http2Keepalive | undefined
  /** Milliseconds until the peer must have sent its SETTINGS and acknowledged those of this side. Default 10,000. */
  readonly settingsTimeoutMs?: number | undefined
}

/** Why a connection of a client takes no new stream any more. */
export interface Http2Retirement {
  readonly reason: string
  /** The server asked for fewer PINGs. */
  readonly tooManyPings: boolean
}

/** Options of a client's connection. */
export interface Http2ClientOptions extends Http2Options {
  /** Streams to have open at once, where the server takes as many. Default: what the server takes. */
  readonly maxConcurrentStreams?: number | undefined
  /** Called once, when the server has sent its SETTINGS. */
  readonly onSettled?: (() => void) | undefined
  /** Called when there may be room for another stream. */
  readonly onRoom?: (() => void) | undefined
  /** Called once, when the connection takes no new stream any more; it may still have open ones. */
  readonly onRetired?: ((retirement: Http2Retirement) => void) | undefined
  /** Called once, when the socket is closed. */
  readonly onClose?: (() => void) | undefined
}

/** Options of a server's connection. */
export interface Http2ServerOptions extends Http2Options, ConnectionLifetimeOptions, StallLimits {
  /** What bodies are charged to that wait for their reader, and responses while they wait for their client. Default: nothing is counted. */
  readonly memory?: MemoryAccount | undefined
  /** Streams that one connection may have open at once. Default 1,000. */
  readonly maxConcurrentStreams?: number | undefined
  /** Streams that are closed and still cost this side work: they count against `maxConcurrentStreams`. Default: none. */
  readonly busyClosedStreams?: (() => number) | undefined
  /** The answer to a request whose header list of `bytes` is larger than `limit`. Default: the stream is reset. */
  readonly tooLarge?: ((bytes: number, limit: number) => Http2Headers) | undefined
  /** Which PINGs a client may send; who sends more is sent away with `too_many_pings`. Default: floods are refused, else all are answered. */
  readonly pingPolicy?: Http2PingPolicy | undefined
}
