/** `volo update`: git repos moved to what their refs stand for, generated code and handlers after an IDL has changed. */

import type { Command } from 'commander'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config/config.ts'
import { pathFrom } from '../../project/display-path.ts'
import type { ServiceHandler } from '../../project/handler/handler-update.ts'
import { ProjectError } from '../../project/project-error.ts'
import type { RegistryPlan } from '../../project/registry/registry-plan.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeProject, openProject } from '../open-project.ts'
import { registryFiles, showRegistryChanges, withStore } from '../planning.ts'
import type { CommandRegistry, Run } from '../run.ts'
import { breaksSomething, movesJson, showMoves } from '../update-report.ts'
import { collect } from './collect.ts'
import { changesOf, showChanges, showStaleImports } from './generate/generate.ts'

const breakingHint = 'accept all of it with --allow-breaking, or single changes under typescript: breaking: in volo.yml'

/** Options of `volo update` and `volo repo update`. */
export interface UpdateOptions {
  readonly entry?: string
  readonly dryRun?: boolean
  readonly check?: boolean
  readonly allowBreaking?: boolean
  readonly service?: readonly string[]
  readonly json?: boolean
}

/** Adds the options that both commands have. */
export function addUpdateOptions(command: Command): Command {
  return command
    .option('-n, --entry <name>', 'only the repos of this entry of volo.yml')
    .option('--allow-breaking', 'accept changes that break wire, JSON or source compatibility')
    .option('--dry-run', 'write nothing, print what would be done')
    .option('--check', 'write nothing; exit 1 when anything would move, change or break')
    .option('-s, --service <name>', 'make a handler file for this service, when it has none (repeatable)', collect)
    .option('--json', 'print the result as JSON')
}

/** Adds the command. */
export function addUpdate({ program, action }: CommandRegistry): void {
  const command = addUpdateOptions(
    program
      .command('update')
      .description(
        'Moves the git repos of volo.yml to the commits that their refs point at now and prints what that changes; then, as after a change of your own IDLs, generates code and adds methods that are new in the IDL to the handler files. Your code is never changed; methods that were removed from the IDL are listed, not deleted. A change that breaks compatibility stops the update unless you allow it; so does a repo that cannot be reached.',
      )
      .argument('[repos...]', 'names of repos (default: all of them)'),
  ).addHelpText(
    'after',
    `
Examples:
  volo update
  volo update idl                   this repo only
  volo update --dry-run             what is new?
  volo update --check               in CI: is there anything to update?
  volo update --service Admin       for a service that is new in an IDL`,
  )
  action<[string[]], UpdateOptions>(command, (run, [names], options) => {
    if (options.check !== true && options.dryRun !== true) {
      return changeProject(run, (config, { signal }) => update(run, config, names, options, signal))
    }
    return openProject(run).then((config) => (config === undefined ? failed : update(run, config, names, options)))
  })
}

/** Moves repos, generates, completes handlers. */
export async function update(
  run: Run,
  config: Config,
  names: readonly string[],
  options: UpdateOptions,
  signal?: AbortSignal,
): Promise<ExitCode> {
  const { output } = run
  const { planUpdate } = await import('../../project/registry/update-plan.ts')
  const { entry } = options
  const updated = await withStore(run, { signal }, (store) =>
    planUpdate(config, { cwd: run.io.cwd, allowOutside: run.allowOutside, store, names, entry }),
  )
  showDiagnostics(output, updated.diagnostics)
  const moves = movesJson(updated)
  const diagnostics = updated.diagnostics.map(diagnosticToJson)
  if (!updated.ok) {
    output.json({ ok: false, ...moves, diagnostics })
    return failed
  }
  const { plan } = updated
  const { serviceHandlers } = await import('../../project/handler/handler-update.ts')
  const handlers = serviceHandlers(plan.generation)
  checkNames(options.service ?? [], handlers)
  const wanted = (one: ServiceHandler): boolean => isNamed(one, options.service ?? [])
  const registry = await registryFiles(run, plan)
  const changed = [...registry.created, ...registry.changed, ...registry.removed]
  const result = {
    ...moves,
    registry: changed,
    ...changesOf(run, plan.generation),
    handlers: handlers.map((one) => handlerJson(run, one, wanted(one))),
    diagnostics,
  }
  const isBreaking = breaksSomething(updated)
  const isLost = updated.moves.some(({ lost }) => lost !== undefined)
  showMoves(output, updated)
  if (options.check === true || options.dryRun === true) {
    const isAny = isBreaking || changed.length > 0 || willChange(plan, handlers, wanted)
    const ok = options.check !== true || !isAny
    output.json({ ok, dryRun: true, breaking: isBreaking, ...result })
    showPlanned(run, plan, handlers, wanted, changed)
    if (ok) return done
    if (isBreaking && options.allowBreaking !== true) {
      const what = isLost ? 'it is unknown what they break' : 'they break compatibility'
      output.error(`there are changes to update, and ${what}`, breakingHint)
    } else output.error('there are changes to update', 'run: volo update')
    return failed
  }
  if (isBreaking && options.allowBreaking !== true) {
    output.json({ ok: false, breaking: true, ...result })
    const why = isLost ? 'it is unknown what that would break' : 'that would break compatibility'
    output.error(`nothing was updated, because ${why}`, breakingHint)
    return failed
  }
  const { writeHandlers } = await import('../../project/handler/handler-update.ts')
  const { writeRegistry } = await import('../../project/registry/registry-write.ts')
  writeRegistry(plan, () => writeHandlers(handlers, wanted))
  output.json({
    ok: handlers.every((one) => one.completion?.unplaced === undefined),
    breaking: isBreaking,
    ...result,
  })
  showRegistryChanges(run, plan, registry)
  showChanges(run, plan.generation)
  if (options.json !== true) await showStaleImports(run, plan.generation)
  return showHandlers(run, handlers, wanted) ? done : failed
}

function willChange(
  plan: RegistryPlan,
  handlers: readonly ServiceHandler[],
  wanted: (one: ServiceHandler) => boolean,
): boolean {
  const isStale = plan.generation.files.some(({ action }) => action !== 'keep')
  return isStale || handlers.some((one) => (one.completion?.added.length ?? 0) > 0 || (!one.exists && wanted(one)))
}

/** Prints what would be written. */
function showPlanned(
  run: Run,
  plan: RegistryPlan,
  handlers: readonly ServiceHandler[],
  wanted: (one: ServiceHandler) => boolean,
  registry: readonly string[],
): void {
  const { output, io } = run
  const { created, changed, removed } = changesOf(run, plan.generation)
  const lines = [
    ...registry.map((path) => `would change  ${path}`),
    ...created.map((path) => `would create  ${path}`),
    ...changed.map((path) => `would change  ${path}`),
    ...removed.map((path) => `would remove  ${path}`),
  ]
  for (const one of handlers) {
    const path = pathFrom(io.cwd, one.path ?? '')
    if (!one.exists && wanted(one)) lines.push(`would create  ${path}`)
    const { added = [], vanished = [] } = one.completion ?? {}
    if (added.length > 0) lines.push(`would extend  ${path} (${one.service.name}: ${added.join(', ')})`)
    for (const name of vanished) lines.push(`${path}: ${one.service.name} has no method '${name}' any more`)
  }
  for (const line of lines) output.result(line)
  if (lines.length === 0) output.info('Everything is up to date.')
}

/** Prints what was done to the handlers. False when a file could not be completed. */
export function showHandlers(
  run: Run,
  handlers: readonly ServiceHandler[],
  isNew: (one: ServiceHandler) => boolean,
): boolean {
  const { output, io } = run
  let ok = true
  for (const one of handlers) {
    const { service, path, completion, exists } = one
    if (path === undefined) continue
    const shown = pathFrom(io.cwd, path)
    if (!exists) {
      if (isNew(one))
        output.info(`created  ${shown} (${service.name}: ${service.methods.map(({ name }) => name).join(', ')})`)
      else output.info(`${service.name} has no handler; to create one, run: volo update --service ${service.name}`)
      continue
    }
    if (completion === undefined) continue
    if (completion.added.length > 0) output.info(`extended ${shown} (${service.name}: ${completion.added.join(', ')})`)
    for (const name of completion.vanished) {
      output.warn(
        `${shown}: ${service.name} has no method '${name}' any more`,
        `delete it from the handler if nothing else needs it`,
      )
    }
    if (completion.unplaced !== undefined) {
      ok = false
      const { methods, reason, stub } = completion.unplaced
      output.error(
        `${shown} was left alone, because ${reason}`,
        `if ${methods.length === 1 ? `'${methods[0]}' is` : `${methods.map((name) => `'${name}'`).join(', ')} are`} missing in it, add:`,
      )
      output.raw(`\n${stub}\n\n`)
    }
  }
  return ok
}

/** A handler as JSON. */
export function handlerJson(run: Run, one: ServiceHandler, isNew: boolean): object {
  return {
    service: one.service.fullName,
    file: one.path === undefined ? undefined : pathFrom(run.io.cwd, one.path),
    created: !one.exists && isNew,
    added: one.completion?.added ?? [],
    vanished: one.completion?.vanished ?? [],
    unplaced: one.completion?.unplaced,
  }
}

function isNamed({ service }: ServiceHandler, names: readonly string[]): boolean {
  return names.includes(service.name) || names.includes(service.fullName)
}

function checkNames(names: readonly string[], handlers: readonly ServiceHandler[]): void {
  for (const name of names) {
    const found = handlers.find((one) => isNamed(one, [name]))
    if (found === undefined) {
      throw new ProjectError(
        `there is no service '${name}'; the IDLs declare ${handlers.map(({ service }) => service.fullName).join(', ') || 'none'}`,
        { usage: true },
      )
    }
    if (found.path === undefined) {
      throw new ProjectError(`entry '${found.entry}' of volo.yml has no handlers`, {
        hint: "take 'handlers: false' out of its 'typescript:'",
      })
    }
  }
}
