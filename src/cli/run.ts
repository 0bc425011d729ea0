/** What every command's action gets, and how a command is added to the program. */

import type { Command } from 'commander'
import type { ExitCode } from './exit-code.ts'
import type { CliIo } from './io.ts'
import { createOutput, type Output } from './output.ts'

/** One run of a command. */
export interface Run {
  readonly io: CliIo
  readonly output: Output
  /** The command's words: `volo idl add`. */
  readonly name: string
  /** `--config`, or undefined. */
  readonly config: string | undefined
  /** `--allow-outside`: write also outside the git work tree. */
  readonly allowOutside: boolean
}

/** Options that every command knows. */
interface GlobalOptions {
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly debug?: boolean
  readonly config?: string
  readonly allowOutside?: boolean
}

/** The program while it is put together. */
export interface CommandRegistry {
  /** A new command, with the given words before it in the program. */
  readonly program: Command
  /** Binds a command to its action; what the action returns is the exit code. */
  action<A extends readonly unknown[], O>(
    command: Command,
    run: (run: Run, args: A, options: O & GlobalOptions) => Promise<ExitCode>,
  ): void
}

/** A registry over `program`; `ended` takes the exit code of the command that ran. */
export function createCommandRegistry(program: Command, io: CliIo, ended: (code: ExitCode) => void): CommandRegistry {
  return {
    program,
    action(command, run) {
      command.action(async (...values: unknown[]) => {
        const args = values.slice(0, -2)
        const options = command.optsWithGlobals() as GlobalOptions & { json?: boolean }
        const output = createOutput(io, options)
        ended(
          await run(
            { io, output, name: nameOf(command), config: options.config, allowOutside: options.allowOutside === true },
            args as never,
            options as never,
          ),
        )
      })
    },
  }
}

/** The words of a command: `volo idl add`. */
export function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}
