/** `volo generate --watch`: generates again whenever an IDL, an included file or volo.yml changes. */

import { dirname, join, resolve } from 'node:path'
import { pathFrom } from '../../../project/display-path.ts'
import { boundaryOf } from '../../../project/idl-location.ts'
import { Interrupted } from '../../../project/project-error.ts'
import { done, type ExitCode } from '../../exit-code.ts'
import { explainFailure } from '../../failure.ts'
import type { Run } from '../../run.ts'

/** Changes within this many milliseconds are handled together: a save of many files, a checkout. */
const quietMs = 60
/** Continuous changes are handled at least this often, in milliseconds. */
const longestMs = 1_000

/**
 * Runs `round` now and after each change of volo.yml and of the files that the last round has read. It goes on after
 * errors, until the user stops it.
 */
export async function watchAndGenerate(
  run: Run,
  round: (run: Run, onReads: (paths: Iterable<string>) => void) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { findConfig } = await import('../../../project/config/config.ts')
  const { watchFiles } = await import('../../../project/generate/file-watch.ts')
  const { io, output } = run
  const config = findConfig(io.cwd, run.config)
  const always = [config, ...['volo.lock', 'tsconfig.json'].map((name) => join(dirname(config), name))]
  const changed = changeQueue()
  const release = io.onInterrupt(() => changed.end())
  const files = await watchFiles(changed.push)
  let reads: readonly string[] = []
  try {
    for (;;) {
      const since = Date.now()
      try {
        await round({ ...run, config }, (paths) => {
          // Files from git do not change at their commit.
          reads = [...paths].filter((path) => boundaryOf(path) === undefined).map((path) => resolve(io.cwd, path))
        })
      } catch (error) {
        if (error instanceof Interrupted) break
        explainFailure(error, output, false)
      }
      files.watch([...always, ...reads], since)
      output.info(
        output.dim(`Watching ${reads.length === 1 ? '1 file' : `${reads.length} files`}; press Ctrl-C to stop.`),
      )
      const paths = await changed.next()
      if (paths === undefined) break
      const shown = paths.map((path) => pathFrom(io.cwd, path))
      const more = shown.length > 3 ? ` and ${shown.length - 3} more` : ''
      output.info(`\n${output.bold(`${shown.slice(0, 3).join(', ')}${more} changed`)}`)
    }
  } finally {
    release()
    await files.close()
  }
  return done
}

/** Collects changes and returns them together once there is a pause. */
function changeQueue(): {
  push(path: string): void
  /** The next changes; undefined when the watch ends. */
  next(): Promise<readonly string[] | undefined>
  end(): void
} {
  const paths = new Set<string>()
  let events = 0
  let ended = false
  let wake: (() => void) | undefined
  const settled = async (): Promise<void> => {
    const begin = performance.now()
    for (let seen = -1; !ended && seen !== events && performance.now() - begin < longestMs; ) {
      seen = events
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, quietMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    push(path) {
      paths.add(path)
      events++
      if (paths.size === 1) wake?.()
    },
    async next() {
      if (!ended && paths.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      await settled()
      wake = undefined
      const found = [...paths]
      paths.clear()
      return ended ? undefined : found
    },
    end() {
      ended = true
      wake?.()
    },
  }
}
