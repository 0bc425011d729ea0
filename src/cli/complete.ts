/** What may stand next on a command line. The scripts of `volo completion` ask with `volo __complete <shell> <words...>`. */

import { resolve } from 'node:path'
import type { Argument, Command, Option } from 'commander'
import { pathFrom } from '../project/display-path.ts'
import type { CompletionCandidate, CompletionCandidates } from '../project/registry/completion-candidates.ts'
import { nameOf } from './run.ts'

/** What may stand at a place: words, and whether the shell shall add paths. */
interface Candidates {
  readonly words: readonly CompletionCandidate[]
  /** Files with these endings and folders, or any file with none; undefined for no paths at all. */
  readonly files?: readonly string[] | 'folders' | undefined
}

/** Where the completion happens. */
export interface CompletionSource {
  readonly cwd: string
  /** The program with the commands that these words name. */
  readonly program: (words: readonly string[]) => Promise<Command>
}

const idlFiles = ['thrift', 'proto']

/**
 * The answer to a shell: a line per candidate, with what it is behind a tab; `:files`, perhaps with endings, or
 * `:folders` where paths belong, too. Throws nothing: whatever is wrong, there is nothing to complete.
 */
export async function complete(given: readonly string[], source: CompletionSource): Promise<string> {
  try {
    const [shell = '', ...rest] = given
    const words = shell === 'bash' ? joined(rest) : rest
    const current = words.at(-1) ?? ''
    const { words: found, files } = await candidates(words.slice(0, -1), current, source)
    const equals = current.startsWith('-') ? current.indexOf('=') + 1 : 0
    // bash replaces what follows the '=', the others the whole word.
    const cut = shell === 'bash' ? equals : 0
    const lines = found
      .filter(({ name }) => name.startsWith(current) && isPlain(name))
      .map(({ name, about }) => `${name.slice(cut)}\t${oneLine(about)}`)
    if (files !== undefined) lines.push(files === 'folders' ? ':folders' : [':files', ...files].join(' '))
    return lines.map((line) => `${line}\n`).join('')
  } catch {
    return ''
  }
}

async function candidates(before: readonly string[], current: string, source: CompletionSource): Promise<Candidates> {
  const program = await source.program(before)
  let command = program
  const values: string[] = []
  let config: string | undefined
  let isOpen = true
  for (let i = 0; i < before.length; i++) {
    const word = before[i]!
    const option = isOpen ? optionOf(command, word) : undefined
    if (isOpen && word === '--') isOpen = false
    else if (option !== undefined) {
      const hasValue = word.includes('=')
      const value = hasValue ? word.slice(word.indexOf('=') + 1) : before[i + 1]
      if (option.long === '--config') config = value
      if (!option.required || hasValue) continue
      i++
      if (i === before.length) return valuesOf(option, command, names(source, config), values, source.cwd)
    } else if (!(isOpen && word.startsWith('-'))) {
      const next: Command | undefined = values.length === 0 ? subcommand(command, word) : undefined
      if (next === undefined) values.push(word)
      else command = next
    }
  }
  const known = names(source, config)
  const equals = current.indexOf('=')
  if (isOpen && current.startsWith('--') && equals !== -1) {
    const option = optionOf(command, current)
    if (option === undefined || !option.required) return { words: [] }
    const found = await valuesOf(option, command, known, values, source.cwd)
    const head = current.slice(0, equals + 1)
    return { ...found, words: found.words.map(({ name, about }) => ({ name: head + name, about })) }
  }
  if (isOpen && current.startsWith('-')) return { words: optionsOf(command) }
  if (command.commands.length > 0 && values.length === 0) {
    const commands = command.commands.map((one) => ({ name: one.name(), about: one.summary() || one.description() }))
    return { words: command === program ? [...commands, { name: 'help', about: 'help for a command' }] : commands }
  }
  if (command === program && before[0] === 'help') return { words: [] }
  const argument = command.registeredArguments[values.length] ?? command.registeredArguments.at(-1)
  if (argument === undefined || (values.length >= command.registeredArguments.length && !argument.variadic))
    return { words: [] }
  return argumentsOf(argument, command, await known(), values)
}

type Names = () => Promise<CompletionCandidates>

function names({ cwd }: CompletionSource, config: string | undefined): Names {
  return async () => {
    const { completionCandidates } = await import('../project/registry/completion-candidates.ts')
    return completionCandidates(cwd, config, (path) => pathFrom(cwd, path))
  }
}

/** The values of an option. */
async function valuesOf(
  option: Option,
  command: Command,
  known: Names,
  words: readonly string[],
  cwd: string,
): Promise<Candidates> {
  if (option.argChoices !== undefined) return { words: option.argChoices.map((name) => ({ name, about: '' })) }
  const kind = /<(\w+)/.exec(option.flags)?.[1] ?? ''
  switch (option.long) {
    case '--entry':
      return { words: (await known()).entries }
    case '--repo':
      return { words: (await known()).repos }
    case '--service': {
      // A new project has no volo.yml yet: the IDLs stand on the command line.
      const { servicesIn } = await import('../project/registry/completion-candidates.ts')
      const mentioned = words.flatMap((word) => servicesIn(resolve(cwd, word)).map((name) => ({ name, about: word })))
      return { words: nameOf(command).endsWith(' init') ? mentioned : (await known()).services() }
    }
    case '--config':
      return { words: [], files: ['yml'] }
  }
  if (kind === 'dir' || kind === 'folder') return { words: [], files: 'folders' }
  if (kind === 'file' || kind === 'path') return { words: [], files: [] }
  return { words: [] }
}

/** The values of an argument. */
function argumentsOf(
  argument: Argument,
  command: Command,
  known: CompletionCandidates,
  values: readonly string[],
): Candidates {
  const unused = (found: readonly CompletionCandidate[]): Candidates => ({
    words: found.filter(({ name }) => !values.includes(name)),
  })
  if (argument.argChoices !== undefined) return { words: argument.argChoices.map((name) => ({ name, about: '' })) }
  const path = nameOf(command)
  if (path === 'volo idl remove') return unused(known.idls)
  if (argument.name() === 'repos' || path === 'volo repo remove') return unused(known.repos)
  switch (argument.name()) {
    case 'files':
    case 'idl':
      return { words: [], files: idlFiles }
    case 'file':
      return { words: [], files: ['yml'] }
    case 'url':
      return { words: [], files: 'folders' }
    default:
      return { words: [] }
  }
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word))
}

/** The option that a word names, `--long`, `--long=value` or `-s`. */
function optionOf(command: Command, word: string): Option | undefined {
  const [flag = ''] = word.split('=')
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const found = at.options.find((one) => one.long === flag || one.short === flag)
    if (found !== undefined) return found
  }
  return undefined
}

function optionsOf(command: Command): CompletionCandidate[] {
  const found: CompletionCandidate[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const { long, hidden, description } of at.options) {
      if (!hidden && long !== undefined && long !== null && !found.some(({ name }) => name === long))
        found.push({ name: long, about: description })
    }
  }
  return [...found, { name: '--help', about: 'print help' }]
}

/** bash takes `--entry=x` apart at the `=`. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = []
  for (const [i, word] of words.entries()) {
    const before = words[i - 1]
    if (word === '=' && before?.startsWith('--')) whole.push(`${whole.pop() ?? ''}=`)
    else if (before === '=' && words[i - 2]?.startsWith('--')) whole.push(`${whole.pop() ?? ''}${word}`)
    else whole.push(word)
  }
  return whole
}

/** Names come from files that anybody may have written; a shell gets no more than one line of them. */
function isPlain(name: string): boolean {
  return !/\p{Cc}/u.test(name) && !name.startsWith(':')
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}
