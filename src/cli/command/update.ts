/** `volo update`: generated code and handlers after an IDL has changed. */

import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config.ts'
import { pathFrom } from '../../project/display-path.ts'
import type { ServiceHandler } from '../../project/handler-update.ts'
import { ProjectError } from '../../project/project-error.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeProject } from '../open-project.ts'
import type { Registry, Run } from '../run.ts'
import { collect } from './collect.ts'
import { changesOf, showChanges } from './generate.ts'

interface UpdateOptions {
  readonly service?: readonly string[]
  readonly json?: boolean
}

/** Adds the command. */
export function addUpdate({ program, action }: Registry): void {
  const command = program
    .command('update')
    .description(
      'After an IDL has changed: generates code and adds methods that are new in the IDL to the handler files. What you have written is never touched; methods that the IDL has no longer are listed, not deleted.',
    )
    .option('-s, --service <name>', 'make a handler file for this service, when it has none (repeatable)', collect)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo update
  volo update --service Admin     for a service that is new in an IDL`,
    )
  action<[], UpdateOptions>(command, (run, _args, options) =>
    changeProject(run, (config) => update(run, config, options)),
  )
}

async function update(run: Run, config: Config, options: UpdateOptions): Promise<ExitCode> {
  const { planGeneration, writeGeneration } = await import('../../project/generate.ts')
  const plan = planGeneration(config, run.io.cwd)
  if (showDiagnostics(run.output, plan.diagnostics)) {
    run.output.json({ ok: false, diagnostics: plan.diagnostics.map(diagnosticToJson) })
    return failed
  }
  const { serviceHandlers } = await import('../../project/handler-update.ts')
  const handlers = serviceHandlers(plan)
  checkNames(options.service ?? [], handlers)
  const wanted = (one: ServiceHandler): boolean => isNamed(one, options.service ?? [])
  writeGeneration(plan)
  const { writeHandlers } = await import('../../project/handler-update.ts')
  writeHandlers(handlers, wanted)
  run.output.json({
    ok: handlers.every((one) => one.completion?.unplaced === undefined),
    ...changesOf(run, plan),
    handlers: handlers.map((one) => handlerJson(run, one, wanted(one))),
    diagnostics: plan.diagnostics.map(diagnosticToJson),
  })
  showChanges(run, plan)
  return showHandlers(run, handlers, wanted) ? done : failed
}

/** Says what became of the handlers. False when a file could not be completed. */
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
      else output.info(`${service.name} has no handler; for one say: volo update --service ${service.name}`)
      continue
    }
    if (completion === undefined) continue
    if (completion.added.length > 0) output.info(`extended ${shown} (${service.name}: ${completion.added.join(', ')})`)
    for (const name of completion.vanished) {
      output.warn(
        `${shown}: ${service.name} has no method '${name}' any more`,
        `delete it from the handler when nothing else needs it`,
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
