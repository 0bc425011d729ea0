/** PingPolicy: which PINGs of a client are too many (https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md). */

/** What a server puts up with. */
export interface Http2PingPolicy {
  /** Milliseconds that must lie between two PINGs while streams are open. Default 300,000. */
  readonly minIntervalMs?: number | undefined
  /** The same interval also holds while no stream is open. Default false: then two hours must lie between them. */
  readonly whileIdle?: boolean | undefined
}

const defaultIntervalMs = 300_000
const idleIntervalMs = 7_200_000
/** Early PINGs that are let through. */
const mostStrikes = 2

/** Counts the early PINGs of one connection. */
export class PingCounter {
  readonly #policy: Http2PingPolicy
  #strikes = 0
  #last: number = Number.NEGATIVE_INFINITY

  constructor(policy: Http2PingPolicy) {
    this.#policy = policy
  }

  /**
   * A PING came; false when it is one too many. `busy`: streams are open. `spoke`: this side has sent headers or data
   * since the last one, for which clients measure their windows.
   */
  allow(busy: boolean, spoke: boolean): boolean {
    const now = performance.now()
    const since = now - this.#last
    this.#last = now
    if (spoke) {
      this.#strikes = 0
      return true
    }
    const { minIntervalMs = defaultIntervalMs, whileIdle = false } = this.#policy
    if (since < (busy || whileIdle ? minIntervalMs : idleIntervalMs)) this.#strikes++
    return this.#strikes <= mostStrikes
  }
}
