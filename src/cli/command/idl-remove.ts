/** `volo idl remove`: takes IDLs out of volo.yml, and their generated code with them. */

import { resolve } from 'node:path'
import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config.ts'
import { pathFrom } from '../../project/display-path.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeProject } from '../open-project.ts'
import type { Registry, Run } from '../run.ts'
import { changesOf, showChanges } from './generate.ts'

interface IdlRemoveOptions {
  readonly json?: boolean
}

/** Adds the command. */
export function addIdlRemove({ program, action }: Registry): void {
  const command = program
    .command('remove')
    .alias('rm')
    .summary('take IDLs out, with their generated code')
    .description(
      'Takes IDL files out of volo.yml and removes the code generated from them. The IDL files themselves and the handlers stay: they are yours.',
    )
    .argument('<files...>', 'IDL files that volo.yml lists')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  volo idl remove idl/stock.thrift')
  action<[string[]], IdlRemoveOptions>(command, (run, [words]) =>
    changeProject(run, (config) => removeIdls(run, config, words)),
  )
}

async function removeIdls(run: Run, config: Config, words: readonly string[]): Promise<ExitCode> {
  const { io, output } = run
  const { planRemoval } = await import('../../project/idl-registry.ts')
  const { planGeneration, writeGeneration } = await import('../../project/generate.ts')
  const { serviceHandlers } = await import('../../project/handler-update.ts')
  const { writeFilesAtomically } = await import('../../project/atomic-write.ts')
  const { config: next, removed } = planRemoval(
    config,
    words.map((word) => resolve(io.cwd, word)),
    io.cwd,
  )
  const before = serviceHandlers(planGeneration(config, io.cwd))
  const plan = planGeneration(next, io.cwd)
  if (showDiagnostics(output, plan.diagnostics)) {
    output.json({ ok: false, diagnostics: plan.diagnostics.map(diagnosticToJson) })
    return failed
  }
  const gone = removed.map(({ path }) => path)
  const orphans = before
    .filter(({ idl, exists }) => exists && gone.includes(resolve(io.cwd, idl)))
    .map(({ path }) => pathFrom(io.cwd, path ?? ''))
  writeFilesAtomically([{ path: next.path, text: next.source.text }])
  writeGeneration(plan)
  output.json({
    ok: true,
    idls: removed.map(({ path, entry }) => ({ path: pathFrom(io.cwd, path), entry })),
    ...changesOf(run, plan),
    handlersLeft: orphans,
  })
  for (const { path, entry } of removed)
    output.info(`removed  ${pathFrom(io.cwd, path)} from entry '${entry}' of ${pathFrom(io.cwd, next.path)}`)
  showChanges(run, plan)
  for (const path of orphans) output.info(`${path} is yours and stays; delete it when nothing needs it`)
  return done
}
