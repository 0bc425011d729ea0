/** The command `volo`: words in, exit code out. */

import { Command, CommanderError } from 'commander'
import { escapeControls } from './escape-controls.ts'
import { done, type ExitCode, misused } from './exit-code.ts'
import { type CliIo, processIo } from './io.ts'
import type { CommandRegistry } from './run.ts'

/** A command as the help of the program shows it. What it takes and does is loaded when it is named. */
interface CommandEntry {
  readonly name: string
  readonly alias?: string
  readonly summary: string
  readonly load: () => Promise<(registry: CommandRegistry) => void>
}

const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'start a project from IDLs',
    load: async () => (await import('./command/init/init.ts')).addInit,
  },
  {
    name: 'idl',
    summary: 'add, list and remove IDLs',
    load: async () => (await import('./command/idl/idl.ts')).addIdl,
  },
  {
    name: 'repo',
    summary: 'add, list, update and remove git repos of IDLs',
    load: async () => (await import('./command/repo/repo.ts')).addRepo,
  },
  {
    name: 'generate',
    alias: 'gen',
    summary: 'generate code from the IDLs in volo.yml',
    load: async () => (await import('./command/generate/generate.ts')).addGenerate,
  },
  {
    name: 'update',
    summary: 'move git repos, generate code, add new methods to the handlers',
    load: async () => (await import('./command/update.ts')).addUpdate,
  },
  {
    name: 'check',
    summary: 'check IDL files',
    load: async () => (await import('./command/check.ts')).addCheck,
  },
  {
    name: 'breaking',
    summary: 'compare IDL files with an older version of them',
    load: async () => (await import('./command/breaking.ts')).addBreaking,
  },
  {
    name: 'migrate',
    summary: "turn Rust Volo's configuration files into volo.yml",
    load: async () => (await import('./command/migrate.ts')).addMigrate,
  },
  {
    name: 'vendor',
    summary: 'keep copies of the IDLs from git in the project',
    load: async () => (await import('./command/vendor.ts')).addVendor,
  },
  {
    name: 'cache',
    summary: 'list and clean the cache of IDLs from git',
    load: async () => (await import('./command/cache/cache.ts')).addCache,
  },
  {
    name: 'doctor',
    summary: 'find problems of a project and how to fix them',
    load: async () => (await import('./command/doctor.ts')).addDoctor,
  },
  {
    name: 'completion',
    summary: 'print a script that completes volo in your shell',
    load: async () => (await import('./command/completion.ts')).addCompletion,
  },
]

const examples = `
Examples:
  volo init shop                       a new project from a starter IDL
  volo init shop idl/shop.thrift       a new project from your own
  volo idl add idl/stock.proto         one more IDL, with code and handlers
  volo idl add -g https://github.com/acme/idl.git shop/shop.thrift
  volo update                          after an IDL has changed, here or in git
  volo generate --check                for CI: fails when generated code is stale

'volo help <command>' tells more. Exit codes: 0 done, 1 failed, 2 wrong usage.`

/** Runs the command with the words after its name. Everything it says goes through `io`. */
export async function main(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  let code: ExitCode = done
  const create = (words: readonly string[]): Promise<Command> =>
    createProgram(words, io, (ended) => {
      code = ended
    })
  if (argv[0] === '__complete') {
    const { complete } = await import('./complete.ts')
    io.stdout.write(await complete(argv.slice(1), { cwd: io.cwd, program: create }))
    return done
  }
  const words = helpWords(argv)
  try {
    const program = await create(words)
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? done : misused
    const { explainFailure } = await import('./failure.ts')
    const { createOutput } = await import('./output.ts')
    return explainFailure(error, createOutput(io, { json: argv.includes('--json') }), argv.includes('--debug'))
  }
}

/** `help repo add` as `repo add --help`: commander's own `help` knows one word. */
function helpWords(argv: readonly string[]): readonly string[] {
  const [first, ...words] = argv
  return first === 'help' && words.length > 1 && !words.some((word) => word.startsWith('-'))
    ? [...words, '--help']
    : argv
}

/** The program for a command line; only the commands that this names are whole. */
async function createProgram(argv: readonly string[], io: CliIo, ended: (code: ExitCode) => void): Promise<Command> {
  const program = new Command('volo')
  program
    .description('From Thrift and protobuf IDLs to running TypeScript services.')
    .option('-c, --config <path>', 'the volo.yml to use (default: the nearest one from here upward)')
    .option('--allow-outside', 'write also outside the git work tree of volo.yml, where its out or handlers lead there')
    .option('-q, --quiet', 'print only warnings and errors')
    .option('-v, --verbose', 'print more')
    .option('--debug', 'print the stack of an unexpected error')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples)
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (command: Command) => [command.name(), ...command.aliases()].join('|'),
      helpWidth: Math.min(io.stdout.columns || 100, 100),
    } as never)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(escapeControls(text)),
      writeErr: (text) => void io.stderr.write(escapeControls(text)),
      outputError: (text, write) => write(withHint(text, argv, program)),
    })
    .exitOverride()
  await addCommands(program, argv, io, ended)
  return program
}

/** Adds every command: those that the command line names as they are, the others by name. */
async function addCommands(
  program: Command,
  argv: readonly string[],
  io: CliIo,
  ended: (code: ExitCode) => void,
): Promise<void> {
  if (argv.includes('-V') || argv.includes('--version')) {
    const { packageVersion } = await import('../project/package-root.ts')
    program.version(packageVersion(), '-V, --version', 'print the version')
  } else {
    program.option('-V, --version', 'print the version')
  }
  for (const { name, alias, summary, load } of commands) {
    if (argv.includes(name) || (alias !== undefined && argv.includes(alias))) {
      const { createCommandRegistry } = await import('./run.ts')
      const add = await load()
      add(createCommandRegistry(program, io, ended))
    } else {
      program.command(name)
    }
    const command = program.commands.find((one) => one.name() === name)
    command?.summary(summary)
    if (alias !== undefined) command?.alias(alias)
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
