/** Whether the client of a connection takes too long: over a message that it has begun, or to send another. */

/** What a connection is doing when the clock looks. */
export interface ReadProgress {
  /** Messages that have arrived so far. */
  readonly messages: number
  /** A message has arrived in part. */
  readonly isPartial: boolean
  /** What arrives is a message over the limit, which is discarded. */
  readonly isSkipping: boolean
  /** Calls are in flight, or the connection itself does not read. */
  readonly isBusy: boolean
}

/** Time limits of reading; milliseconds. */
export interface ReadLimits {
  readonly idleTimeoutMs: number
  readonly readTimeoutMs: number
}

/** How long a message over the limit is discarded at most. */
const skipTimeoutMs = 10_000

/** Remembers since when nothing has changed. */
export class ReadClock {
  readonly #limits: ReadLimits
  #messages = 0
  #wasPartial = false
  #since = performance.now()

  constructor(limits: ReadLimits) {
    this.#limits = limits
  }

  /** `stalled`: a message has been incomplete for `readTimeoutMs`; `idle`: nothing was asked for `idleTimeoutMs`. */
  check(now: number, { messages, isPartial, isSkipping, isBusy }: ReadProgress): 'stalled' | 'idle' | undefined {
    if (messages !== this.#messages || isPartial !== this.#wasPartial || isBusy) {
      this.#messages = messages
      this.#wasPartial = isPartial
      this.#since = now
      return undefined
    }
    const silence = now - this.#since
    const { readTimeoutMs, idleTimeoutMs } = this.#limits
    if (isPartial) {
      return silence >= (isSkipping ? Math.min(skipTimeoutMs, readTimeoutMs) : readTimeoutMs) ? 'stalled' : undefined
    }
    return silence >= idleTimeoutMs ? 'idle' : undefined
  }
}
