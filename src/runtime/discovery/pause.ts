/** pause(): waits, unless it is stopped. */

import { delayOf } from '../core/context/delay.ts'

/** Resolves after so many milliseconds, or when `signal` aborts. It keeps no process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayOf(ms))
    ;(timer as { unref?(): void }).unref?.()
    signal.addEventListener('abort', done)
  })
}
