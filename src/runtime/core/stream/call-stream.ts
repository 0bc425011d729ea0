/** One stream of a call as its consumer sees it: pulled, ended exactly once, never stuck behind a silent producer. */

import { brand, hasSymbol } from '../copies/brand.ts'
import { ofThisVersion } from '../copies/process-wide.ts'
import { Fifo } from '../fifo.ts'
import { leaveIterator, openIterator } from '../iterator.ts'
import { nextTurn, turnIsOverdue } from './event-loop-yield.ts'

/** Messages between two looks at the clock. */
const messagesPerLook = 16

/** What the owner of a stream wants to know or change. */
export interface CallStreamOptions<In, Out> {
  /** Changes each message on its way; what it throws fails the stream. */
  readonly map?: ((message: In) => Out) | undefined
  /** Turns what the producer threw into what the consumer sees. */
  readonly mapError?: ((error: unknown) => unknown) | undefined
  /** Runs once: the producer finished (`done`), it failed or the stream was failed (`error`), or the consumer left (`left`). */
  readonly onEnd?: ((how: 'done' | 'error' | 'left', error: unknown) => void) | undefined
  /** Runs once when the source really is over: it finished, failed, or has answered `return()`; after `onEnd`. */
  readonly onGone?: (() => void) | undefined
  /**
   * `return()` settles when the source is over, so that a stream around this one knows the end of the source. Default:
   * it settles at once, as for the outermost stream of a call.
   */
  readonly waitsForSource?: boolean | undefined
}

/** A source of messages that can tell at once what is there already, which saves promises. */
export interface ReadySource<T> {
  /** The next result, if it is there and nobody else waits for one. Throws what `next()` would reject with. */
  takeReady(): IteratorResult<T> | undefined
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void
  readonly reject: (error: unknown) => void
}

/**
 * The consumer's end of a stream. One message is asked of the source per `next()`, so the source is held back by its
 * reader. `fail` ends it from outside at once, also while the source is silent; the source is then told with
 * `return()` and not waited for. An error is seen by one `next()`; later ones answer done.
 */
export class CallStream<In = unknown, Out = In> implements AsyncIterableIterator<Out>, ReadySource<Out> {
  readonly #options: CallStreamOptions<In, Out>
  #source: AsyncIterator<In> | undefined = undefined
  /** The source, where it can tell what is there. */
  #ready: ReadySource<In> | undefined = undefined
  #state: 'open' | 'failed' | 'closed' = 'open'
  #error: unknown = undefined
  /** Readers in the order of their `next()`; the first one's message has been asked for once `pulling` is set. */
  readonly #waiters = new Fifo<Waiter<Out>>()
  #pulling = false
  #prefetched: IteratorResult<Out> | undefined = undefined
  #sinceLook = 0
  #isDropped = false

  /** Without a source, readers wait until `attach`. */
  constructor(source: AsyncIterable<In> | undefined, options: CallStreamOptions<In, Out>) {
    this.#options = options
    if (source !== undefined) this.#open(source)
  }

  /** Gives the stream its source. If the stream has ended meanwhile, the source is told so. */
  attach(source: AsyncIterable<In>): void {
    this.#open(source)
    if (this.#state === 'open') this.#pull()
    else this.#leaveSource()
  }

  /** It can still give messages or be failed. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  next(): Promise<IteratorResult<Out>> {
    let result: IteratorResult<Out> | undefined
    try {
      result = this.takeReady()
    } catch (error) {
      return Promise.reject(error)
    }
    if (result !== undefined) return Promise.resolve(result)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#pull()
    })
  }

  /** The same as `next()` with functions in place of a promise; one of them may run before this returns. */
  read(resolve: (result: IteratorResult<Out>) => void, reject: (error: unknown) => void): void {
    let result: IteratorResult<Out> | undefined
    try {
      result = this.takeReady()
    } catch (error) {
      reject(error)
      return
    }
    if (result !== undefined) {
      resolve(result)
      return
    }
    this.#waiters.push({ resolve, reject })
    this.#pull()
  }

  takeReady(): IteratorResult<Out> | undefined {
    if (this.#state !== 'open') return this.#takeEnd()
    const ready = this.#ready
    const prefetched = this.#prefetched
    if (prefetched !== undefined) {
      this.#prefetched = undefined
      return prefetched
    }
    if (ready === undefined || this.#pulling || this.#waiters.length > 0) return undefined
    if (++this.#sinceLook >= messagesPerLook) {
      // The message that is pulled instead looks at the clock again, and waits for the next turn.
      if (turnIsOverdue()) return undefined
      this.#sinceLook = 0
    }
    let result: IteratorResult<In> | undefined
    try {
      result = ready.takeReady()
    } catch (error) {
      this.#onError(error)
      return this.#takeEnd()
    }
    if (result === undefined) return undefined
    if (result.done === true) {
      this.#finish()
      return this.#takeEnd()
    }
    const { map } = this.#options
    if (map === undefined) return result as unknown as IteratorResult<Out>
    let value: Out
    try {
      value = map(result.value)
    } catch (error) {
      this.#mapFailed(error)
      return this.#takeEnd()
    }
    return this.isOpen ? { done: false, value } : this.#takeEnd()
  }

  /** Asks for the first message and keeps it for the first `next()`. Rejects when the stream fails before it. */
  async prefetch(): Promise<void> {
    const result = await this.next()
    if (result.done !== true && this.#state === 'open') this.#prefetched = result
  }

  /** The consumer leaves. Unless told so, it does not wait for the clean-up of the producer, as over a network. */
  return(): Promise<IteratorResult<Out>> {
    const done = { done: true, value: undefined } as const
    if (this.#state === 'open') {
      this.#close('left', undefined)
      if (this.#options.waitsForSource === true) return new Promise((resolve) => this.#leaveSource(() => resolve(done)))
      this.#leaveSource()
    } else this.#state = 'closed'
    return Promise.resolve(done)
  }

  /** Nobody can ask for a message any more: the consumer leaves when those who asked have theirs. */
  drop(): void {
    if (this.#waiters.length === 0) this.return()
    else this.#isDropped = true
  }

  throw(error?: unknown): Promise<IteratorResult<Out>> {
    return this.return().then(() => Promise.reject(error))
  }

  /** Ends the stream with an error from outside. Does nothing when it has ended. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#close('error', error)
    this.#leaveSource()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #open(source: AsyncIterable<In>): void {
    const iterator = openIterator(source)
    this.#source = iterator
    if ('takeReady' in iterator) this.#ready = iterator as unknown as ReadySource<In>
  }

  /** What a stream that is over says: its error, once, and then that it is done. */
  #takeEnd(): IteratorResult<Out> {
    if (this.#state === 'failed') {
      this.#state = 'closed'
      throw this.#error
    }
    return { done: true, value: undefined }
  }

  /** The source has given everything. */
  #finish(): void {
    this.#close('done', undefined)
    this.#options.onGone?.()
  }

  /** What the consumer sees of an error. */
  #seenAs(error: unknown): unknown {
    const { mapError } = this.#options
    if (mapError === undefined) return error
    try {
      return mapError(error)
    } catch (second) {
      return second
    }
  }

  #mapFailed(error: unknown): void {
    const seen = this.#seenAs(error)
    if (this.#state === 'open') this.#close('error', seen)
    this.#leaveSource()
  }

  #pull(): void {
    if (this.#pulling || this.#source === undefined || this.#waiters.length === 0) return
    this.#pulling = true
    try {
      const result = this.#source.next()
      const later = result instanceof Promise ? result : Promise.resolve(result)
      later.then(this.#onResult, this.#onError)
    } catch (error) {
      Promise.reject(error).catch(this.#onError)
    }
  }

  readonly #onResult = (result: IteratorResult<In>): void => {
    if (this.#state !== 'open') return
    this.#pulling = false
    let isDone: boolean
    try {
      isDone = result.done === true
    } catch (error) {
      // An iterator that answers with something else than a result.
      this.#onError(error)
      return
    }
    if (isDone) {
      this.#finish()
      return
    }
    const { map } = this.#options
    let message: Out
    try {
      message = map === undefined ? (result.value as unknown as Out) : map(result.value)
    } catch (error) {
      this.#mapFailed(error)
      return
    }
    if (++this.#sinceLook >= messagesPerLook) {
      this.#sinceLook = 0
      // Both ends may live on promises alone: timers and sockets get their turn here.
      if (turnIsOverdue()) {
        this.#pulling = true
        nextTurn(() => {
          this.#pulling = false
          if (this.#state === 'open') this.#deliver(message)
        })
        return
      }
    }
    this.#deliver(message)
  }

  #deliver(message: Out): void {
    this.#waiters.shift()?.resolve({ done: false, value: message })
    if (this.#isDropped && this.#waiters.length === 0) this.return()
    else this.#pull()
  }

  readonly #onError = (error: unknown): void => {
    if (this.#state !== 'open') return
    const seen = this.#seenAs(error)
    if (this.#state !== 'open') return
    this.#close('error', seen)
    this.#options.onGone?.()
  }

  #close(how: 'done' | 'error' | 'left', error: unknown): void {
    const [first, ...others] = this.#waiters.takeAll()
    this.#prefetched = undefined
    this.#state = 'closed'
    let failed = how === 'error'
    let seen = error
    try {
      this.#options.onEnd?.(how, error)
    } catch (thrown) {
      failed = true
      seen = thrown
    }
    if (!failed) first?.resolve({ done: true, value: undefined })
    else if (first !== undefined) first.reject(seen)
    else if (how !== 'left') {
      this.#state = 'failed'
      this.#error = seen
    }
    for (const waiter of others) waiter.resolve({ done: true, value: undefined })
  }

  #leaveSource(then: () => void = nothing): void {
    if (this.#source === undefined) then()
    else
      leaveIterator(this.#source, () => {
        this.#options.onGone?.()
        then()
      })
  }
}
brand(CallStream, ofThisVersion('CallStream'))

const nothing = (): void => {}

/** Whether a value can be read with `for await`. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return hasSymbol(value, Symbol.asyncIterator)
}
