/** `volo generate`: compiles what volo.yml lists. */

import { diagnosticToJson } from '../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../project/config.ts'
import { pathFrom } from '../../project/display-path.ts'
import type { GenerationPlan } from '../../project/generation-plan.ts'
import { showDiagnostics } from '../diagnostics.ts'
import { done, type ExitCode, failed } from '../exit-code.ts'
import { changeProject, openProject } from '../open-project.ts'
import type { Registry, Run } from '../run.ts'

interface GenerateOptions {
  readonly check?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addGenerate({ program, action }: Registry): void {
  const command = program
    .command('generate')
    .description(
      'Generates TypeScript from the IDLs that volo.yml lists. Writes only files that change, and removes generated files whose IDL is gone. Never touches a file that it has not generated.',
    )
    .option('--check', 'write nothing; exit 1 when generated code differs from what the IDLs give')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo generate
  volo generate --check     in CI
  volo generate --json`,
    )
  action<[], GenerateOptions>(command, async (run, _args, options) => {
    const { recallGeneration } = await import('../../project/generation-memory.ts')
    const { findConfig } = await import('../../project/config.ts')
    const { cwd } = run.io
    // A check believes nobody: it compiles.
    const recalled = options.check === true ? undefined : recallGeneration(findConfig(cwd, run.config), cwd)
    if (recalled !== undefined) return showPlan(run, recalled, options)
    if (options.check !== true) return changeProject(run, (config) => generateAnew(run, config, options))
    const config = await openProject(run)
    return config === undefined ? failed : generateAnew(run, config, options)
  })
}

/** Plans, and unless it is a check also writes and remembers. */
async function generateAnew(run: Run, config: Config, options: GenerateOptions): Promise<ExitCode> {
  const { planGeneration, writeGeneration } = await import('../../project/generate.ts')
  const { recordReads, rememberGeneration } = await import('../../project/generation-memory.ts')
  const { nodeHost } = await import('../../project/node-host.ts')
  const host = recordReads(nodeHost(run.io.cwd))
  const plan = planGeneration(config, run.io.cwd, host)
  const isError = plan.diagnostics.some(({ severity }) => severity === 'error')
  if (!isError && options.check !== true) {
    writeGeneration(plan)
    rememberGeneration(config, run.io.cwd, plan, host)
  }
  return showPlan(run, plan, options)
}

/** Says what a plan did, or with --check would do. */
function showPlan(run: Run, plan: GenerationPlan, options: GenerateOptions): ExitCode {
  const isError = showDiagnostics(run.output, plan.diagnostics)
  const changes = changesOf(run, plan)
  const isDrift = plan.files.length > changes.unchanged.length
  run.output.json({
    ok: !isError && !(options.check === true && isDrift),
    ...changes,
    diagnostics: plan.diagnostics.map(diagnosticToJson),
  })
  if (isError) return failed
  if (options.check === true) return showDrift(run, plan)
  showChanges(run, plan)
  return done
}

/** What a plan does to files, by name. */
export interface Changes {
  readonly created: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: readonly string[]
}

/** The changes of a plan as seen from the current folder. */
export function changesOf(run: Run, plan: GenerationPlan): Changes {
  const named = (action: string): string[] =>
    plan.files.filter((file) => file.action === action).map(({ path }) => pathFrom(run.io.cwd, path))
  return { created: named('create'), changed: named('change'), removed: named('remove'), unchanged: named('keep') }
}

/** Says what generating did. */
export function showChanges(run: Run, plan: GenerationPlan): void {
  const { output } = run
  const { created, changed, removed, unchanged } = changesOf(run, plan)
  for (const path of created) output.info(`created  ${path}`)
  for (const path of changed) output.info(`changed  ${path}`)
  for (const path of removed) output.info(`removed  ${path}`)
  for (const path of unchanged) output.detail(`same     ${path}`)
  if (plan.files.length === 0) output.info('volo.yml lists no IDL; add one with: volo idl add <file>')
  else if (unchanged.length === plan.files.length)
    output.info(`Generated code is up to date (${countFiles(unchanged.length)}).`)
}

/** Says what generating would do; fails when that is something. */
function showDrift(run: Run, plan: GenerationPlan): ExitCode {
  const { output } = run
  const { created, changed, removed, unchanged } = changesOf(run, plan)
  for (const path of created) output.result(`missing  ${path}`)
  for (const path of changed) output.result(`stale    ${path}`)
  for (const path of removed) output.result(`leftover ${path}`)
  const drift = created.length + changed.length + removed.length
  if (drift === 0) {
    output.info(`Generated code is up to date (${countFiles(unchanged.length)}).`)
    return done
  }
  output.error(`generated code differs from the IDLs in ${countFiles(drift)}`, 'run: volo generate')
  return failed
}

function countFiles(n: number): string {
  return n === 1 ? '1 file' : `${n} files`
}
