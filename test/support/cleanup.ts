/** Closes what a test opened. */

import { onTestFinished } from 'vitest'

/** Runs when the current test has ended, whatever its outcome; the last one registered runs first. */
export function onCleanup(cleanup: () => unknown): void {
  onTestFinished(async () => {
    await cleanup()
  })
}
