/** Anything a command throws, as sentences and an exit code. */

import { fsReason, isFsError } from '../project/fs-error.ts'
import { Interrupted, ProjectError } from '../project/project-error.ts'
import { type ExitCode, failed, interrupted, misused } from './exit-code.ts'
import type { Output } from './output.ts'

/** Says what went wrong; with `debug` also where in the code. */
export function explainFailure(error: unknown, output: Output, debug: boolean): ExitCode {
  if (error instanceof Interrupted) {
    output.error('stopped; nothing was left behind')
    return interrupted
  }
  if (error instanceof ProjectError) {
    output.error(error.message, error.hint)
    output.json({ error: { message: error.message, hint: error.hint } })
    if (debug) output.raw(`${stackOf(error)}\n`)
    return error.usage ? misused : failed
  }
  if (isFsError(error)) {
    const what = error.path === undefined ? error.syscall : `${error.syscall} ${error.path}`
    output.error(`${what}: ${fsReason(error)}`)
    if (debug) output.raw(`${stackOf(error)}\n`)
    return failed
  }
  const message = error instanceof Error ? error.message : String(error)
  output.error(
    `this is a bug in volo: ${message}`,
    debug
      ? 'please report it to the maintainers of volo-ts, with the command line, the IDL and the lines below'
      : 'please report it to the maintainers of volo-ts, with what the same command prints with --debug',
  )
  if (debug) output.raw(`${stackOf(error)}\n`)
  return failed
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
