/** What a caller may say about one call, or once for all calls of a client. */

import type { Context } from '../context/context.ts'
import type { Layer } from '../layer.ts'
import type { Metadata, MetadataInit } from '../metadata.ts'
import type { RetryOptions } from './retry-option.ts'

/** Options of one call; they stand after the IDL's arguments. */
export interface CallOptions {
  /**
   * Milliseconds the whole call may take, streams and retries included. The earliest of this, the method's or else the
   * client's, and the parent's deadline wins.
   */
  readonly timeoutMs?: number | undefined
  /**
   * Where the call goes instead of the transport's own address: `10.0.0.1:8080`, `unix:/run/shop.sock`. INVALID_ARGUMENT
   * where the transport goes to one place only; `thrift()` goes anywhere.
   */
  readonly address?: string | undefined
  /** Words for layers, which find them in the context under `callTags`; they are not sent. */
  readonly tags?: Readonly<Record<string, string>> | undefined
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
  /**
   * What the client's `retry` layer does for this call: settings over its own, or `false` for no retry. Settings for a
   * client without such a layer are INVALID_ARGUMENT.
   */
  readonly retry?: RetryOptions | false | undefined
  /**
   * Runs before the first layer, with the context of the call: for what only one transport knows, such as
   * `prepare: grpcCall({ waitForReady: true })`.
   */
  readonly prepare?: ((cx: Context) => void) | undefined
  /** Called once with the response headers when they arrive, whatever becomes of the call; not when it ends without any. */
  readonly onHeaders?: ((headers: Metadata) => void) | undefined
  /** Called with the response trailers when the call has ended well. */
  readonly onTrailers?: ((trailers: Metadata) => void) | undefined
}

/** What a client does differently for one of its methods. */
export interface MethodOptions {
  /** Time limit of its calls in milliseconds, instead of the client's; a call may ask for less. */
  readonly timeoutMs?: number | undefined
  /** What the client's `retry` layer does for its calls, unless a call says otherwise. */
  readonly retry?: RetryOptions | false | undefined
}

/** Options of a client; `C` is the interface of the client, whose methods `methods` may name. */
export interface ClientOptions<C = unknown> {
  /** Time limit of each call in milliseconds; a call may ask for less. Default: none. */
  readonly timeoutMs?: number | undefined
  /** What is different for single methods, by their names on the client. */
  readonly methods?: { readonly [M in keyof C]?: MethodOptions | undefined } | undefined
  /** Metadata of every call. */
  readonly metadata?: MetadataInit | undefined
  /** This service's own name, told to the callee. Default: the transport's. */
  readonly caller?: string | undefined
  /** Layers around each call; the first sees the request first. */
  readonly layers?: readonly Layer[] | undefined
  /** Layers around each attempt of a call, inside retries. */
  readonly attemptLayers?: readonly Layer[] | undefined
}
