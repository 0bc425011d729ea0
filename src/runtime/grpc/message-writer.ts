/** MessageWriter: the messages of an iterable written to a stream, no faster than the peer reads. */

import { leaveIterator } from '../core/iterator.ts'
import { CallStream } from '../core/stream/call-stream.ts'
import type { Http2Stream } from '../http2/sink.ts'

const nothing = new Uint8Array(0)

/** Any iterable of messages. */
export type Messages = AsyncIterable<unknown> | Iterable<unknown>

/** Pulls messages one at a time, encodes them, writes them, and waits while the stream has no room. */
export class MessageWriter {
  /** Waiting for the peer to read. */
  blocked = false
  #stream: Http2Stream
  readonly #encode: (message: unknown) => Uint8Array
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined
  #stopped = false
  #ended = false
  #drained: (() => void) | undefined

  constructor(stream: Http2Stream, encode: (message: unknown) => Uint8Array) {
    this.#stream = stream
    this.#encode = encode
  }

  /** Resolves with true when every message is written, with false when stopped; rejects with what the iterable or the codec threw. */
  async run(messages: Messages): Promise<boolean> {
    const iterator = Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]()
    this.#iterator = iterator
    if (iterator instanceof CallStream) return this.#pump(iterator)
    for (;;) {
      if (this.#stopped) return false
      const result = await iterator.next()
      if (this.#stopped) return false
      if (result.done === true) return true
      if (!this.#write(result.value)) await new Promise<void>((resolve) => this.#wait(resolve))
    }
  }

  /** The same without a promise per message. */
  #pump(stream: CallStream): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isReading = false
      let goesOn = false
      // A message that is there already comes while the stream is being read: a loop, where recursion would be deep.
      const read = (): void => {
        goesOn = true
        if (isReading) return
        isReading = true
        while (goesOn) {
          goesOn = false
          if (this.#stopped) resolve(false)
          else stream.read(take, reject)
        }
        isReading = false
      }
      const take = (result: IteratorResult<unknown>): void => {
        if (this.#stopped || result.done === true) {
          resolve(!this.#stopped)
          return
        }
        try {
          if (this.#write(result.value)) read()
          else this.#wait(read)
        } catch (error) {
          reject(error)
        }
      }
      read()
    })
  }

  /** False when the stream has no room for more. */
  #write(message: unknown): boolean {
    try {
      return this.#stream.write(this.#encode(message), false)
    } catch (error) {
      this.stop()
      throw error
    }
  }

  #wait(drained: () => void): void {
    this.blocked = true
    this.#drained = drained
  }

  /** Closes this side of the stream; to call when every message is written. */
  end(): void {
    this.#ended = true
    this.#stream.write(nothing, true)
  }

  /** Goes on with another stream, to which what was written so far has been written again. */
  moveTo(stream: Http2Stream): void {
    this.#stream = stream
    if (this.#ended) this.end()
    else this.drain()
  }

  /** The stream has room again. */
  drain(): void {
    this.blocked = false
    const drained = this.#drained
    // Taken first: it may write until there is no room again.
    this.#drained = undefined
    drained?.()
  }

  /** Stops writing and tells the iterable, which may free what it holds. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.drain()
    leaveIterator(this.#iterator)
  }
}
