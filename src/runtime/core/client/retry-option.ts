/** What a call or method may ask of the retry layer of its client. */

import type { BackoffOptions } from '../backoff.ts'
import { type Context, type ContextKey, sharedKey } from '../context/context.ts'
import type { RpcCode, RpcError } from '../error.ts'

/** What {@link RetryOptions.onRetry} hears. */
export interface RetryEvent {
  readonly cx: Context
  /** The number of the attempt that failed: 1 for the first. */
  readonly attempt: number
  readonly error: RpcError
  /** Milliseconds until the next attempt. */
  readonly waitMs: number
}

/** How a call is tried again. */
export interface RetryOptions {
  /** Attempts at most, the first included. 1: no retry. Default 3. */
  readonly attempts?: number | undefined
  /** The waits between attempts. Default: 50 ms, doubled each time up to 5 s, half of it left to chance. */
  readonly backoff?: BackoffOptions | undefined
  /** Codes of failures that another attempt may mend. Default UNAVAILABLE. */
  readonly codes?: readonly RpcCode[] | undefined
  /**
   * Methods, by their names on the client, that may run twice without harm, besides those that the IDL marks; `true`: all of
   * them. The others are tried again only when no byte of the request had left.
   */
  readonly idempotent?: boolean | readonly string[] | undefined
  /** Told before each wait. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined
}

/** Where a call's context holds what its caller asked for: settings over those of the layer, or `false` for no retry. */
export const retryOption: ContextKey<RetryOptions | false> = sharedKey('retry option')
