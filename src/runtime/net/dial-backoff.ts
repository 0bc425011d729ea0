/** When the next connection to an address may be made, after one could not be. */

import { type Backoff, connectBackoff, exponentialBackoff, nextAttemptIn } from '../core/backoff.ts'
import { RpcError } from '../core/error.ts'

/**
 * The failures to reach one address since its peer was last heard. After one, no connection is made until the wait is over;
 * then one at a time, until the peer has been heard again.
 *
 * | state \ event | an attempt fails | a connection is lost unheard | an attempt succeeds | the wait is over | the peer is heard |
 * |---|---|---|---|---|---|
 * | sound: any number of attempts at once | waiting | doubtful | | | |
 * | waiting: none | | | doubtful (an attempt from before) | doubtful | sound |
 * | doubtful: one at a time | waiting, for longer | waiting, for longer | | | sound |
 */
export class DialBackoff {
  readonly #backoff: Backoff
  #failures = 0
  #failedAt = 0
  #nextAt = 0
  #error: RpcError | undefined
  #dialing = 0

  constructor(backoff: Backoff = exponentialBackoff(connectBackoff)) {
    this.#backoff = backoff
  }

  /** Milliseconds until the next attempt; 0 when nothing has to wait. */
  get waitMs(): number {
    if (this.#failures === 0) return 0
    return Math.max(0, this.#nextAt - performance.now())
  }

  /** Whether a connection may be made now. */
  get mayDial(): boolean {
    return this.#failures === 0 || (this.#dialing === 0 && this.waitMs === 0)
  }

  /** Makes a connection and remembers whether that failed. */
  async attempt<T>(open: () => Promise<T>): Promise<T> {
    const since = performance.now()
    this.#dialing++
    try {
      const made = await open()
      this.#nextAt = 0
      return made
    } catch (error) {
      this.#failed(RpcError.from(error), since)
      throw error
    } finally {
      this.#dialing--
    }
  }

  /** A connection whose making began at `since` was lost before its peer said anything. The first such is made up for at once. */
  unanswered(error: RpcError, since: number): void {
    this.#failed(error, since, this.#failures === 0 ? 0 : undefined)
  }

  /** The peer has said something. */
  heard(): void {
    this.#failures = 0
    this.#error = undefined
  }

  /** Why a call fails while the wait lasts: the last failure, and when the next attempt is. */
  refusal(): RpcError {
    const last = this.#error ?? new RpcError('UNAVAILABLE', 'no connection', { stack: false })
    const text = `${last.message}; ${nextAttemptIn(this.waitMs)}`
    return new RpcError(last.code, text, { cause: last.cause ?? last, bytesSent: false, stack: false })
  }

  /** Attempts that were under way when another one failed are the same failure. */
  #failed(error: RpcError, since: number, waitMs?: number): void {
    if (this.#failures > 0 && since <= this.#failedAt) return
    this.#error = error
    this.#failedAt = performance.now()
    this.#failures++
    this.#nextAt = this.#failedAt + (waitMs ?? this.#backoff(this.#failures))
  }
}
