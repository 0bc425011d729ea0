/** `volo idl add`: lists IDLs in volo.yml, generates their code, makes their handlers. */

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Config } from '../../../project/config/config.ts'
import { pathFrom, withSlashes } from '../../../project/display-path.ts'
import type { ServiceHandler } from '../../../project/handler/handler-update.ts'
import { ProjectError } from '../../../project/project-error.ts'
import type { AddedRepo } from '../../../project/registry/idl-addition.ts'
import { namedFolders } from '../../diagnostics.ts'
import { oneLine } from '../../escape-controls.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { changeOrBeginProject } from '../../open-project.ts'
import { isPlanned, registryFiles, shortCommit, withStore } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'
import { collect } from '../collect.ts'
import { changesOf, showChanges } from '../generate/generate.ts'
import { handlerJson, showHandlers } from '../update.ts'

interface IdlAddOptions {
  readonly git?: string
  readonly ref?: string
  readonly repo?: string
  readonly includes?: readonly string[]
  readonly entry?: string
  readonly all?: boolean
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlAdd({ program, action }: CommandRegistry): void {
  const command = program
    .command('add')
    .summary('add IDLs, with their code and handlers')
    .description(
      'Adds IDL files to volo.yml, generates their code and makes a handler for each of their services. Every file is checked first; with an error nothing is written. Adding one again gives it the includes and, from git, the ref that it lacks. A project that has a package.json and no volo.yml gets one.',
    )
    .argument('[files...]', '.thrift and .proto files, or patterns such as idl/**/*.proto; from git, paths in the repo')
    .option('-g, --git <url>', 'the git repo that the files are in: a URL, git@host:path, or a folder')
    .option('-r, --ref <ref>', 'a branch, a tag or a commit of it (default: the ref in volo.yml, else HEAD)')
    .option('--repo <name>', 'a repo that volo.yml has; with -g the name that it gets')
    .option('-i, --includes <dir>', 'a folder in which includes and imports are searched (repeatable)', collect)
    .option('-n, --entry <name>', 'the entry of volo.yml (default: by the kind of IDL)')
    .option('--all', 'every IDL file below the given folders, or below the current one, or of the repo')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo idl add idl/stock.thrift
  volo idl add 'proto/**/*.proto' -i proto
  volo idl add -g https://github.com/acme/idl.git shop/shop.thrift
  volo idl add -g git@github.com:acme/pay.git -r v1.4 --repo pay-v1 pay/pay.thrift
  volo idl add --repo idl user/user.thrift
  volo idl add --repo idl -r v1.5 shop/shop.thrift    another ref for that repo
  volo idl add --repo idl --all shop`,
    )
  action<[string[]], IdlAddOptions>(command, (run, [words], options) => {
    checkOptions(words, options)
    return changeOrBeginProject(run, (config, isNew, { signal }) =>
      addIdls(run, { config, isNew }, words, options, signal),
    )
  })
}

async function addIdls(
  run: Run,
  { config, isNew: isNewProject }: { readonly config: Config; readonly isNew: boolean },
  words: readonly string[],
  options: IdlAddOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { io, output } = run
  const { planIdlAddition } = await import('../../../project/registry/idl-addition.ts')
  const { all = false, includes = [] } = options
  output.sourceRoots.push(...namedFolders(words, includes, io.cwd))
  const added = await withStore(run, { offline: options.offline, signal }, (store) =>
    planIdlAddition(
      config,
      { ...options, paths: words, all, includes },
      { cwd: io.cwd, store, allowOutside: run.allowOutside },
    ),
  )
  if (!isPlanned(run, added)) return failed
  const { plan, additions } = added
  const { checkServiceNames, serviceHandlers, writeHandlers } = await import(
    '../../../project/handler/handler-update.ts'
  )
  const handlers = serviceHandlers(plan.generation)
  // Clients of two services of one name, of two versions say, need no server.
  checkServiceNames(handlers.filter(({ path }) => path !== undefined))
  const paths = additions.map(({ path }) => path)
  const mine = handlers.filter(({ idl }) => paths.includes(idl))
  const isNew = (one: ServiceHandler): boolean => mine.includes(one)
  const { writeRegistry } = await import('../../../project/registry/registry-write.ts')
  const registry = await registryFiles(run, plan)
  writeRegistry(plan, () => writeHandlers(mine, isNew))

  output.json({
    ok: mine.every((one) => one.completion?.unplaced === undefined),
    idls: additions,
    repo: added.repo,
    registry: [...registry.created, ...registry.changed],
    ...changesOf(run, plan.generation),
    handlers: mine.map((one) => handlerJson(run, one, true)),
  })
  const shownConfig = pathFrom(io.cwd, config.path)
  if (isNewProject) output.info(`created  ${shownConfig}`)
  for (const { path, entry, what } of additions) {
    const shown = oneLine(path)
    if (what === 'added') output.info(`added    ${shown} to entry '${entry}' of ${shownConfig}`)
    else if (what === 'includes changed') output.info(`changed  the includes of ${shown}`)
    else output.info(`${shown} is listed already, in entry '${entry}'`)
  }
  if (added.repo !== undefined) output.info(repoLine(added.repo))
  for (const path of [...registry.created, ...registry.changed].filter((one) => one !== shownConfig)) {
    output.info(`${registry.created.includes(path) ? 'created ' : 'changed '} ${path}`)
  }
  showChanges(run, plan.generation)
  const ok = showHandlers(run, mine, isNew)
  const created = mine.filter(({ exists, path }) => !exists && path !== undefined)
  await showRegistration(run, config, created, plan.generation)
  if (isNewProject) await showDependency(run, config)
  return ok ? done : failed
}

function repoLine({ name, ref, oldRef, commit }: AddedRepo): string {
  const from = oldRef === undefined || oldRef === ref ? '' : `, was at '${oldRef}'`
  return `locked   ${name} at ${shortCommit(commit)} ('${ref}'${from})`
}

function checkOptions(words: readonly string[], options: IdlAddOptions): void {
  if (words.length === 0 && options.all !== true) {
    throw new ProjectError('there is no IDL file to add', { hint: 'name one, or say --all', usage: true })
  }
  if (options.ref !== undefined && options.git === undefined && options.repo === undefined) {
    throw new ProjectError('-r is the ref of a git repo, and there is none', {
      hint: 'give its URL with -g, or the name of one in volo.yml with --repo',
      usage: true,
    })
  }
}

/** What the generated code needs, unless package.json has it. */
async function showDependency(run: Run, config: Config): Promise<void> {
  const { packageName } = await import('../../../project/package-root.ts')
  const text = readFileSync(join(config.folder, 'package.json'), 'utf8')
  if (text.includes(`"${packageName}"`)) return
  run.output.info(`\nThe code imports ${packageName}, which package.json does not list: npm install ${packageName}`)
}

/** The lines that put new services on the server, unless it has them. */
async function showRegistration(
  run: Run,
  config: Config,
  created: readonly ServiceHandler[],
  plan: Parameters<typeof changesOf>[1],
): Promise<void> {
  const server = join(config.folder, 'src/server.ts')
  let text: string
  try {
    text = readFileSync(server, 'utf8')
  } catch {
    return
  }
  const missing = created.filter(({ service }) => !text.includes(service.handlerName))
  if (missing.length === 0) return
  const from = (path: string): string => {
    const way = withSlashes(relative(join(config.folder, 'src'), path))
    return way.startsWith('.') ? way : `./${way}`
  }
  run.output.info(`\nTo serve ${missing.length === 1 ? 'it' : 'them'}, add to ${pathFrom(run.io.cwd, server)}:\n`)
  for (const { service, path = '' } of missing) {
    const group = plan.groups.find(({ named }) => named.program.files.includes(service.ir.file))
    const extension = group?.options.importExtension ?? '.js'
    run.output.info(
      `  import { ${service.constant} } from '${from(join(group?.out ?? '', service.module))}${extension}'`,
    )
    run.output.info(`  import { ${service.handlerName} } from '${from(path.replace(/\.ts$/, ''))}${extension}'`)
  }
  for (const { service } of missing) run.output.info(`  server.add(${service.constant}, ${service.handlerName})`)
}
