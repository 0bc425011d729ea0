/** Shared by the commands that plan a project: the git store with its progress, frozen locks, and the report of changes of volo.yml and volo.lock. */

import type { Diagnostic } from '../compiler/diagnostic.ts'
import { diagnosticToJson } from '../compiler/text/render-diagnostic.ts'
import type { Config } from '../project/config/config.ts'
import { pathFrom } from '../project/display-path.ts'
import type { GitStore } from '../project/git/git-store.ts'
import type { PlanOptions, RegistryPlan, RegistryResult } from '../project/registry/registry-plan.ts'
import { showDiagnostics } from './diagnostics.ts'
import { progressDisplay } from './git-progress.ts'
import type { Run } from './run.ts'

/** How a command uses git. */
export interface GitOptions {
  readonly offline?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Runs `body` with a store that is made when it is first asked for; progress is shown meanwhile. */
export async function withStore<T>(
  run: Run,
  { offline, signal }: GitOptions,
  body: (store: () => Promise<GitStore>) => Promise<T>,
): Promise<T> {
  const display = progressDisplay(run)
  let opening: Promise<GitStore> | undefined
  const open = async (): Promise<GitStore> => {
    const { openGitStore } = await import('../project/git/open-git-store.ts')
    return openGitStore({ env: run.io.env, offline, signal, onProgress: display?.onProgress })
  }
  try {
    return await body(() => {
      opening ??= open()
      return opening
    })
  } finally {
    display?.end()
  }
}

/** Plans a project with a store of this run. */
export async function planWithStore(
  run: Run,
  config: Config,
  options: GitOptions & Pick<PlanOptions, 'frozen' | 'moveTo' | 'vendored' | 'before'>,
): Promise<RegistryResult> {
  const { planRegistry } = await import('../project/registry/registry-plan.ts')
  const { frozen, moveTo, vendored, before } = options
  return withStore(run, options, (store) =>
    planRegistry(config, { cwd: run.io.cwd, allowOutside: run.allowOutside, store, frozen, moveTo, vendored, before }),
  )
}

/** Whether volo.lock must not be moved: as `--frozen` or `--no-frozen` says, else in CI. */
export function isFrozen(run: Run, option: boolean | undefined): boolean {
  const { CI = '' } = run.io.env
  return option ?? !['', '0', 'false'].includes(CI)
}

/** Shows the diagnostics of a result. True when it is a plan; without one the diagnostics are all that --json prints. */
export function isPlanned<T extends { readonly ok: boolean; readonly diagnostics: readonly Diagnostic[] }>(
  run: Run,
  result: T,
): result is Extract<T, { readonly ok: true }> {
  showDiagnostics(run.output, result.diagnostics)
  if (!result.ok) run.output.json({ ok: false, diagnostics: result.diagnostics.map(diagnosticToJson) })
  return result.ok
}

/** Shows what is wrong with what was read. True when that has an error; the diagnostics are then all that --json prints. */
export function showProblems(run: Run, { diagnostics }: { readonly diagnostics: readonly Diagnostic[] }): boolean {
  return !isPlanned(run, { ok: !diagnostics.some(({ severity }) => severity === 'error'), diagnostics })
}

/** The changes of volo.yml and volo.lock, as seen from the current folder. */
export interface RegistryFiles {
  readonly created: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** What a plan does to volo.yml and volo.lock. */
export async function registryFiles(run: Run, plan: RegistryPlan): Promise<RegistryFiles> {
  const { lockText, registryChanges } = await import('../project/registry/registry-plan.ts')
  const changes = registryChanges(plan)
  const lock = pathFrom(run.io.cwd, plan.lockBefore.path)
  const files = { created: [] as string[], changed: [] as string[], removed: [] as string[] }
  if (changes.lock) {
    if (lockText(plan) === undefined) files.removed.push(lock)
    else files[plan.lockBefore.exists ? 'changed' : 'created'].push(lock)
  }
  if (changes.config) files.changed.push(pathFrom(run.io.cwd, plan.config.path))
  return files
}

/** Prints where volo.yml and volo.lock differed and what was done. `files` is what the plan said before it was written. */
export function showRegistryChanges(run: Run, plan: RegistryPlan, files: RegistryFiles): void {
  const { output } = run
  for (const { kind, finding } of plan.sources.differences) {
    if (kind === 'apart') output.warn(`${finding.message}: both are at the commit of volo.lock now`)
    if (kind === 'leftover') output.detail(`${finding.message}: volo.lock has dropped it`)
  }
  const { created, changed, removed } = files
  for (const path of created) output.info(`created  ${path}`)
  for (const path of changed) output.info(`changed  ${path}`)
  for (const path of removed) output.info(`removed  ${path}`)
}

/** The abbreviated commit. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 10)
}
