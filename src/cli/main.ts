/** The command `volo`: words in, exit code out. */

import { Command, CommanderError } from 'commander'
import { packageVersion } from '../project/package-root.ts'
import { addCheck } from './command/check.ts'
import { addGenerate } from './command/generate.ts'
import { addIdl } from './command/idl.ts'
import { addInit } from './command/init.ts'
import { addUpdate } from './command/update.ts'
import { done, type ExitCode, misused } from './exit-code.ts'
import { explainFailure } from './failure.ts'
import { type CliIo, processIo } from './io.ts'
import { createOutput } from './output.ts'
import { createRegistry } from './run.ts'

const examples = `
Examples:
  volo init shop                       a new project from a starter IDL
  volo init shop idl/shop.thrift       a new project from your own
  volo idl add idl/stock.proto         one more IDL, with code and handlers
  volo update                          after an IDL has changed
  volo generate --check                for CI: fails when generated code is stale

'volo help <command>' tells more. Exit codes: 0 done, 1 failed, 2 wrong usage.`

/** Runs the command with the words after its name. Everything it says goes through `io`. */
export async function main(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  const debug = argv.includes('--debug')
  let code: ExitCode = done
  const program = new Command('volo')
  program
    .description('From Thrift and protobuf IDLs to running TypeScript services.')
    .option('-c, --config <path>', 'the volo.yml to use (default: the nearest one from here upward)')
    .option('-q, --quiet', 'say only what went wrong')
    .option('-v, --verbose', 'say more')
    .option('--debug', 'show where in the code an error comes from')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples)
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(io.stdout.columns || 100, 100) } as never)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(withHint(text, argv, program)),
    })
    .exitOverride()
  const registry = createRegistry(program, io, (ended) => {
    code = ended
  })
  for (const add of [addInit, addIdl, addGenerate, addUpdate, addCheck]) add(registry)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? done : misused
    return explainFailure(error, createOutput(io, { json: argv.includes('--json') }), debug)
  }
}

/** A usage error with what to do about it: the word that was meant, or where the help is. */
function withHint(text: string, argv: readonly string[], program: Command): string {
  const meant = /\n\(Did you mean (.*)\?\)/.exec(text)
  if (meant !== null) return text.replace(meant[0], `\nhint: did you mean ${meant[1] ?? ''}?`)
  const words = ['volo']
  let command: Command | undefined = program
  for (const word of argv) {
    command = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
    if (command === undefined) break
    words.push(word)
  }
  return `${text.trimEnd()}\nhint: see ${words.join(' ')} --help\n`
}
