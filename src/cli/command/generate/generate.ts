/** `volo generate`: compiles what volo.yml lists. */

import { Option } from 'commander'
import { diagnosticToJson } from '../../../compiler/text/render-diagnostic.ts'
import type { Config } from '../../../project/config/config.ts'
import { pathFrom } from '../../../project/display-path.ts'
import type { GenerationPlan } from '../../../project/generate/generation-plan.ts'
import { showDiagnostics } from '../../diagnostics.ts'
import { oneLine } from '../../escape-controls.ts'
import { done, type ExitCode, failed } from '../../exit-code.ts'
import { changeProject, openProject } from '../../open-project.ts'
import { isFrozen, planWithStore, registryFiles, showRegistryChanges } from '../../planning.ts'
import type { CommandRegistry, Run } from '../../run.ts'

interface GenerateOptions {
  readonly check?: boolean
  readonly watch?: boolean
  readonly frozen?: boolean
  readonly offline?: boolean
  readonly json?: boolean
}

/** Adds the command. */
export function addGenerate({ program, action }: CommandRegistry): void {
  const command = program
    .command('generate')
    .description(
      'Generates TypeScript from the IDLs that volo.yml lists. Writes only files that change, and removes files that it generated for this volo.yml and that no IDL gives any more. Never changes a file that it did not generate, or generated for another volo.yml. IDLs from git are read at the commits of volo.lock; only what is not in the cache is fetched.',
    )
    .option('--check', 'write nothing; exit 1 when generated code differs from what the IDLs give')
    .option(
      '--frozen',
      'fail where volo.yml, volo.lock and the IDLs from git differ, instead of updating them (default in CI)',
    )
    .option('--no-frozen', 'update them in CI too')
    .option('--offline', 'do not use the network; fail when something is not in the cache')
    .addOption(
      new Option('-w, --watch', 'generate again whenever an IDL, an included file or volo.yml changes').conflicts([
        'check',
        'json',
      ]),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  volo generate
  volo generate --check     in CI: is the code in version control up to date?
  volo generate --frozen    in CI: the code of volo.lock, and nothing else
  volo generate --watch     while you work on IDLs`,
    )
  action<[], GenerateOptions>(command, async (run, _args, options) => {
    const { readCachedGeneration } = await import('../../../project/generate/generation-cache.ts')
    const { findConfig } = await import('../../../project/config/config.ts')
    const { cwd } = run.io
    if (options.watch === true) {
      const { watchAndGenerate } = await import('./generate-watch.ts')
      return watchAndGenerate(run, (each, onReads) =>
        changeProject(each, (config, { signal }) => generateAnew(each, config, options, signal, onReads)),
      )
    }
    // A check does not use the cache.
    const recalled = options.check === true ? undefined : readCachedGeneration(findConfig(cwd, run.config), cwd)
    if (recalled !== undefined) return showPlan(run, recalled, [], options)
    if (options.check !== true) {
      return changeProject(run, (config, { signal }) => generateAnew(run, config, options, signal))
    }
    const config = await openProject(run)
    return config === undefined ? failed : generateAnew(run, config, options, undefined)
  })
}

/** Plans a generation; unless it is a check, also writes it and stores it in the cache. */
async function generateAnew(
  run: Run,
  config: Config,
  options: GenerateOptions,
  signal: AbortSignal | undefined,
  onReads?: (paths: Iterable<string>) => void,
): Promise<ExitCode> {
  const { writeRegistry } = await import('../../../project/registry/registry-write.ts')
  const { emptyPlan } = await import('../../../project/generate/generation-plan.ts')
  const { cacheGeneration } = await import('../../../project/generate/generation-cache.ts')
  const frozen = isFrozen(run, options.frozen)
  const result = await planWithStore(run, config, { offline: options.offline, signal, frozen, vendored: true })
  onReads?.(result.host.reads.keys())
  if (!result.ok) return showPlan(run, emptyPlan(result.diagnostics), [], options)
  const { plan } = result
  const shown = { ...plan.generation, diagnostics: result.diagnostics }
  const files = await registryFiles(run, plan)
  const stale = [...files.created, ...files.changed, ...files.removed]
  if (options.check === true) return showPlan(run, shown, stale, options)
  writeRegistry(plan)
  cacheGeneration(plan.config, run.io.cwd, plan.generation, plan.host)
  showRegistryChanges(run, plan, files)
  const code = showPlan(run, shown, stale, options)
  if (options.json !== true) await showStaleImports(run, plan.generation)
  return code
}

/** Prints what a plan did or, with --check, would do. `registry` names volo.yml and volo.lock where they change. */
function showPlan(run: Run, plan: GenerationPlan, registry: readonly string[], options: GenerateOptions): ExitCode {
  const isError = showDiagnostics(run.output, plan.diagnostics)
  const changes = changesOf(run, plan)
  const isDrift = plan.files.length > changes.unchanged.length || registry.length > 0
  run.output.json({
    ok: !isError && !(options.check === true && isDrift),
    ...changes,
    registry,
    diagnostics: plan.diagnostics.map(diagnosticToJson),
  })
  if (isError) return failed
  if (options.check === true) return showDrift(run, plan, registry)
  showChanges(run, plan)
  return done
}

/** What a plan does to files, by name. */
export interface Changes {
  readonly created: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: readonly string[]
  /** Generated files that stay because it is not known which volo.yml they belong to. */
  readonly unclaimed: readonly string[]
}

/** The changes of a plan as seen from the current folder. */
export function changesOf(run: Run, plan: GenerationPlan): Changes {
  const named = (action: string): string[] =>
    plan.files.filter((file) => file.action === action).map(({ path }) => oneLine(pathFrom(run.io.cwd, path)))
  return {
    created: named('create'),
    changed: named('change'),
    removed: named('remove'),
    unchanged: named('keep'),
    unclaimed: plan.unclaimed.map((path) => oneLine(pathFrom(run.io.cwd, path))),
  }
}

/** Prints what a generation did. */
export function showChanges(run: Run, plan: GenerationPlan): void {
  const { output } = run
  const { created, changed, removed, unchanged, unclaimed } = changesOf(run, plan)
  for (const path of created) output.info(`created  ${path}`)
  for (const path of changed) output.info(`changed  ${path}`)
  for (const path of removed) output.info(`removed  ${path}`)
  for (const path of unchanged) output.detail(`same     ${path}`)
  showUnclaimed(run, unclaimed)
  if (plan.files.length === 0) output.info('volo.yml lists no IDL; add one with: volo idl add <file>')
  else if (unchanged.length === plan.files.length)
    output.info(`Generated code is up to date (${countFiles(unchanged.length)}).`)
}

/** Prints what a generation would do; fails when it would change anything. */
function showDrift(run: Run, plan: GenerationPlan, registry: readonly string[]): ExitCode {
  const { output } = run
  const { created, changed, removed, unchanged, unclaimed } = changesOf(run, plan)
  showUnclaimed(run, unclaimed)
  for (const path of registry) output.result(`stale    ${path}`)
  for (const path of created) output.result(`missing  ${path}`)
  for (const path of changed) output.result(`stale    ${path}`)
  for (const path of removed) output.result(`leftover ${path}`)
  const drift = created.length + changed.length + removed.length + registry.length
  if (drift === 0) {
    output.info(`Generated code is up to date (${countFiles(unchanged.length)}).`)
    return done
  }
  output.error(`generated code differs from the IDLs in ${countFiles(drift)}`, 'run: volo generate')
  return failed
}

/** Warns of handlers that import what the IDLs do not give any more. */
export async function showStaleImports({ output, io }: Run, plan: GenerationPlan): Promise<void> {
  const { staleImports } = await import('../../../project/handler/stale-import.ts')
  for (const { path, message, fix } of staleImports(plan)) output.warn(`${pathFrom(io.cwd, path)} ${message}`, fix)
}

function showUnclaimed(run: Run, paths: readonly string[]): void {
  if (run.output.options.json === true) return
  for (const path of paths) {
    run.output.warn(
      `${path} was generated by an earlier version of volo, or for a volo.yml that is gone; delete it if no project needs it`,
    )
  }
}

function countFiles(n: number): string {
  return n === 1 ? '1 file' : `${n} files`
}
