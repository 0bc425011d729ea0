/** What a call or method may ask of the retry layer of its client. */

import type { BackoffOptions } from '../backoff.ts'
import { type Context, type ContextKey, contextKey } from '../context/context.ts'
import type { Service } from '../context/service.ts'
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
export const retryOption: ContextKey<RetryOptions | false> = contextKey('retry option')

let applied = 0
const retrying = new WeakSet<Service>()

/** The retry layer says that it wraps a Service; {@link composeRetrying} listens. */
export function retryApplied(): void {
  applied++
}

/** Composes a chain of layers and remembers whether a retry layer is in it, however deep. */
export function composeRetrying(make: () => Service): Service {
  const before = applied
  const chain = make()
  if (applied !== before) retrying.add(chain)
  return chain
}

/** Whether a chain has a retry layer. */
export function retries(chain: Service): boolean {
  return retrying.has(chain)
}
