/** Hearing that the process is to stop. */

import { onOrphaned } from './on-orphaned.ts'

/**
 * Calls `listener` once when one of the signals comes, or when the shell of a package script that started this process has
 * ended; from then on a signal does what it does by default. Returns what stops listening.
 */
export function onStopSignal(signals: readonly NodeJS.Signals[], listener: () => void): () => void {
  const unlisten = (): void => {
    for (const signal of signals) process.off(signal, onSignal)
    stopWatching()
  }
  const onSignal = (): void => {
    unlisten()
    listener()
  }
  for (const signal of signals) process.on(signal, onSignal)
  const stopWatching = onOrphaned(onSignal)
  return unlisten
}
