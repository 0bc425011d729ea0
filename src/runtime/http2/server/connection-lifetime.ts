/** ConnectionLifetime: how old a server's connection may grow, and how long it may stand idle. */

import { delayOf, longestDelayMs } from '../../core/context/delay.ts'

/** The limits of {@link ConnectionLifetime}. */
export interface ConnectionLifetimeOptions {
  /**
   * Milliseconds, give or take a tenth, after which a connection is sent away, so that clients spread over servers
   * again. Default: never.
   */
  readonly maxAgeMs?: number | undefined
  /** Milliseconds that its calls then have. Default: as long as they take. */
  readonly maxAgeGraceMs?: number | undefined
  /** Milliseconds without a call after which a connection is sent away. Default: never. */
  readonly maxIdleMs?: number | undefined
}

/** What it asks of its connection. */
export interface ConnectionLifetimeHost {
  /** Takes no new stream, lets open ones end. */
  drain(): unknown
  destroy(): void
}

/** Timers of one connection; they keep no process alive. Made only where a limit is set. */
export class ConnectionLifetime {
  readonly #host: ConnectionLifetimeHost
  readonly #options: ConnectionLifetimeOptions
  #age: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #idleSince: number = performance.now()
  #busy = false

  constructor(host: ConnectionLifetimeHost, options: ConnectionLifetimeOptions) {
    this.#host = host
    this.#options = options
    const { maxAgeMs, maxIdleMs } = options
    if (maxAgeMs !== undefined && maxAgeMs < longestDelayMs) {
      // Connections that were made at once must not come back at once.
      const ms = delayOf(maxAgeMs * (0.9 + Math.random() * 0.2))
      this.#age = setTimeout(() => this.#aged(), ms).unref()
    }
    if (maxIdleMs !== undefined && maxIdleMs < longestDelayMs) this.#watchIdle(maxIdleMs)
  }

  /** A first stream was opened. */
  busy(): void {
    this.#busy = true
  }

  /** The last stream was closed. */
  idle(): void {
    this.#busy = false
    if (this.#idle !== undefined) this.#idleSince = performance.now()
  }

  stop(): void {
    clearTimeout(this.#age)
    clearTimeout(this.#idle)
  }

  #aged(): void {
    this.#host.drain()
    const { maxAgeGraceMs } = this.#options
    if (maxAgeGraceMs === undefined || maxAgeGraceMs >= longestDelayMs) return
    this.#age = setTimeout(() => this.#host.destroy(), maxAgeGraceMs).unref()
  }

  #watchIdle(ms: number): void {
    this.#idle = setTimeout(() => {
      const left = this.#busy ? this.#limit : this.#idleSince + this.#limit - performance.now()
      if (left <= 0) this.#host.drain()
      else this.#watchIdle(left)
    }, Math.ceil(ms)).unref()
  }

  get #limit(): number {
    return this.#options.maxIdleMs ?? longestDelayMs
  }
}
