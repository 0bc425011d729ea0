/** MessageStream: the messages of a body as an AsyncIterable that holds the peer back when nobody reads. */

import { RpcError } from '../core/error.ts'
import { Fifo } from '../core/fifo.ts'
import type { ReadySource } from '../core/stream/call-stream.ts'
import { type Frame, FrameReader } from './framing.ts'

/** Bytes of whole messages that may wait for their reader before the peer is held back. */
const highWater = 64 * 1024

/** What a stream asks of the call it belongs to. */
export interface MessageFlow {
  pause(): void
  resume(): void
  /** The reader has left, or a message could not be read: nothing more is wanted. */
  leave(error: unknown): void
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Messages are decoded when they are asked for, so what waits is bytes, and bounded. `decode` may answer with a promise:
 * the messages behind it then wait.
 */
export class MessageStream<T = unknown> implements AsyncIterableIterator<T>, ReadySource<T> {
  readonly #decode: (frame: Frame) => T | Promise<T>
  readonly #reader: FrameReader
  readonly #flow: MessageFlow
  readonly #waiters = new Fifo<Waiter<T>>()
  #paused = false
  /** A message that takes its time to decode; later ones wait for it. */
  #decoding = false
  #decoded: { readonly value: T } | { readonly error: unknown } | undefined
  /** `ended`: the peer has sent everything; `closed`: nothing more comes out. */
  #state: 'open' | 'ended' | 'closed' = 'open'
  #error: unknown

  constructor(decode: (frame: Frame) => T | Promise<T>, maxBytes: number, flow: MessageFlow) {
    this.#decode = decode
    this.#reader = new FrameReader(maxBytes)
    this.#flow = flow
  }

  /** Takes a chunk of the body. */
  push(chunk: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#reader.push(chunk)
    this.#serve()
    if (this.#paused || this.#reader.buffered < highWater) return
    this.#guard(() => {
      if (!this.#reader.ready) return
      this.#paused = true
      this.#flow.pause()
    })
  }

  /** The peer is done: the messages that wait are still given out, then the error if there is one. */
  finish(error?: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#error = error
    this.#serve()
  }

  /** Ends at once: what waits is dropped. */
  fail(error: unknown): void {
    if (this.#state === 'closed') return
    this.#error = error
    this.#shut()
    this.#serve()
  }

  /** Bytes that wait to be decoded. */
  get buffered(): number {
    return this.#reader.buffered
  }

  takeReady(): IteratorResult<T> | undefined {
    return this.#waiters.length === 0 ? this.#take() : undefined
  }

  next(): Promise<IteratorResult<T>> {
    try {
      const result = this.takeReady()
      if (result !== undefined) return Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<T>> {
    if (this.#state !== 'closed') {
      this.#error = undefined
      this.#shut()
      this.#serve()
      this.#flow.leave(undefined)
    }
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next result, if it is there. Throws the error that the stream ended with, once. */
  #take(): IteratorResult<T> | undefined {
    if (this.#state !== 'closed') {
      if (this.#decoding) return undefined
      const message = this.#message()
      if (message !== undefined) return message
      if (this.#state === 'open' || this.#isDecoding) return undefined
      if (this.#reader.buffered > 0)
        this.#error ??= new RpcError('INTERNAL', 'the last message was cut off', { stack: false })
      this.#shut()
    }
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return { done: true, value: undefined }
  }

  #message(): IteratorResult<T> | undefined {
    try {
      const decoded = this.#decoded
      this.#decoded = undefined
      if (decoded !== undefined) {
        if ('error' in decoded) throw decoded.error
        return { done: false, value: decoded.value }
      }
      const frame = this.#reader.next()
      if (frame === undefined) return undefined
      if (this.#paused && this.#reader.buffered < highWater) {
        this.#paused = false
        this.#flow.resume()
      }
      const value = this.#decode(frame)
      if (!(value instanceof Promise)) return { done: false, value }
      this.#decoding = true
      value.then(
        (message) => this.#decodedLater({ value: message }),
        (error: unknown) => this.#decodedLater({ error }),
      )
      return undefined
    } catch (error) {
      this.#shut()
      this.#flow.leave(error)
      throw error
    }
  }

  /** A getter, since the compiler would take the field for unchanged across calls. */
  get #isDecoding(): boolean {
    return this.#decoding
  }

  #decodedLater(decoded: { readonly value: T } | { readonly error: unknown }): void {
    this.#decoding = false
    if (this.#state === 'closed') return
    this.#decoded = decoded
    this.#serve()
  }

  /** Gives waiting readers what is there. */
  #serve(): void {
    while (this.#waiters.length > 0) {
      let result: IteratorResult<T> | undefined
      try {
        result = this.#take()
      } catch (error) {
        this.#waiters.shift()?.reject(error)
        continue
      }
      if (result === undefined) return
      this.#waiters.shift()?.resolve(result)
    }
  }

  #guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.fail(error)
      this.#flow.leave(error)
    }
  }

  /** Nothing more comes out but the error. */
  #shut(): void {
    this.#state = 'closed'
    this.#decoded = undefined
    this.#reader.clear()
    if (!this.#paused) return
    this.#paused = false
    this.#flow.resume()
  }
}
