/** drainFor(): how long closing waits for what is under way. */

import { longestDelayMs } from './context/delay.ts'

/** Milliseconds that calls in flight may take to end when a server or a transport is closed and nobody says otherwise. */
export const defaultDrainMs: number = 10_000

/** Resolves when the work is done or `ms` milliseconds have passed, whichever is first; `Infinity` waits for the work alone. */
export function drainFor(work: Promise<unknown>, ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = ms <= longestDelayMs ? setTimeout(resolve, ms) : undefined
    work.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
