/** IdleCheck: closes connections that nobody has used for a while. */

import { delayOf } from '../../core/context/delay.ts'
import type { Http2ClientConnection } from '../../http2/sink.ts'

/** Looks now and then, so that calls need not say that they were there; the timer keeps no process alive. */
export class IdleCheck {
  readonly #timeoutMs: number
  readonly #connections: ReadonlySet<Http2ClientConnection>
  /** Streams that each connection had opened at the last look, and when that number was first seen. */
  readonly #seen = new WeakMap<Http2ClientConnection, { readonly opened: number; readonly at: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, connections: ReadonlySet<Http2ClientConnection>) {
    this.#timeoutMs = timeoutMs
    this.#connections = connections
  }

  /** To call when there is a new connection. */
  start(): void {
    if (this.#timeoutMs <= 0 || this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#look(), Math.max(1, delayOf(this.#timeoutMs / 4))).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    if (this.#connections.size === 0) this.stop()
    const now = performance.now()
    for (const connection of [...this.#connections]) {
      const { opened } = connection
      const seen = this.#seen.get(connection)
      if (connection.openStreams > 0 || seen?.opened !== opened) this.#seen.set(connection, { opened, at: now })
      else if (now - seen.at >= this.#timeoutMs) connection.close()
    }
  }
}
