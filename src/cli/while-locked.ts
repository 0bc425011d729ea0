/** Runs the part of a command that writes a project while no other command writes it. */

import { ProjectError } from '../project/project-error.ts'
import type { WriteLock } from '../project/write-lock.ts'
import type { Run } from './run.ts'

/** What the body of a locked command gets. */
export interface Held extends WriteLock {
  /** Aborts when the user stops the command. A second time ends it at once. */
  readonly signal: AbortSignal
}

/**
 * Takes the write lock of the project in `folder` (absolute; undefined where there is none yet) around `body`. Waits for another
 * command and prints that it does; `VOLO_LOCK_TIMEOUT` says how many seconds.
 */
export async function whileLocked<T>(
  run: Run,
  folder: string | undefined,
  body: (held: Held) => Promise<T>,
): Promise<T> {
  const { io, output, name } = run
  const { withWriteLock } = await import('../project/write-lock.ts')
  const stop = new AbortController()
  const release = io.onInterrupt(() => {
    stop.abort()
    // Not at once: execa ends the process at a signal that nobody else listens to.
    setImmediate(release)
  })
  try {
    if (folder === undefined) return await body({ tookOver: false, signal: stop.signal })
    return await withWriteLock(
      folder,
      {
        command: name,
        waitMs: waitOf(io.env['VOLO_LOCK_TIMEOUT']),
        signal: stop.signal,
        onWait: (holder) => {
          if (output.options.quiet === true) return
          const who = holder === undefined ? 'another volo command' : `'${holder.command}' (process ${holder.pid})`
          output.raw(`waiting for ${who}, which is writing this project ...\n`)
        },
      },
      (lock) => body({ ...lock, signal: stop.signal }),
    )
  } finally {
    release()
  }
}

function waitOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined || seconds === '') return undefined
  const ms = Number(seconds) * 1000
  if (ms >= 0 && ms <= 1e9) return ms
  throw new ProjectError(`VOLO_LOCK_TIMEOUT is '${seconds}', and must be a number of seconds`, { usage: true })
}
