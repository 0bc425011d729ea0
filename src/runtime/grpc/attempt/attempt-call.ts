/** AttemptCall: a call that is made of attempts, of which one counts. */

import { AttemptContext } from '../../core/context/attempt-context.ts'
import type { Context } from '../../core/context/context.ts'
import { hasPassed } from '../../core/context/deadline-error.ts'
import { delayOf, longestDelayMs } from '../../core/context/delay.ts'
import { callService, type Service } from '../../core/context/service.ts'
import { isRpcError, RpcError } from '../../core/error.ts'
import { streamsResponse } from '../../core/method-kind.ts'
import { type AttemptObserver, attemptObserver } from './attempt-observer.ts'
import { Replay, type ReplayBudget } from './replay.ts'
import type { RetryThrottle } from './retry-throttle.ts'

/** What the calls with attempts of a client share. */
export interface AttemptPlan {
  /** Makes one attempt. */
  readonly attempt: Service
  readonly throttle: RetryThrottle | undefined
  readonly budget: ReplayBudget
}

/** What a server says about another attempt: after so many milliseconds, or none; undefined: nothing. */
export type Pushback = number | 'stop' | undefined

/** One attempt, for whoever decides about others. */
export class Attempt implements AttemptObserver {
  readonly cx: AttemptContext
  readonly #call: AttemptCall
  #messages = 0

  constructor(call: AttemptCall, outer: Context, previous: number) {
    this.#call = call
    this.cx = new AttemptContext(outer, previous)
    this.cx.set(attemptObserver, this)
  }

  get previous(): number {
    return this.cx.previous
  }

  sent(bytes: number): void {
    if (!this.#call.replay.sent(++this.#messages, bytes)) this.#call.commitTo(this)
  }

  answered(): void {
    this.#call.commitTo(this)
  }
}

/** Starts attempts and settles with the one that counts; its subclasses decide when there is another. */
export abstract class AttemptCall {
  readonly replay: Replay
  protected readonly cx: Context
  protected readonly plan: AttemptPlan
  /** Attempts that were started. */
  protected started = 0
  /** The attempt that counts, once it is known: response headers have come, or its request is too large to be kept. */
  protected committed: Attempt | undefined = undefined
  readonly #live = new Set<Attempt>()
  #timer: NodeJS.Timeout | undefined = undefined
  #resolve: (value: unknown) => void = nothing
  #reject: (error: unknown) => void = nothing
  #unlink: () => void = nothing
  #settled = false

  constructor(plan: AttemptPlan, cx: Context, request: unknown) {
    this.plan = plan
    this.cx = cx
    this.replay = new Replay(plan.budget, cx.method.kind, request)
  }

  run(): Promise<unknown> {
    const outcome = new Promise<unknown>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#unlink = this.cx.onCancel((reason) => this.settle(() => this.#reject(reason)))
    this.begin()
    return outcome
  }

  /** This attempt counts: there is no other any more. */
  commitTo(attempt: Attempt): void {
    if (this.committed !== undefined) return
    this.committed = attempt
    clearTimeout(this.#timer)
    for (const other of [...this.#live]) if (other !== attempt) this.#drop(other)
    this.replay.commit()
    attempt.cx.commit()
  }

  /** Whether an attempt is under way. */
  protected get isRunning(): boolean {
    return this.#live.size > 0
  }

  /** Makes the first attempt. */
  protected abstract begin(): void
  /** An attempt has failed and is not the one that counts. `alone`: no other is under way. */
  protected abstract failed(attempt: Attempt, error: unknown, pushback: Pushback, alone: boolean): void

  /** Makes an attempt now. */
  protected launch(): void {
    const attempt = new Attempt(this, this.cx, this.started++)
    this.#live.add(attempt)
    callService(this.plan.attempt, attempt.cx, this.replay.open()).then(
      (value) => this.#succeeded(attempt, value),
      (error) => this.#attemptFailed(attempt, error),
    )
  }

  /** Runs `next` after so many milliseconds, unless the call is over or committed by then. */
  protected later(ms: number, next: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(next, delayOf(ms))
  }

  /** Gives up waiting for the next attempt. */
  protected noLater(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The call ends with what an attempt failed with. */
  protected conclude(attempt: Attempt, error: unknown): void {
    this.commitTo(attempt)
    this.settle(() => this.#reject(error))
  }

  /** Lets go of everything and tells the caller. */
  protected settle(tell: () => void): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timer)
    this.#unlink()
    for (const other of [...this.#live]) if (other !== this.committed) this.#drop(other)
    this.replay.commit()
    tell()
  }

  #succeeded(attempt: Attempt, value: unknown): void {
    if (!this.#live.delete(attempt)) return
    this.plan.throttle?.succeeded()
    this.commitTo(attempt)
    // A stream of responses goes on, and hears of the call's end through the context of its attempt.
    if (!streamsResponse(this.cx.method.kind)) attempt.cx.end()
    this.settle(() => this.#resolve(value))
  }

  #attemptFailed(attempt: Attempt, error: unknown): void {
    if (!this.#live.delete(attempt)) return
    attempt.cx.end()
    const { cancelled, deadline } = this.cx
    if (this.committed !== undefined || cancelled !== undefined || hasPassed(deadline)) this.conclude(attempt, error)
    else this.failed(attempt, error, pushbackOf(error), this.#live.size === 0)
  }

  #drop(attempt: Attempt): void {
    this.#live.delete(attempt)
    attempt.cx.abandon(new RpcError('CANCELLED', 'another attempt of the call counts', { stack: false }))
  }
}

function nothing(): void {}

function pushbackOf(error: unknown): Pushback {
  const value = isRpcError(error) ? error.metadata?.get('grpc-retry-pushback-ms') : undefined
  if (value === undefined) return undefined
  const ms = typeof value === 'string' && /^(?:0|[1-9]\d{0,9})$/.test(value) ? Number(value) : Number.NaN
  return ms <= longestDelayMs ? ms : 'stop'
}
