/** What a caller may say about one call, or once for all calls of a client. */

import type { Context } from './context.ts'
import type { Layer } from './layer.ts'
import type { Metadata, MetadataInit } from './metadata.ts'

/** Options of one call; they stand after the IDL's arguments. */
export interface CallOptions {
  /** Milliseconds the whole call may take, streams included. The earliest of this, the client's and the parent's deadline wins. */
  readonly timeoutMs?: number | undefined
  /** Cancels the call; its promise rejects with CANCELLED. */
  readonly signal?: AbortSignal | undefined
  /** Request metadata, after that of the client. */
  readonly metadata?: MetadataInit | undefined
  /**
   * The call that this one is made for: its deadline, cancellation and persistent metainfo are inherited. Default: the
   * running handler's context where inheritance is ambient, else none; `null` means none in either case.
   */
  readonly parent?: Context | null | undefined
  /** Metainfo entries of this call. */
  readonly metainfo?:
    | { readonly persistent?: Readonly<Record<string, string>>; readonly transient?: Readonly<Record<string, string>> }
    | undefined
  /** Called with the response headers when they have arrived. */
  readonly onHeaders?: ((headers: Metadata) => void) | undefined
  /** Called with the response trailers when the call has ended well. */
  readonly onTrailers?: ((trailers: Metadata) => void) | undefined
}

/** Options of a client. */
export interface ClientOptions {
  /** Time limit of each call in milliseconds; a call may ask for less. Default: none. */
  readonly timeoutMs?: number | undefined
  /** Metadata of every call. */
  readonly metadata?: MetadataInit | undefined
  /** This service's own name, told to the callee. Default: the transport's. */
  readonly caller?: string | undefined
  /** Layers around each call; the first sees the request first. */
  readonly layers?: readonly Layer[] | undefined
  /** Layers around each attempt of a call, inside retries. */
  readonly attemptLayers?: readonly Layer[] | undefined
}
