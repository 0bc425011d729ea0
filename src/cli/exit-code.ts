/** What the command's exit codes mean. */

/** Done. */
export const done = 0
/** Diagnostics, drift, or another failure. */
export const failed = 1
/** The command line itself is wrong. */
export const misused = 2
/** Stopped by the user: 128 + SIGINT, as shells have it. */
export const interrupted = 130

/** Any of them. */
export type ExitCode = typeof done | typeof failed | typeof misused | typeof interrupted
