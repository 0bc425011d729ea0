/** Replay: the request of a call kept for further attempts, within limits, until one attempt counts. */

import { Fifo } from '../../core/fifo.ts'
import { openIterator } from '../../core/iterator.ts'
import type { MethodKind } from '../../core/message/schema.ts'
import { streamsRequest } from '../../core/method-kind.ts'

/** Bytes that the calls of a transport may keep. */
export class ReplayBudget {
  readonly #perCall: number
  #left: number

  constructor(perCall: number, total: number) {
    this.#perCall = perCall
    this.#left = total
  }

  /** Takes `bytes` for a call that has `held` already; false when that is too much. */
  take(held: number, bytes: number): boolean {
    if (held + bytes > this.#perCall || bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  give(bytes: number): void {
    this.#left += bytes
  }
}

/** The request of one call. */
export class Replay {
  readonly #budget: ReplayBudget
  readonly #request: unknown
  readonly #source: AsyncIterator<unknown> | undefined
  /** Streamed messages that were asked of the source; `first` is the number of the first that is still kept. */
  readonly #messages = new Fifo<unknown>()
  #first = 0
  /** How the source ended. */
  #end: { readonly error: unknown } | undefined
  #pulling: Promise<void> | undefined
  /** Messages whose bytes are counted. */
  #counted = 0
  #bytes = 0
  /** No other attempt will read. */
  #committed = false

  constructor(budget: ReplayBudget, kind: MethodKind, request: unknown) {
    this.#budget = budget
    this.#request = request
    this.#source = streamsRequest(kind) ? openIterator(request as AsyncIterable<unknown>) : undefined
  }

  /** The request for an attempt. */
  open(): unknown {
    return this.#source === undefined ? this.#request : new ReplayReader(this, this.#source)
  }

  /** An attempt has sent its message number `count` (1 for the first). False when it is too much to be kept. */
  sent(count: number, bytes: number): boolean {
    if (this.#committed || count <= this.#counted) return true
    this.#counted = count
    if (!this.#budget.take(this.#bytes, bytes)) return false
    this.#bytes += bytes
    return true
  }

  /** One attempt counts: nothing is kept that it has read. */
  commit(): void {
    if (this.#committed) return
    this.#committed = true
    this.#budget.give(this.#bytes)
    this.#bytes = 0
  }

  get committed(): boolean {
    return this.#committed
  }

  /** The message of a number, undefined when it has not been asked for yet. Throws what the source threw. */
  at(number: number): IteratorResult<unknown> | undefined {
    const place = number - this.#first
    if (place < this.#messages.length) {
      const value = this.#messages.at(place)
      if (this.#committed) for (; this.#first <= number; this.#first++) this.#messages.shift()
      return { done: false, value }
    }
    if (this.#end === undefined) return undefined
    if (this.#end.error !== undefined) throw this.#end.error
    return { done: true, value: undefined }
  }

  /** Asks the source for another message; attempts that want it together get the same. */
  pull(source: AsyncIterator<unknown>): Promise<void> {
    this.#pulling ??= this.#pull(source)
    return this.#pulling
  }

  async #pull(source: AsyncIterator<unknown>): Promise<void> {
    try {
      const result = await source.next()
      if (result.done === true) this.#end = { error: undefined }
      else this.#messages.push(result.value)
    } catch (error) {
      this.#end = { error }
    } finally {
      this.#pulling = undefined
    }
  }
}

/** The stream of requests as one attempt reads it. */
class ReplayReader implements AsyncIterableIterator<unknown> {
  readonly #replay: Replay
  readonly #source: AsyncIterator<unknown>
  #next = 0
  #left = false

  constructor(replay: Replay, source: AsyncIterator<unknown>) {
    this.#replay = replay
    this.#source = source
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (!this.#left) {
      const result = this.#replay.at(this.#next)
      if (result !== undefined) {
        this.#next++
        return result
      }
      await this.#replay.pull(this.#source)
    }
    return { done: true, value: undefined }
  }

  /** An attempt that failed must not end the source for the others. */
  return(): Promise<IteratorResult<unknown>> {
    this.#left = true
    if (this.#replay.committed) this.#source.return?.()?.catch(() => {})
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
