/** pollSource(): a source that asks again and again, sooner when a connection was lost. */

import { type BackoffOptions, exponentialBackoff } from '../core/backoff.ts'
import { delayOf } from '../core/context/delay.ts'
import type { DiscoverReport, DiscoverSource } from './discover.ts'
import type { Instance } from './instance.ts'

/** What was found, and for how long it holds. */
export interface Answer {
  readonly instances: readonly Instance[]
  /** Milliseconds until it should be asked again. Default: `everyMs`. */
  readonly validMs?: number | undefined
}

/** How a {@link pollSource} asks. */
export interface PollOptions {
  readonly target: string
  /** Milliseconds between two questions. */
  readonly everyMs: number
  /** A lost connection makes it ask again, but not sooner than this many milliseconds after the last time. */
  readonly leastMs: number
  /** Rejects when it cannot be asked; `signal` aborts when nobody listens any more. */
  ask(signal: AbortSignal): Promise<Answer>
}

/** After a failure it asks again with backoff, at most `everyMs` later. Its timers keep no process alive. */
export function pollSource({ target, everyMs, leastMs, ask }: PollOptions): DiscoverSource {
  const running = new Set<Poll>()
  const backoff: BackoffOptions = { initialMs: Math.min(1_000, everyMs), maxMs: everyMs }
  return {
    target,
    start(report) {
      const poll = new Poll(report, ask, everyMs, leastMs, exponentialBackoff(backoff))
      running.add(poll)
      return () => {
        running.delete(poll)
        poll.stop()
      }
    },
    refresh() {
      for (const poll of running) poll.refresh()
    },
  }
}

class Poll {
  readonly #report: DiscoverReport
  readonly #ask: PollOptions['ask']
  readonly #everyMs: number
  readonly #leastMs: number
  readonly #backoff: (failures: number) => number
  readonly #stop = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #dueAt = 0
  #failures = 0
  #isAsking = false

  constructor(
    report: DiscoverReport,
    ask: PollOptions['ask'],
    everyMs: number,
    leastMs: number,
    backoff: (failures: number) => number,
  ) {
    this.#report = report
    this.#ask = ask
    this.#everyMs = everyMs
    this.#leastMs = leastMs
    this.#backoff = backoff
    void this.#run()
  }

  refresh(): void {
    const ms = Math.max(0, this.#askedAt + this.#leastMs - performance.now())
    // It asks sooner, never later: after a failure the next question may be nearer than that.
    if (!this.#isAsking && performance.now() + ms < this.#dueAt) this.#wait(ms)
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  async #run(): Promise<void> {
    this.#isAsking = true
    this.#askedAt = performance.now()
    let next = this.#everyMs
    try {
      const { instances, validMs = this.#everyMs } = await this.#ask(this.#stop.signal)
      next = validMs
      this.#failures = 0
      if (!this.#stop.signal.aborted) this.#report.instances(instances)
    } catch (error) {
      next = this.#backoff(++this.#failures)
      if (!this.#stop.signal.aborted) this.#report.failed(error as Error)
    }
    this.#isAsking = false
    if (!this.#stop.signal.aborted) this.#wait(next)
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#dueAt = performance.now() + ms
    this.#timer = setTimeout(() => void this.#run(), delayOf(ms))
    unref(this.#timer)
  }
}

function unref(timer: unknown): void {
  ;(timer as { unref?(): void }).unref?.()
}
