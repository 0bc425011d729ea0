/** Noticing that the package manager's shell, which started this process, is gone. */

const everyMs = 250

/**
 * Calls `listener` once when the shell of `npm start` and its like has ended before the process that it started. Shells
 * that do not replace themselves by their only command (dash, the `sh` of Debian and Ubuntu) die of the SIGTERM that a
 * package manager passes on, and tell their child nothing. Does nothing outside package scripts, and on Windows, where a
 * process keeps the number of its parent. Returns what stops the watch, which keeps no process alive.
 */
export function onOrphaned(listener: () => void): () => void {
  if (process.env['npm_lifecycle_event'] === undefined) return () => {}
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    listener()
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
