/** Wire: what a port can speak. The contract between `serve/`, which owns sockets, and the protocols behind them. */

import type { RpcError } from './error.ts'
import type { Router } from './router.ts'

/** What a wire says of the first bytes of a connection. `more`: undecided, call again with more bytes. */
export type WireMatch = 'yes' | 'no' | 'more'

/** What calls have come to; times are those of `Date.now()`, undefined while there was none. */
export interface CallCounts {
  readonly started: number
  readonly succeeded: number
  readonly failed: number
  readonly messagesReceived: number
  readonly messagesSent: number
  readonly lastCallAt: number | undefined
  readonly lastReceivedAt: number | undefined
  readonly lastSentAt: number | undefined
}

/** What a wire knows of a connection. */
export interface ConnectionFigures {
  /** Calls that are open now. */
  readonly openCalls: number
  /** Present where calls are counted. */
  readonly calls?: CallCounts | undefined
}

/** A connection that a wire has accepted, so that the server can drain and close it. */
export interface WireConnection {
  /** Stop taking requests (crrst, GOAWAY), answer those in flight, then close. Resolves when the socket is closed. */
  drain(): Promise<void>
  /** Close now; calls in flight see their context cancelled as UNAVAILABLE. */
  destroy(): void
  /** Figures of the connection as it is now; absent where a wire keeps none. */
  figures?(): ConnectionFigures
}

/** A protocol of a port. `Socket` is `Connection` of `net/`; core names no socket. */
export interface Wire<Socket> {
  readonly name: string
  /** Decides from the first bytes (at least one, at most 64). Pure. */
  match(first: Uint8Array): WireMatch
  /** ALPN protocol ids that choose this wire without sniffing. */
  readonly alpn: readonly string[]
  /** Takes over the socket. `first` has been read from it already and must be treated as its first bytes. */
  accept(socket: Socket, first: Uint8Array, router: Router): WireConnection
  /** Takes over a socket that is not served: tells the client `reason` as the protocol can, and closes. */
  refuse?(socket: Socket, first: Uint8Array, router: Router, reason: RpcError): void
}
