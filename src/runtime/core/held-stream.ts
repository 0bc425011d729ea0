/** A streamed response as its caller holds it: when nobody holds it any more, the call that feeds it ends. */

import type { CallStream } from './call-stream.ts'

/** Hears of streams that were collected before they ended. */
const dropped = new FinalizationRegistry<CallStream>((stream) => {
  stream.drop()
})

/**
 * The caller's handle of a stream. Nothing of the call points at it, so a caller that forgets a stream without reading
 * it to its end lets go of it, and the call is cancelled at the next garbage collection instead of being kept for ever.
 */
export class HeldStream implements AsyncIterableIterator<unknown> {
  readonly #stream: CallStream

  constructor(stream: CallStream) {
    this.#stream = stream
    dropped.register(this, stream, stream)
  }

  /** The stream has ended: its collection needs nobody's attention. */
  static release(stream: CallStream): void {
    dropped.unregister(stream)
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#stream.next()
  }

  return(): Promise<IteratorResult<unknown>> {
    return this.#stream.return()
  }

  throw(error?: unknown): Promise<IteratorResult<unknown>> {
    return this.#stream.throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
