/** `volo init`: a new project from IDLs. */

import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import { pathFrom } from '../../../project/display-path.ts'
import { ProjectError } from '../../../project/project-error.ts'
import type { NewProjectPlan } from '../../../project/scaffold/new-project.ts'
import { type PackageManager, packageManagers } from '../../../project/scaffold/package-manager.ts'
import { namedFolders } from '../../diagnostics.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { isPlanned } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'
import { whileLocked } from '../../while-locked.ts'
import { collect } from '../collect.ts'
import { checkGitOptions, gitOption, type InitSourceOptions, planFrom } from './init-source.ts'

interface InitOptions extends InitSourceOptions {
  readonly template: 'server' | 'client' | 'full'
  readonly service?: readonly string[]
  readonly protocol?: 'thrift' | 'grpc'
  readonly dir?: string
  readonly packageManager?: PackageManager
  readonly install: boolean
  /** False with --no-git. */
  readonly git?: boolean
  readonly runtime?: string
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** After so long an installation is spoken of again. */
const slowInstallMs = 15_000

/** Adds the command. */
export function addInit({ program, action }: CommandRegistry): void {
  const command = program
    .command('init')
    .description(
      'Creates a project from Thrift or protobuf IDLs: generated code, a handler per service, a server, a client, a test. Without an IDL it adds a small one to start from. Writes all files or none; overwrites files only with --force.',
    )
    .argument('[name]', "the project's name, and its folder; @scope/name goes into ./name; '.' for the current folder")
    .argument('[idl...]', '.thrift and .proto files; what they include comes along. With -g, paths in the repo')
    .addOption(
      new Option('-t, --template <kind>', 'what the project holds')
        .choices(['server', 'client', 'full'])
        .default('full'),
    )
    .option(
      '-s, --service <name>',
      'scaffold this service only (repeatable; default: every service of the files)',
      collect,
    )
    .addOption(gitOption())
    .option('-r, --ref <ref>', 'a branch, a tag or a commit of it (default: HEAD)')
    .option('--repo <name>', 'its name in volo.yml (default: the last part of the URL)')
    .option('-i, --includes <dir>', 'a folder in which includes and imports are searched (repeatable)', collect)
    .addOption(
      new Option(
        '-p, --protocol <kind>',
        'the kind of starter IDL, when no IDL is given (default: thrift, asked for in a terminal)',
      ).choices(['thrift', 'grpc']),
    )
    .option('-d, --dir <folder>', "the project's folder (default: ./<name>)")
    .addOption(
      new Option(
        '--package-manager <name>',
        'what installs (default: that of the workspace around it, else what runs this command, else npm)',
      ).choices([...packageManagers]),
    )
    .option('--no-install', 'install no dependencies')
    .option('--no-git', 'make no git repository')
    .option('--runtime <spec>', 'the volo-ts that the project depends on: a version, or a path to a tarball', nonEmpty)
    .option('--offline', 'do not use the network for git; fail when something is not in the cache')
    .option('--dry-run', 'write nothing, list the files')
    .option('-f, --force', 'overwrite files that are in the way')
    .option('-y, --yes', 'ask nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo init shop idl/shop.thrift
  volo init fleet proto/fleet/v1/fleet.proto -i proto
  volo init shop -g https://github.com/acme/idl.git -r v1.4 shop/shop.thrift
  volo init shop-client idl/shop.thrift --template client --service Shop
  volo init hello --protocol grpc
  volo init . idl/shop.thrift --no-install`,
    )
  action<[string | undefined, string[]], InitOptions>(command, (run, [name, idls], options) =>
    init(run, name, idls, options),
  )
}

async function init(
  run: Run,
  givenName: string | undefined,
  words: readonly string[],
  options: InitOptions,
): Promise<ExitCode> {
  const { io, output } = run
  const { checkName, plainName, suggestName } = await import('../../../project/scaffold/project-name.ts')
  const mayAsk = io.interactive && options.yes !== true && options.json !== true
  if (givenName !== undefined && /\.(thrift|proto)$/.test(givenName)) {
    throw new ProjectError(`the first word is the name of the project, and '${givenName}' is an IDL file`, {
      hint: `say: volo init ${suggestName(basename(givenName).replace(/\.\w+$/, '')) ?? 'my-service'} ${[givenName, ...words].join(' ')}`,
      usage: true,
    })
  }
  const name = givenName ?? (mayAsk ? await (await import('../../prompt.ts')).askName() : undefined)
  if (name === undefined)
    throw new ProjectError('the project needs a name', { hint: 'say: volo init my-service', usage: true })
  if (name !== '.') checkName(name)
  const folder = options.dir === undefined ? resolve(io.cwd, plainName(name)) : resolve(io.cwd, options.dir)
  const projectName = name === '.' ? (suggestName(basename(folder)) ?? 'service') : name

  checkGitOptions(options, words)
  const { expandPatterns } = await import('../../../project/registry/idl-pattern.ts')
  const idls = options.gitUrl === undefined ? expandPatterns(words, io.cwd) : []
  const protocol = await chooseProtocol(options, words.length > 0, mayAsk)
  const { detectPackageManager, requirePackageManager } = await import('../../../project/scaffold/package-manager.ts')
  const packageManager = options.packageManager ?? detectPackageManager(folder, io.env)
  const installs = options.install && options.dryRun !== true
  if (installs) requirePackageManager(packageManager, io.env)

  const { checkFolder, findConflicts } = await import('../../../project/scaffold/scaffold.ts')
  const shownFolder = pathFrom(io.cwd, folder)
  checkFolder(folder, shownFolder)
  const { packageSource, requireRuntimeFile } = await import('../../../project/scaffold/package-source.ts')
  const source = packageSource(options.runtime, io.cwd)
  requireRuntimeFile(source)
  const common = {
    name: projectName,
    template: options.template,
    chosen: options.service ?? [],
    packageManager,
    runtime: source.spec,
    isVendored: source.vendored !== undefined,
  }
  output.sourceRoots.push(...namedFolders(words, options.includes, io.cwd))
  const result = await planFrom(run, options, { ...common, folder, protocol, idls, words })
  if (!isPlanned(run, result)) return failed
  const { plan } = result

  const vendored = source.vendored === undefined ? [] : [{ path: source.vendored }]
  const conflicts = findConflicts(folder, [...plan.files, ...vendored])
  if (conflicts.length > 0 && options.force !== true) throw inTheWay(conflicts, shownFolder)
  const files = [...plan.files, ...vendored].map(({ path }) => path).sort()
  if (options.dryRun === true) {
    output.json({ ok: true, dryRun: true, ...summary(plan, projectName, shownFolder, files) })
    output.result(`Would create ${files.length} files in ${shownFolder}:`)
    for (const path of files) output.result(`  ${path}${conflicts.includes(path) ? '  (overwritten)' : ''}`)
    return done
  }

  return whileLocked(run, existsSync(folder) ? folder : undefined, async ({ signal }) => {
    const { createProject } = await import('../../../project/scaffold/create-project.ts')
    // A package manager tries a registry that does not answer for minutes, and says nothing meanwhile.
    let slow: NodeJS.Timeout | undefined
    const created = await createProject({
      folder,
      files: plan.files,
      vendored: source.vendored,
      force: options.force === true,
      git: options.git !== false,
      install: installs ? packageManager : undefined,
      env: io.env,
      signal,
      onStep: (step) => {
        if (step === 'pack') output.detail(`packing volo-ts into ${source.vendored ?? ''}`)
        if (step === 'files') output.info(createdText(output.bold, plan, projectName, shownFolder, files.length))
        if (step !== 'install') return
        output.info(`\nInstalling dependencies with ${packageManager} ...`)
        slow = setTimeout(() => {
          output.info(
            'This takes long. If the registry cannot be reached, press Ctrl-C and run the command again with --no-install.',
          )
        }, slowInstallMs)
      },
    }).finally(() => clearTimeout(slow))
    const next = await nextSteps(options, packageManager, shownFolder, created.install === 'done')
    output.json({
      ok: created.install !== 'failed',
      ...summary(plan, projectName, shownFolder, files),
      git: created.git,
      install: created.install,
      next: next.map(({ command }) => command),
    })
    if (created.install === 'failed') {
      output.raw(`${created.installOutput.trim()}\n`)
      output.error(
        `${packageManager} install failed; the project is complete in ${shownFolder}`,
        `run it again: ${inFolder(shownFolder, `${packageManager} install`)}`,
      )
      return failed
    }
    if (created.gitMissing) {
      output.warn(
        'no git repository was made: git is not on the PATH',
        'install git and run: git init; or give --no-git',
      )
    }
    output.info('\nNext:')
    const width = Math.max(...next.map(({ command, about }) => (about === '' ? 0 : command.length)))
    for (const { command, about } of next) {
      const gap = about === '' ? '' : `${' '.repeat(width - command.length)}  ${output.dim(about)}`
      output.info(`  ${output.bold(command)}${gap}`)
    }
    return done
  })
}

async function chooseProtocol(options: InitOptions, hasIdl: boolean, mayAsk: boolean): Promise<'thrift' | 'grpc'> {
  if (hasIdl && options.protocol !== undefined) {
    throw new ProjectError('--protocol chooses a starter IDL, and you have given IDLs of your own', {
      hint: 'leave out --protocol: the files say what they are',
      usage: true,
    })
  }
  if (hasIdl || options.yes === true) return options.protocol ?? 'thrift'
  if (options.protocol !== undefined) return options.protocol
  if (mayAsk) return (await import('../../prompt.ts')).askProtocol()
  return 'thrift'
}

function inTheWay(conflicts: readonly string[], folder: string): ProjectError {
  const list = conflicts.map((path) => `\n  ${path}`).join('')
  const what = conflicts.length === 1 ? 'a file is' : `${conflicts.length} files are`
  return new ProjectError(`${what} in the way in ${folder}:${list}`, {
    hint: 'nothing was written; --force overwrites them, --dir chooses another folder',
  })
}

function summary(plan: NewProjectPlan, name: string, folder: string, files: readonly string[]): object {
  return {
    name,
    folder,
    services: plan.services.map(({ service, chosen }) => ({
      name: service.name,
      fullName: service.fullName,
      idl: service.idl,
      methods: service.methods.map((method) => method.name),
      scaffolded: chosen,
    })),
    files,
  }
}

function createdText(
  bold: (text: string) => string,
  plan: NewProjectPlan,
  name: string,
  folder: string,
  files: number,
): string {
  const lines = [
    `Created ${bold(name)} in ${folder === '.' ? 'this folder' : /^[./]/.test(folder) ? folder : `./${folder}`} (${files} files)`,
    '',
  ]
  const width = Math.max(...plan.services.map(({ service }) => service.fullName.length))
  for (const { service, chosen } of plan.services) {
    const methods = service.methods.map((method) => method.name).join(', ')
    const about = chosen ? methods : 'left out (--service)'
    lines.push(`  ${service.fullName.padEnd(width)}  ${about.length > 90 ? `${about.slice(0, 88)} …` : about}`)
  }
  return lines.join('\n')
}

interface NextStep {
  readonly command: string
  readonly about: string
}

async function nextSteps(
  options: InitOptions,
  packageManager: PackageManager,
  folder: string,
  installed: boolean,
): Promise<readonly NextStep[]> {
  const { packageManagerWords } = await import('../../../project/scaffold/package-manager.ts')
  const { run } = packageManagerWords[packageManager]
  const isClient = options.template === 'client'
  return [
    ...(folder === '.' ? [] : [{ command: `cd ${quoted(folder)}`, about: '' }]),
    ...(installed ? [] : [{ command: `${packageManager} install`, about: '' }]),
    ...(isClient ? [] : [{ command: run('start'), about: 'serves on port 8080' }]),
    ...(options.template === 'server'
      ? []
      : [
          {
            command: run('client'),
            about: isClient
              ? 'calls every method of the server on port 8080'
              : 'in a second terminal: calls every method once',
          },
        ]),
    { command: run('test'), about: '' },
  ]
}

function inFolder(folder: string, command: string): string {
  return folder === '.' ? command : `cd ${quoted(join(folder))} && ${command}`
}

/** Quotes a path for a shell where it is needed. */
function quoted(path: string): string {
  return /^[\w@%+=:,./\\~-]+$/.test(path) ? path : JSON.stringify(path)
}

function nonEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.')
  return value
}
