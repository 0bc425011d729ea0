/** RetryingCall: a call that is tried again when it fails (gRFC A6, retry policy). */

import type { Context } from '../../core/context/context.ts'
import { isRpcError } from '../../core/error.ts'
import { type Attempt, AttemptCall, type AttemptPlan, type Pushback } from './attempt-call.ts'
import type { RetryPolicy } from './service-config.ts'

/** One attempt after the other. */
export class RetryingCall extends AttemptCall {
  readonly #policy: RetryPolicy
  /** Waits since the backoff began anew. */
  #waits = 0

  constructor(plan: AttemptPlan, policy: RetryPolicy, cx: Context, request: unknown) {
    super(plan, cx, request)
    this.#policy = policy
  }

  protected begin(): void {
    this.launch()
  }

  protected failed(attempt: Attempt, error: unknown, pushback: Pushback): void {
    const { throttle } = this.plan
    const mayRetry = isRpcError(error) && this.#policy.retryableStatusCodes.has(error.code)
    if (mayRetry || pushback === 'stop') throttle?.failed()
    if (!mayRetry || pushback === 'stop' || this.started >= this.#policy.maxAttempts || throttle?.allows === false) {
      this.conclude(attempt, error)
      return
    }
    const ms = pushback ?? this.#backoff()
    if (pushback !== undefined) this.#waits = 0
    // A call that would end while it waits ends with what is known instead.
    if (ms >= this.cx.remainingMs) this.conclude(attempt, error)
    else this.later(ms, () => this.launch())
  }

  #backoff(): number {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier } = this.#policy
    const ms = Math.min(initialBackoffMs * backoffMultiplier ** this.#waits++, maxBackoffMs)
    return ms * (0.8 + 0.4 * Math.random())
  }
}
