/** ProjectError: an expected failure caused by the user's project or input. */

/** What may accompany a {@link ProjectError}. */
export interface ProjectErrorOptions {
  /** What to do about it, one sentence. */
  readonly hint?: string | undefined
  /** The command line itself is at fault: exit code 2 instead of 1. */
  readonly usage?: boolean | undefined
  readonly cause?: unknown
}

/** An expected failure. Its message is one clear sentence; people see it and the hint, never the stack. */
export class ProjectError extends Error {
  readonly hint: string | undefined
  readonly usage: boolean

  constructor(message: string, options: ProjectErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ProjectError'
    this.hint = options.hint
    this.usage = options.usage ?? false
  }
}

/** The user stopped the command; its changes have been undone. */
export class Interrupted extends Error {
  constructor() {
    super('stopped')
    this.name = 'Interrupted'
  }
}
