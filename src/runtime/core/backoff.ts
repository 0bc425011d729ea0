/** Backoff: how long to wait before the next attempt at something that has failed. */

/** How waiting times grow. */
export interface BackoffOptions {
  /** Milliseconds before the second attempt. Default 50. */
  readonly initialMs?: number | undefined
  /** No wait is longer than this many milliseconds, jitter included. Default 5,000. */
  readonly maxMs?: number | undefined
  /** What each wait is multiplied by. Default 2. */
  readonly factor?: number | undefined
  /**
   * The part of a wait that is left to chance, 0 to 1: of many that failed together each comes back at another time.
   * 0: none; 0.2: between 0.8 and 1.2 times the wait; 1: between nothing and twice the wait. Default 0.5.
   */
  readonly jitter?: number | undefined
}

/** Milliseconds to wait after the failure number `failures`: 1 for the first. */
export type Backoff = (failures: number) => number

/**
 * Exponential backoff with jitter: `initialMs * factor ** (failures - 1)`, at most `maxMs`. `random` gives numbers from
 * 0 to 1 and is there for tests. Throws RangeError on an option that cannot be.
 */
export function exponentialBackoff(options: BackoffOptions = {}, random: () => number = Math.random): Backoff {
  const { initialMs = 50, maxMs = 5_000, factor = 2, jitter = 0.5 } = options
  if (!(initialMs >= 0)) throw new RangeError(`backoff: initialMs ${initialMs} is not at least 0`)
  if (!(maxMs >= 0)) throw new RangeError(`backoff: maxMs ${maxMs} is not at least 0`)
  if (!(factor >= 1)) throw new RangeError(`backoff: factor ${factor} is not at least 1`)
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`backoff: jitter ${jitter} is not between 0 and 1`)
  return (failures) => {
    // 0 * Infinity is no number.
    const ms = initialMs === 0 ? 0 : Math.min(maxMs, initialMs * factor ** Math.max(0, failures - 1))
    return Math.min(maxMs, jitter === 0 ? ms : ms * (1 + jitter * (2 * random() - 1)))
  }
}

/** Waits after a connection that could not be made: 200 ms, 1.6 times longer each time, at most 30 s, a fifth left to chance. */
export const connectBackoff: BackoffOptions = { initialMs: 200, factor: 1.6, maxMs: 30_000, jitter: 0.2 }

/** What the error of a call says that fails because connecting has to wait. */
export function nextAttemptIn(ms: number): string {
  return `the next attempt to connect is in ${Math.ceil(Math.max(0, ms))} ms`
}
