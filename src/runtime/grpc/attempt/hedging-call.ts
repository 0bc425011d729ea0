/** HedgingCall: a call that is sent again while it is under way, and takes the first answer (gRFC A6, hedging policy). */

import type { Context } from '../../core/context/context.ts'
import { isRpcError } from '../../core/error.ts'
import { type Attempt, AttemptCall, type AttemptPlan, type Pushback } from './attempt-call.ts'
import type { HedgingPolicy } from './service-config.ts'

/** Attempts side by side. */
export class HedgingCall extends AttemptCall {
  readonly #policy: HedgingPolicy
  /** The next attempt has its time. */
  #planned = false
  /** There is none any more: the server said so, or too many calls fail. */
  #stopped = false
  /** The attempt that failed last, where another one may still mend that. */
  #lastFailure: { readonly attempt: Attempt; readonly error: unknown } | undefined

  constructor(plan: AttemptPlan, policy: HedgingPolicy, cx: Context, request: unknown) {
    super(plan, cx, request)
    this.#policy = policy
  }

  protected begin(): void {
    this.#next()
  }

  protected failed(attempt: Attempt, error: unknown, pushback: Pushback, alone: boolean): void {
    const nonFatal = isRpcError(error) && this.#policy.nonFatalStatusCodes.has(error.code)
    if (nonFatal || pushback === 'stop') this.plan.throttle?.failed()
    if (!nonFatal) {
      this.conclude(attempt, error)
      return
    }
    this.#lastFailure = { attempt, error }
    if (pushback === 'stop') this.#stop()
    else if (this.#hasMore && pushback !== undefined) this.#plan(pushback)
    else if (this.#hasMore) this.#next()
    else if (alone) this.conclude(attempt, error)
  }

  get #hasMore(): boolean {
    return !this.#stopped && this.started < this.#policy.maxAttempts
  }

  #plan(ms: number): void {
    this.#planned = true
    this.later(ms, () => this.#next())
  }

  /** Sends the next attempt, and those after it as the policy says. */
  #next(): void {
    this.#planned = false
    while (this.#hasMore && this.committed === undefined && !this.#planned) {
      if (this.started > 0 && this.plan.throttle?.allows === false) {
        this.#stop()
        return
      }
      this.launch()
      if (!this.#hasMore) return
      if (this.#policy.hedgingDelayMs > 0) this.#plan(this.#policy.hedgingDelayMs)
    }
  }

  #stop(): void {
    this.#stopped = true
    this.#planned = false
    this.noLater()
    if (this.#lastFailure === undefined || this.isRunning) return
    this.conclude(this.#lastFailure.attempt, this.#lastFailure.error)
  }
}
