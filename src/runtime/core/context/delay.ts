/** How long a timer can wait. */

/** Milliseconds, about 25 days: timers take no more, and end at once when they are asked to. */
export const longestDelayMs: number = 2 ** 31 - 1

/** Milliseconds for a timer, Infinity included. */
export function delayOf(ms: number): number {
  return Math.min(ms, longestDelayMs)
}
