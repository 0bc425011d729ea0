/** The context of one call: what layers, handlers and wires share about it. */

import { processWide } from '../copies/process-wide.ts'
import type { RpcError } from '../error.ts'
import type { Metadata } from '../metadata.ts'
import type { Metainfo } from '../metainfo.ts'
import type { MethodType, ServiceType } from '../service-type.ts'

/** The other end of a call. */
export interface Peer {
  /** `10.0.0.1:8080`, `[::1]:8080`, `unix:/run/shop.sock`, `inproc`. */
  readonly address: string
  readonly kind: 'tcp' | 'unix' | 'inproc' | 'thread'
  /** The TLS identity when the connection is encrypted. */
  readonly tls?: { readonly authorized: boolean; readonly servername?: string; readonly peerCertificate?: unknown }
}

/** A typed key of {@link Context.get}; make one with `contextKey`. */
export interface ContextKey<T> {
  readonly description: string
  /** Types only. */
  readonly $type?: T
}

/** A key of this package's own, the same in all its copies. */
/* @__NO_SIDE_EFFECTS__ */
export function sharedKey<T>(description: string): ContextKey<T> {
  return processWide(`context key ${description}`, () => contextKey<T>(description))
}

/** A new key for {@link Context.get} and {@link Context.set}; two calls make two different keys. */
export function contextKey<T>(description: string): ContextKey<T> {
  return { description }
}

/**
 * The context of one call, on either side. The stub makes the client's before the first layer runs, with the deadline
 * already fixed; a wire makes the server's when a request has arrived. It is mutable and shared down the chain.
 */
export interface Context {
  readonly role: 'client' | 'server'
  readonly service: ServiceType
  readonly method: MethodType
  /** Name of the calling service; empty when unknown. */
  caller: string
  /** Name of the called service. */
  callee: string
  /** Server: who called. Client: who was called, known once a transport has chosen a connection. */
  peer: Peer | undefined
  /** When the call must have ended, in milliseconds of `performance.now()`; undefined means never. */
  readonly deadline: number | undefined
  /** Milliseconds left until the deadline, at least 0; `Infinity` without one. */
  readonly remainingMs: number
  /** Aborts when the call is cancelled, its deadline passes, or its peer goes away; made on first read. */
  readonly signal: AbortSignal
  /** Why the call has ended early; undefined while it has not. Cheaper than `signal.aborted`. */
  readonly cancelled: RpcError | undefined
  /** Registers a function to run once when the call ends early; it runs at once if it already has. Returns its removal. */
  onCancel(listener: (reason: RpcError) => void): () => void
  readonly metainfo: Metainfo
  /** Metadata of the request: written by the client's layers, read by the server's. */
  readonly requestHeaders: Metadata
  /** Metadata that comes before the response: written on the server, read on the client. */
  readonly responseHeaders: Metadata
  /** Metadata that comes after the response; over Thrift it joins the headers. */
  readonly responseTrailers: Metadata
  /** A typed value that layers left here. */
  get<T>(key: ContextKey<T>): T | undefined
  set<T>(key: ContextKey<T>, value: T): void
}
