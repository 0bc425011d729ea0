/** Plans the addition of IDLs to a project, from local files or from a git repo. */

import { resolve } from 'node:path'
import { hasErrors } from '../../compiler/compile.ts'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import type { Config } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import { readLock } from '../lock/lock-reader.ts'
import { planGitIdls } from './git-addition.ts'
import { openSources } from './git-source.ts'
import { everyIdl, expandPatterns } from './idl-pattern.ts'
import { type Addition, type NewIdls, planAddition } from './idl-registry.ts'
import { type PlanOptions, planRegistry, type RegistryPlan } from './registry-plan.ts'

/** What to add, as the command line says it. */
export interface IdlWords {
  /** Files or patterns, from the current folder or from the root of the repo; with `all` folders. */
  readonly paths: readonly string[]
  readonly all: boolean
  readonly includes: readonly string[]
  readonly entry?: string | undefined
  /** The repo: its URL, its ref, its name in volo.yml. Local files where neither URL nor name is given. */
  readonly git?: string | undefined
  readonly ref?: string | undefined
  readonly repo?: string | undefined
}

/** The repo that IDLs are added from. */
export interface AddedRepo {
  readonly name: string
  readonly url: string
  readonly ref: string
  /** The ref that it had before. */
  readonly oldRef: string | undefined
  readonly commit: string
}

/** What adding does: errors, or a plan. Its diagnostics are warnings. */
export type IdlAdditionPlan =
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly ok: true
      readonly diagnostics: readonly Diagnostic[]
      readonly plan: RegistryPlan
      readonly additions: readonly Addition[]
      readonly repo: AddedRepo | undefined
    }

/** Where and how to plan. */
type Place = Pick<PlanOptions, 'cwd' | 'store' | 'allowOutside'>

/** Plans an addition. Every file is parsed first. */
export function planIdlAddition(config: Config, words: IdlWords, place: Place): Promise<IdlAdditionPlan> {
  const isLocal = words.git === undefined && words.repo === undefined
  return isLocal ? planLocal(config, words, place) : planFromGit(config, words, place)
}

function planLocal(config: Config, words: IdlWords, place: Place): Promise<IdlAdditionPlan> {
  const { cwd } = place
  const fromConfig = (path: string): string => pathFrom(config.folder, path)
  const includes = words.includes.map((one) => fromConfig(resolve(cwd, one)))
  const paths = words.all ? everyIdl(words.paths, cwd) : expandPatterns(words.paths, cwd)
  const idls = paths.map((path) => ({
    idl: { source: 'local' as const, path: fromConfig(path), includes },
    entry: words.entry,
  }))
  return planAdded({ before: config, config, idls, moveTo: undefined, repo: undefined }, place)
}

async function planFromGit(config: Config, words: IdlWords, place: Place): Promise<IdlAdditionPlan> {
  const { git: url, repo: name } = words
  const lock = readLock(config.folder, place.cwd)
  const found = await planGitIdls(config, { ...words, url, name }, { ...place, lock })
  const { source, commit, idls, moveTo } = found
  const added = idls[0]?.idl.repo ?? ''
  const oldRef = source.listed.find((one) => one.name === added)?.ref
  const repo = { name: added, url: source.url, ref: source.ref, oldRef, commit }
  return planAdded({ before: config, config: found.config, idls, moveTo, repo }, place)
}

async function planAdded(
  what: {
    readonly before: Config
    readonly config: Config
    readonly idls: NewIdls['idls']
    readonly moveTo: PlanOptions['moveTo']
    readonly repo: AddedRepo | undefined
  },
  { cwd, store, allowOutside }: Place,
): Promise<IdlAdditionPlan> {
  const { before, config, idls, moveTo, repo } = what
  const sources = await openSources(config, { cwd, lock: readLock(config.folder, cwd), store, moveTo })
  if (sources.diagnostics.length > 0) return { ok: false, diagnostics: sources.diagnostics }
  const added = planAddition(config, { idls, host: sources.host }, cwd)
  if (hasErrors(added.diagnostics)) return { ok: false, diagnostics: added.diagnostics }
  const result = await planRegistry(added.config, { cwd, store, allowOutside, moveTo, before })
  // Warnings about other files are not shown: they were there before.
  if (!result.ok) {
    return { ok: false, diagnostics: result.diagnostics.filter(({ severity }) => severity === 'error') }
  }
  return { ok: true, diagnostics: added.diagnostics, plan: result.plan, additions: added.additions, repo }
}
