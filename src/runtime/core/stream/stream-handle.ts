/** A streamed response as its caller holds it: when nobody holds it any more, the call that feeds it ends. */

import type { CallStream } from './call-stream.ts'

/** Hears of streams that were collected before they ended. */
const dropped = new FinalizationRegistry<CallStream>((stream) => {
  stream.drop()
})

/** Streams so young that most will end before anybody could forget them: to hear of a collection costs 2 us. */
const young: StreamHandle[] = []
const youngAtMost = 256
const youngMs = 1000
let timer: ReturnType<typeof setTimeout> | undefined

function watchYoung(): void {
  clearTimeout(timer)
  timer = undefined
  for (const one of young.splice(0)) one.watch()
}

/**
 * The caller's handle of a stream. Nothing of the call points at it, so a caller that forgets a stream without reading
 * it to its end lets go of it, and the call is cancelled at a garbage collection instead of being kept for ever.
 */
export class StreamHandle implements AsyncIterableIterator<unknown> {
  readonly #stream: CallStream
  readonly #age: StreamAge

  constructor(stream: CallStream, age: StreamAge) {
    this.#stream = stream
    this.#age = age
    if (!stream.isOpen) return
    age.place = young.length
    young.push(this)
    if (young.length >= youngAtMost) watchYoung()
    else if (timer === undefined) {
      timer = setTimeout(watchYoung, youngMs)
      const handle: unknown = timer
      if (typeof handle === 'object') (handle as { unref?(): void }).unref?.()
    }
  }

  /** From now on its collection is heard of. */
  watch(): void {
    this.#age.place = watched
    dropped.register(this, this.#stream, this.#age)
  }

  /** Takes another place among the young. */
  moveTo(place: number): void {
    this.#age.place = place
    young[place] = this
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

const nowhere = -1
const watched = -2

/** How a held stream is known to those who tell of its end: its place among the young, or that it is watched. */
export class StreamAge {
  place: number = nowhere

  /** The stream has ended: its collection needs nobody's attention. */
  ended(): void {
    const { place } = this
    this.place = nowhere
    if (place === watched) dropped.unregister(this)
    else if (place >= 0) {
      const last = young.pop() as StreamHandle
      if (place < young.length) last.moveTo(place)
    }
  }
}
