/** What can end early: a deadline, a cancellation with its reason, and those who want to hear of it. */

import { printError, type RpcError } from '../error.ts'
import { deadlineError, hasPassed } from './deadline-error.ts'
import { addDeadline, type DeadlineBucket, type DeadlineEntry, removeDeadline } from './deadline-timer.ts'

interface CancelListener {
  /** Undefined once removed. */
  run: ((reason: RpcError) => void) | undefined
  next: CancelListener | undefined
  previous: CancelListener | undefined
}

const nothing = (): void => {}

/**
 * The part of a context that ends early. Its owner extends it and calls `watchDeadline` at the start, `cancel` when
 * something ends it early and `end` when it is over. It is its own entry in the deadline timer, and the AbortController
 * (2 us) is made when somebody reads `signal`.
 */
export abstract class CancelScope implements DeadlineEntry {
  readonly deadline: number | undefined
  cancelled: RpcError | undefined = undefined
  /** False: nothing will ever cancel it, so listeners need not be kept. */
  cancellable = true
  /** It is over: nothing can cancel it any more. */
  ended = false
  deadlineBucket: DeadlineBucket | undefined = undefined
  deadlineNext: DeadlineEntry | undefined = undefined
  deadlinePrevious: DeadlineEntry | undefined = undefined
  #lastListener: CancelListener | undefined = undefined
  #controller: AbortController | undefined = undefined

  constructor(deadline: number | undefined) {
    this.deadline = deadline
  }

  get remainingMs(): number {
    return this.deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.deadline - performance.now())
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.cancelled !== undefined) this.#controller.abort(this.cancelled)
    }
    return this.#controller.signal
  }

  onCancel(listener: (reason: RpcError) => void): () => void {
    if (this.cancelled !== undefined) {
      listener(this.cancelled)
      return nothing
    }
    if (this.ended || !this.cancellable) return nothing
    const node: CancelListener = { run: listener, next: undefined, previous: this.#lastListener }
    if (this.#lastListener !== undefined) this.#lastListener.next = node
    this.#lastListener = node
    return () => this.#removeListener(node)
  }

  /** Ends it early; the first reason stands. CANCELLED after the deadline is DEADLINE_EXCEEDED. Does nothing once it is over. */
  cancel(why: RpcError): void {
    if (this.cancelled !== undefined || this.ended) return
    const reason = why.code === 'CANCELLED' && hasPassed(this.deadline) ? deadlineError(this.title(), why) : why
    this.cancelled = reason
    if (this.deadlineBucket !== undefined) removeDeadline(this)
    // Taken first: the owner may end the call, and its listeners still want to hear why.
    let node = this.#lastListener
    this.#lastListener = undefined
    this.endEarly(reason)
    while (node?.previous !== undefined) node = node.previous
    for (; node !== undefined; node = node.next) {
      try {
        node.run?.(reason)
      } catch (error) {
        printError(`volo: a cancel listener of ${this.title()} threw`, error)
      }
    }
    this.#controller?.abort(reason)
  }

  /** Starts to enforce the deadline, if there is one. False, with the scope cancelled, when it has passed at `at` (default: now). */
  watchDeadline(at?: number): boolean {
    const { deadline } = this
    if (deadline === undefined) return true
    const now = at ?? performance.now()
    if (deadline <= now) {
      this.expire()
      return false
    }
    addDeadline(this, deadline, now)
    return true
  }

  /** The deadline has passed. */
  expire(): void {
    this.cancel(deadlineError(this.title()))
  }

  /** It is over: lets go of its timer and listeners. */
  end(): void {
    this.ended = true
    if (this.deadlineBucket !== undefined) removeDeadline(this)
    this.#lastListener = undefined
  }

  /** What the owner does about a cancellation; runs before the listeners and must not throw. */
  protected endEarly(_reason: RpcError): void {}

  /** What it is, for messages: `Shop.checkout`. */
  protected abstract title(): string

  #removeListener(node: CancelListener): void {
    if (node.run === undefined) return
    node.run = undefined
    const { next, previous } = node
    if (previous !== undefined) previous.next = next
    if (next !== undefined) next.previous = previous
    else if (this.#lastListener === node) this.#lastListener = previous
  }
}
