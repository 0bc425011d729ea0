/**
 * The order in which the requests of one connection start and are answered. The sequence id decides, since it is how a
 * client finds the call of a reply:
 *
 * - A request with a sequence id of its own starts at once and is answered as soon as it ends. A request whose id is 0
 *   (Apache's C++ and Python always write that), or that of a request still unanswered, starts when all earlier ones have
 *   ended.
 * - While a oneway request runs, no later one starts, unless the client takes replies in any order (FLAGS bit 0).
 * - Without a frame (buffered), replies leave in the order of their requests as well.
 *
 * With order `strict`, each request starts when all earlier ones have ended, as in Apache's and Kitex's servers.
 *
 * | state of a request \ event | arrives | its turn | ends | connection is lost |
 * |---|---|---|---|---|
 * | new | `waiting`, or `running` if it may start | | | |
 * | `waiting` | | `running`; refused requests: ended | | dropped |
 * | `running` | | | ended: answered, or `expected` behind earlier ones (buffered) | dropped |
 */

import { Fifo } from '../../core/fifo.ts'
import type { ServerCall } from '../../core/router.ts'
import type { Exchange } from './dispatch.ts'

/** What a {@link ReplyOrder} goes by and calls. */
export interface ReplyOrderOptions {
  readonly order: 'sequence' | 'strict'
  /** Waiting requests above which no further one is to be read. */
  readonly maxWaiting: number
  /** Runs a request that has a call; `end` is to be called when it has ended, later. */
  readonly run: (exchange: Exchange, call: ServerCall) => void
  /** Writes a reply. */
  readonly send: (exchange: Exchange) => void
}

/** Starts requests and sends replies, each in its turn. */
export class ReplyOrder {
  /** The client takes replies in any order: oneway requests hold nothing up. */
  anyOrder = false
  readonly #options: ReplyOrderOptions
  /** By sequence id. */
  readonly #running = new Map<number, Exchange>()
  readonly #waiting = new Fifo<Exchange>()
  /** The oneway request that holds up all later ones. */
  #barrier: Exchange | undefined
  /** Unframed requests that have started and are not answered, oldest first. */
  readonly #expected = new Fifo<Exchange>()
  /** Of these, the ones that have ended. */
  readonly #ended = new Set<Exchange>()

  constructor(options: ReplyOrderOptions) {
    this.#options = options
  }

  /** How many requests run. */
  get running(): number {
    return this.#running.size
  }

  /** Whether enough requests wait: reading further ones would only take memory. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#options.maxWaiting
  }

  /** Whether every request has been answered. */
  get isEmpty(): boolean {
    return this.#running.size === 0 && this.#waiting.length === 0 && this.#expected.length === 0
  }

  /** Takes a request, in the order of arrival. */
  add(exchange: Exchange): void {
    if (this.#waiting.length === 0 && this.#mayStart(exchange)) this.#start(exchange)
    else {
      exchange.call?.wait()
      this.#waiting.push(exchange)
    }
  }

  /** A request that ran has ended. */
  end(exchange: Exchange): void {
    this.#running.delete(exchange.form.headerSequence)
    if (this.#barrier === exchange) this.#barrier = undefined
    this.#answer(exchange)
    if (this.#waiting.length > 0) this.#startWaiting()
  }

  /** Drops all requests; the calls of those that run or wait. */
  clear(): ServerCall[] {
    const exchanges = [...this.#running.values(), ...this.#waiting.takeAll()]
    this.#running.clear()
    this.#barrier = undefined
    this.#expected.clear()
    this.#ended.clear()
    return exchanges.flatMap(({ call }) => (call === undefined ? [] : [call]))
  }

  #mayStart({ form: { headerSequence: sequence } }: Exchange): boolean {
    if (this.#running.size === 0) return true
    if (this.#barrier !== undefined || this.#options.order === 'strict') return false
    return sequence !== 0 && !this.#running.has(sequence)
  }

  #start(exchange: Exchange): void {
    const { call, form, isAnswered } = exchange
    if (isAnswered && form.framing === 'buffered') this.#expected.push(exchange)
    if (call === undefined) {
      this.#answer(exchange)
      return
    }
    this.#running.set(form.headerSequence, exchange)
    if (!isAnswered && !this.anyOrder) this.#barrier = exchange
    this.#options.run(exchange, call)
  }

  #startWaiting(): void {
    for (let next = this.#waiting.peek(); next !== undefined && this.#mayStart(next); next = this.#waiting.peek()) {
      this.#waiting.shift()
      this.#start(next)
    }
  }

  #answer(exchange: Exchange): void {
    if (!exchange.isAnswered) return
    if (exchange.form.framing !== 'buffered') {
      this.#options.send(exchange)
      return
    }
    this.#ended.add(exchange)
    for (
      let next = this.#expected.peek();
      next !== undefined && this.#ended.delete(next);
      next = this.#expected.peek()
    ) {
      this.#expected.shift()
      this.#options.send(next)
    }
  }
}
