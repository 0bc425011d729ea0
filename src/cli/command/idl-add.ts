/** `volo idl add`: lists IDLs in volo.yml, generates their code, makes their handlers. */

import { join, relative, resolve } from 'node:path'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config.ts'
import { pathFrom, withSlashes } from '../../project/display-path.ts'
import type { ServiceHandler } from '../../project/handler-update.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeOrBeginProject } from '../open-project.ts'
import type { Registry, Run } from '../run.ts'
import { collect } from './collect.ts'
import { changesOf, showChanges } from './generate.ts'
import { handlerJson, showHandlers } from './update.ts'

interface IdlAddOptions {
  readonly includes?: readonly string[]
  readonly entry?: string
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlAdd({ program, action }: Registry): void {
  const command = program
    .command('add')
    .summary('add IDLs, with their code and handlers')
    .description(
      'Adds IDL files to volo.yml, generates their code and makes a handler for each of their services. Every file is checked first; with an error nothing is written. A project that has a package.json and no volo.yml gets one.',
    )
    .argument('<files...>', '.thrift and .proto files; patterns such as idl/**/*.proto are welcome')
    .option('-i, --includes <dir>', 'a folder that includes and imports start from (repeatable)', collect)
    .option('-e, --entry <name>', 'the entry of volo.yml (default: by the kind of IDL)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo idl add idl/stock.thrift
  volo idl add 'proto/**/*.proto' -i proto
  volo idl add ../shared/user.thrift`,
    )
  action<[string[]], IdlAddOptions>(command, (run, [words], options) =>
    changeOrBeginProject(run, (config, isNew) => addIdls(run, { config, isNew }, words, options)),
  )
}

async function addIdls(
  run: Run,
  { config, isNew: isNewProject }: { readonly config: Config; readonly isNew: boolean },
  words: readonly string[],
  options: IdlAddOptions,
): Promise<ExitCode> {
  const { io, output } = run
  const { expandPatterns } = await import('../../project/idl-pattern.ts')
  const { planAddition } = await import('../../project/idl-registry.ts')
  const includes = (options.includes ?? []).map((one) => resolve(io.cwd, one))
  const added = planAddition(config, expandPatterns(words, io.cwd), includes, options.entry, io.cwd)
  const fail = (diagnostics: typeof added.diagnostics): ExitCode => {
    output.json({ ok: false, diagnostics: diagnostics.map(diagnosticToJson) })
    return failed
  }
  if (showDiagnostics(output, added.diagnostics)) return fail(added.diagnostics)

  const { planGeneration, writeGeneration } = await import('../../project/generate.ts')
  const plan = planGeneration(added.config, io.cwd)
  if (plan.diagnostics.some(({ severity }) => severity === 'error')) {
    showDiagnostics(output, plan.diagnostics)
    return fail(plan.diagnostics)
  }
  const { checkServiceNames, serviceHandlers, writeHandlers } = await import('../../project/handler-update.ts')
  const handlers = serviceHandlers(plan)
  checkServiceNames(handlers)
  const paths = added.additions.map(({ path }) => path)
  const mine = handlers.filter(({ idl }) => paths.includes(resolve(io.cwd, idl)))
  const isNew = (one: ServiceHandler): boolean => mine.includes(one)
  const { writeFilesAtomically } = await import('../../project/atomic-write.ts')
  if (added.config.source.text !== config.source.text) {
    writeFilesAtomically([{ path: config.path, text: added.config.source.text }])
  }
  writeGeneration(plan)
  writeHandlers(mine, isNew)

  output.json({
    ok: mine.every((one) => one.completion?.unplaced === undefined),
    idls: added.additions.map(({ path, entry, what }) => ({ path: pathFrom(io.cwd, path), entry, what })),
    ...changesOf(run, plan),
    handlers: mine.map((one) => handlerJson(run, one, true)),
  })
  if (isNewProject) output.info(`created  ${pathFrom(io.cwd, config.path)}`)
  for (const { path, entry, what } of added.additions) {
    const shown = pathFrom(io.cwd, path)
    if (what === 'added') output.info(`added    ${shown} to entry '${entry}' of ${pathFrom(io.cwd, config.path)}`)
    else
      output.info(
        what === 'already listed'
          ? `${shown} is listed already, in entry '${entry}'`
          : `changed  the includes of ${shown}`,
      )
  }
  showChanges(run, plan)
  const ok = showHandlers(run, mine, isNew)
  await showRegistration(
    run,
    config,
    mine.filter(({ exists, path }) => !exists && path !== undefined),
    plan,
  )
  if (isNewProject) await showDependency(run, config)
  return ok ? done : failed
}

/** What the generated code needs, unless package.json has it. */
async function showDependency(run: Run, config: Config): Promise<void> {
  const { readFileSync } = await import('node:fs')
  const { packageName } = await import('../../project/package-root.ts')
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
  const { readFileSync } = await import('node:fs')
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
