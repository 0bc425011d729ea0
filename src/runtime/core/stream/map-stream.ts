/** mapStream: the messages of a stream, each changed on its way; leaving it ends its source at once. */

import { CallStream, type CallStreamOptions } from './call-stream.ts'

/** Options of {@link mapStream}. */
export interface MapStreamOptions<T = unknown, U = T> extends Omit<CallStreamOptions<T, U>, 'map' | 'waitsForSource'> {}

/**
 * Wraps a stream of a call: gives what `map` makes of each message, one per `next()`, in order. `return()` and `throw()`
 * call `return()` of the source at once, also while a `next()` is pending, and settle when the source has ended. What
 * `map` throws fails the stream and ends the source. An async generator is not a replacement in a layer: its `return()`
 * waits for its pending `next()`, so that a silent source is never told that its consumer has left.
 *
 * @example Gives each message of a streamed request an upper-case text
 * const upper: Layer = (next) => (cx, request) => {
 *   if (cx.method.name !== 'Chat') return next(cx, request)
 *   return next(cx, mapStream(request as AsyncIterable<{ text: string }>, ({ text }) => ({ text: text.toUpperCase() })))
 * }
 */
export function mapStream<T, U>(
  source: AsyncIterable<T>,
  map: (message: T) => U,
  options: MapStreamOptions<T, U> = {},
): AsyncIterableIterator<U> {
  return new CallStream(source, { ...options, map, waitsForSource: true })
}
