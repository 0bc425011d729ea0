/** Both ends of a stream that crosses between threads: a sender that waits for credit, a receiver that gives it. */

import { Fifo } from '../../core/fifo.ts'
import { leaveIterator, openIterator } from '../../core/iterator.ts'

/** Where the messages of a {@link StreamSender} go. */
export interface StreamTarget {
  /** Sends one message. What it throws ends the stream as `failed`. */
  message(message: unknown): void
  /** The source has finished. */
  ended(): void
  failed(error: unknown): void
}

/** Pulls an iterable while the other side has room. */
export class StreamSender {
  readonly #iterator: AsyncIterator<unknown>
  readonly #target: StreamTarget
  #credit: number
  #wake: (() => void) | undefined = undefined
  #over = false

  /** `credit` messages may be sent at once. */
  constructor(source: AsyncIterable<unknown>, credit: number, target: StreamTarget) {
    this.#iterator = openIterator(source)
    this.#credit = credit
    this.#target = target
    this.#run()
  }

  add(credit: number): void {
    this.#credit += credit
    this.#wake?.()
  }

  /** Nobody wants more: the source is told and not waited for. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.#wake?.()
    leaveIterator(this.#iterator)
  }

  async #run(): Promise<void> {
    const iterator = this.#iterator
    const target = this.#target
    try {
      for (;;) {
        if (this.#credit === 0) await this.#more()
        if (this.#over) return
        const result = await iterator.next()
        if (this.#over) return
        if (result.done === true) {
          this.#over = true
          target.ended()
          return
        }
        this.#credit--
        target.message(result.value)
      }
    } catch (error) {
      if (this.#over) return
      this.stop()
      target.failed(error)
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (this.#credit === 0 && !this.#over) return
        this.#wake = undefined
        resolve()
      }
    })
  }
}

/** What a {@link StreamReceiver} tells its owner. */
export interface StreamSource<Arrived> {
  decode(arrived: Arrived): unknown
  /** So many messages have been read: as many more may come. */
  read(count: number): void
  /** The reader has left. */
  left(): void
}

type Result = IteratorResult<unknown>

/** Keeps what has arrived until it is read; never more than the window that it was made with. */
export class StreamReceiver<Arrived> implements AsyncIterableIterator<unknown> {
  readonly #source: StreamSource<Arrived>
  readonly #announceFrom: number
  readonly #arrived = new Fifo<Arrived>()
  readonly #readers = new Fifo<{
    readonly resolve: (result: Result) => void
    readonly reject: (error: unknown) => void
  }>()
  #taken = 0
  #end: 'open' | 'done' | 'failed' | 'left' = 'open'
  #error: unknown = undefined

  constructor(window: number, source: StreamSource<Arrived>) {
    this.#source = source
    this.#announceFrom = Math.max(1, window >> 1)
  }

  /** A message has arrived. */
  push(arrived: Arrived): void {
    if (this.#end !== 'open') return
    const reader = this.#readers.shift()
    if (reader === undefined) {
      this.#arrived.push(arrived)
      return
    }
    try {
      reader.resolve(this.#take(arrived))
    } catch (error) {
      reader.reject(error)
    }
  }

  /** The other side has finished; what has arrived can still be read. */
  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'done'
    for (const reader of this.#readers.takeAll()) reader.resolve({ done: true, value: undefined })
  }

  /** The other side has failed; what has arrived can still be read. */
  fail(error: unknown): void {
    if (this.#end !== 'open') return
    this.#end = 'failed'
    this.#error = error
    const [first, ...others] = this.#readers.takeAll()
    if (first !== undefined) {
      this.#end = 'done'
      first.reject(error)
    }
    for (const reader of others) reader.resolve({ done: true, value: undefined })
  }

  next(): Promise<Result> {
    const first = this.#arrived.shift()
    if (first !== undefined) {
      try {
        return Promise.resolve(this.#take(first))
      } catch (error) {
        return Promise.reject(error)
      }
    }
    if (this.#end === 'failed') {
      this.#end = 'done'
      return Promise.reject(this.#error)
    }
    if (this.#end !== 'open') return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject })
    })
  }

  return(): Promise<Result> {
    const wasOpen = this.#end === 'open'
    this.#arrived.clear()
    this.finish()
    this.#end = 'left'
    if (wasOpen) this.#source.left()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(arrived: Arrived): Result {
    if (++this.#taken >= this.#announceFrom && this.#end === 'open') {
      this.#source.read(this.#taken)
      this.#taken = 0
    }
    return { done: false, value: this.#source.decode(arrived) }
  }
}
