/** The order in which the replies of one connection leave. */

import type { Exchange } from './dispatch.ts'

/**
 * Holds replies back until their turn. Clients without a frame around their messages read replies in the order of their
 * requests; all others find the call of a reply by its sequence id.
 */
export class ReplyOrder {
  readonly #send: (exchange: Exchange) => void
  /** Requests without a frame that have not been answered, oldest first. */
  readonly #expected: Exchange[] = []
  /** Of these, the ones that have ended. */
  readonly #ended = new Set<Exchange>()

  /** `send` writes a reply. */
  constructor(send: (exchange: Exchange) => void) {
    this.#send = send
  }

  /** Whether no reply is held back or expected in order. */
  get isEmpty(): boolean {
    return this.#expected.length === 0
  }

  /** To call for each request in the order of arrival. */
  begin(exchange: Exchange): void {
    if (exchange.isAnswered && exchange.form.framing === 'buffered') this.#expected.push(exchange)
  }

  /** To call once for each request when it has ended. */
  end(exchange: Exchange): void {
    if (!exchange.isAnswered) return
    if (exchange.form.framing !== 'buffered') {
      this.#send(exchange)
      return
    }
    this.#ended.add(exchange)
    for (let next = this.#expected[0]; next !== undefined && this.#ended.delete(next); next = this.#expected[0]) {
      this.#expected.shift()
      this.#send(next)
    }
  }
}
