/** What the command touches of the process: streams, environment, folder, signals. */

/** A stream that text goes to. */
export interface TextSink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The outside of one run of the command. */
export interface CliIo {
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** Questions may be asked: input and output are a terminal. */
  readonly interactive: boolean
  /** Calls `listener` when the user stops the command; returns its removal. */
  onInterrupt(listener: () => void): () => void
}

/** The io of this process. */
export function processIo(): CliIo {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader of a pipe may leave early: `volo idl list | head -1`.
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  return {
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env['CI'],
    onInterrupt(listener) {
      process.on('SIGINT', listener).on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener).off('SIGTERM', listener)
      }
    },
  }
}
