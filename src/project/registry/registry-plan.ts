/** Plans the state of a project after a command: volo.yml, volo.lock and generated code. Writes nothing. */

import { hasErrors } from '../../compiler/compile.ts'
import { type Diagnostic, reportInto } from '../../compiler/diagnostic.ts'
import { type Config, parseConfig } from '../config/config.ts'
import { planGeneration } from '../generate/generate.ts'
import { type RecordingHost, recordReads } from '../generate/generation-cache.ts'
import { type GenerationPlan, sameText } from '../generate/generation-plan.ts'
import type { GitStore } from '../git/git-store.ts'
import { type Lock, lockedRepo, printLock } from '../lock/lock.ts'
import { type ReadLock, readLock } from '../lock/lock-reader.ts'
import { checkWritePaths } from '../work-tree.ts'
import { type OpenSources, openSources, type Sources } from './git-source.ts'
import { lockOf, unlockedFiles, usedFiles, wrongDigests } from './lock-digest.ts'
import { setRepo } from './repo-edit.ts'

/** How a project is planned. */
export interface PlanOptions extends Pick<OpenSources, 'frozen' | 'moveTo' | 'vendored'> {
  readonly cwd: string
  /** Makes the store; called only when there is a repo. */
  readonly store: () => Promise<GitStore>
  /** Output folders may lie outside the git work tree of volo.yml. Default false. */
  readonly allowOutside?: boolean | undefined
  /** volo.yml as it is on disk, where `config` is an edit of it. */
  readonly before?: Config | undefined
}

/** A project as it would be. */
export interface RegistryPlan {
  /** volo.yml as it would be: every repo locked. */
  readonly config: Config
  /** volo.yml as it is; empty text where there is none. */
  readonly before: Config
  readonly lock: Lock
  /** volo.lock as it is. */
  readonly lockBefore: ReadLock
  readonly sources: Sources
  readonly generation: GenerationPlan
  /** What was read to generate. */
  readonly host: RecordingHost
}

/** What planning gives: errors, or a plan with warnings. `host` has what was read, also where there is no plan. */
export type RegistryResult = {
  readonly diagnostics: readonly Diagnostic[]
  readonly host: RecordingHost
} & ({ readonly ok: false } | { readonly ok: true; readonly plan: RegistryPlan })

/** Plans the project of a volo.yml: opens its repos, compiles its IDLs, locks what they use. */
export async function planRegistry(config: Config, options: PlanOptions): Promise<RegistryResult> {
  const { cwd, before = config } = options
  const lockBefore = readLock(config.folder, cwd)
  const sources = await openSources(config, { ...options, lock: lockBefore })
  const host = recordReads(sources.host)
  if (sources.diagnostics.length > 0) return { ok: false, diagnostics: sources.diagnostics, host }
  const locked = lockConfig(config, sources)
  const generation = planGeneration(locked, cwd, host)
  const used = usedFiles(generation, sources.locations)
  const unmoved = used.filter(({ mount }) => {
    const commit = lockedRepo(lockBefore, mount)?.commit
    return sources.repos.some((one) => one.entry === mount.entry && one.name === mount.name && one.commit === commit)
  })
  const problems = wrongDigests(lockBefore, unmoved)
  if (options.frozen === true && !hasErrors(generation.diagnostics)) {
    for (const finding of unlockedFiles(lockBefore, used)) reportInto(problems)(finding)
  }
  if (options.allowOutside !== true && !hasErrors(generation.diagnostics)) {
    problems.push(...checkWritePaths(locked, generation))
  }
  const diagnostics = [...problems, ...generation.diagnostics]
  if (hasErrors(diagnostics)) return { ok: false, diagnostics, host }
  const lock = lockOf(sources.repos, used)
  return { ok: true, diagnostics, host, plan: { config: locked, before, lock, lockBefore, sources, generation, host } }
}

/** The text of a plan's volo.lock; undefined where none is wanted. */
export function lockText({ lock }: RegistryPlan): string | undefined {
  return lock.repos.length === 0 ? undefined : printLock(lock)
}

/** Whether a plan has another volo.yml or volo.lock than the disk. */
export function registryChanges(plan: RegistryPlan): { readonly config: boolean; readonly lock: boolean } {
  const text = lockText(plan)
  const { exists, source } = plan.lockBefore
  return {
    config: plan.config.source.text !== plan.before.source.text,
    lock: text === undefined ? exists : !exists || !sameText(source.text, text),
  }
}

/** volo.yml with each repo's commit under `lock`. */
function lockConfig(config: Config, { repos }: Sources): Config {
  let text = config.source.text
  for (const { entry, name, lock, commit } of repos) {
    if (lock !== undefined && lock.length >= 7 && commit.startsWith(lock)) continue
    text = setRepo(text, entry, name, { lock: commit })
  }
  return withText(config, text)
}

/** The same volo.yml with a new text. */
export function withText(config: Config, text: string): Config {
  if (text === config.source.text) return config
  const next = parseConfig(text, config.path, config.source.path)
  if (next.diagnostics.length > 0) {
    throw new Error(`the edited volo.yml does not parse: ${next.diagnostics[0]?.message ?? ''}`)
  }
  return next
}
