/** Plans moving the locked commits of git repos to where their refs point now, and what that changes in the project. */

import { type Comparison, compareVersions } from '../../compiler/breaking/compare/compare.ts'
import { applyIgnores } from '../../compiler/breaking/ignore.ts'
import { check, hasErrors } from '../../compiler/compile.ts'
import type { Host } from '../../compiler/host.ts'
import type { IrProgram } from '../../compiler/ir/ir.ts'
import { type Config, checkEntryName } from '../config/config.ts'
import { type ChangedFiles, changedFiles, type GitHistory, type GitStore, type RefKind } from '../git/git-store.ts'
import { type GitUrl, parseGitUrl } from '../git/url.ts'
import type { IdlLocations } from '../idl-location.ts'
import { lockedRepo } from '../lock/lock.ts'
import { readLock } from '../lock/lock-reader.ts'
import { compareLocks, type ListedRepo, listedRepos } from '../lock/lock-reconciliation.ts'
import { ProjectError } from '../project-error.ts'
import { openSources, type Sources } from './git-source.ts'
import { planRegistry, type RegistryResult } from './registry-plan.ts'
import { unknownRepo } from './repo-source.ts'

/** What to move. */
export interface UpdateOptions {
  readonly cwd: string
  readonly store: () => Promise<GitStore>
  /** Names of repos; none for all. */
  readonly names: readonly string[]
  readonly entry?: string | undefined
  /** Output folders may lie outside the git work tree of volo.yml. Default false. */
  readonly allowOutside?: boolean | undefined
}

/** What became of one repo. */
export interface RepoMove {
  /** The repos of volo.yml that it is. */
  readonly repos: readonly ListedRepo[]
  readonly url: string
  readonly ref: string
  readonly kind: RefKind
  /** Undefined when it had no lock. */
  readonly from: string | undefined
  readonly to: string
  /** Undefined when it has not moved, or had no lock. */
  readonly history: GitHistory | undefined
  /** Undefined as above. */
  readonly files: ChangedFiles | undefined
  /** The IDL files of it that the project uses, before or after. */
  readonly used: ReadonlySet<string>
  /** Why the old commit could not be looked at, in git's words. */
  readonly lost: string | undefined
}

/** What became of one entry's declarations. */
export interface EntryComparison extends Comparison {
  readonly entry: string
}

/** What an update moves, and what that changes. */
export interface UpdateMoves {
  readonly moves: readonly RepoMove[]
  readonly comparisons: readonly EntryComparison[]
}

/** What an update would do: errors or a plan, and in both cases what moves. */
export type UpdateResult = RegistryResult & UpdateMoves

/** Plans an update. Throws a ProjectError when a repo cannot be reached; then none is moved. */
export async function planUpdate(config: Config, options: UpdateOptions): Promise<UpdateResult> {
  const { cwd, store, allowOutside } = options
  const chosen = chooseRepos(config, options)
  const lock = readLock(config.folder, cwd)
  if (chosen.length === 0 || lock.diagnostics.length > 0) {
    return { ...(await planRegistry(config, { cwd, store, allowOutside })), moves: [], comparisons: [] }
  }
  const byKey = new Map(chosen.map((repo) => [sourceKey(config, repo), repo]))
  const keys = [...byKey.keys()]
  const sources = [...byKey.values()]
  const found = await (await store()).resolve(
    sources.map(({ url, ref }) => ({ url: parseGitUrl(url, config.folder), ref })),
  )
  const commits = new Map(found.map((one, i) => [keys[i], one.commit]))
  const moveTo = (repo: ListedRepo): string | undefined => commits.get(sourceKey(config, repo))
  const result = await planRegistry(config, { cwd, store, allowOutside, moveTo })
  const known = compareLocks(config, lock).repos
  const moves: RepoMove[] = []
  for (const [i, { kind, commit: to }] of found.entries()) {
    const repo = sources[i]
    if (repo === undefined) continue
    const repos = listedRepos(config).filter((one) => sourceKey(config, one) === sourceKey(config, repo))
    const from = known.find((one) => repos.some((each) => each.entry === one.entry && each.name === one.name))?.commit
    const { url, ref } = repo
    const used = new Set(
      Object.keys({
        ...lockedRepo(lock, repo)?.files,
        ...(result.ok ? lockedRepo(result.plan.lock, repo) : undefined)?.files,
      }),
    )
    const base = { repos, url, ref, kind, from, to, used }
    moves.push({ ...base, ...(await lookBack(parseGitUrl(url, config.folder), base, store)) })
  }
  const hasMoved = moves.some(({ from, to }) => from !== undefined && from !== to)
  if (!hasMoved || !result.ok || moves.some(({ lost }) => lost !== undefined)) {
    return { ...result, moves, comparisons: [] }
  }
  const before = await openSources(config, { cwd, lock, store })
  return { ...result, moves, comparisons: compareEntries(config, before, result.plan.sources, moves) }
}

/** The repos that are named, or all. Throws a ProjectError for a name that volo.yml has not. */
function chooseRepos(config: Config, { names, entry }: UpdateOptions): ListedRepo[] {
  checkEntryName(config, entry)
  const repos = listedRepos(config).filter((one) => entry === undefined || one.entry === entry)
  for (const name of names) if (!repos.some((one) => one.name === name)) throw unknownRepo(name, repos, entry)
  return names.length === 0 ? repos : repos.filter(({ name }) => names.includes(name))
}

function sourceKey(config: Config, { url, ref }: ListedRepo): string {
  return `${ref} ${parseGitUrl(url, config.folder).key}`
}

/** What lies between the two commits of a repo. */
async function lookBack(
  url: GitUrl,
  { from, to, ref }: Pick<RepoMove, 'from' | 'to' | 'ref'>,
  store: () => Promise<GitStore>,
): Promise<Pick<RepoMove, 'history' | 'files' | 'lost'>> {
  const nothing = { history: undefined, files: undefined, lost: undefined }
  if (from === undefined || from === to) return nothing
  try {
    const git = await store()
    const [old, now] = await git.open([
      { url, commit: from },
      { url, commit: to, ref },
    ])
    const files = changedFiles(old, now)
    return { ...nothing, files, history: await git.history(url, from, to) }
  } catch (error) {
    if (error instanceof ProjectError) return { ...nothing, lost: error.message }
    throw error
  }
}

function compareEntries(
  config: Config,
  before: Sources,
  after: Sources,
  moves: readonly RepoMove[],
): EntryComparison[] {
  const moved = moves.filter(({ from, to }) => from !== to).flatMap(({ repos }) => repos.map(({ entry }) => entry))
  const comparisons: EntryComparison[] = []
  for (const entry of new Set(moved)) {
    const old = checkEntry(config, entry, before.locations, before.host)
    const now = checkEntry(config, entry, after.locations, after.host)
    if (old === undefined || now === undefined) continue
    const ignores = config.entries[entry]?.typescript?.breaking?.ignore ?? []
    comparisons.push({ entry, ...applyIgnores(compareVersions(old, now), ignores).comparison })
  }
  return comparisons
}

/** The program of an entry; undefined when it has errors. */
function checkEntry(config: Config, entry: string, locations: IdlLocations, host: Host): IrProgram | undefined {
  const { services = [] } = config.entries[entry] ?? {}
  const { program, diagnostics } = check({
    entries: services.map(({ idl }) => locations.pathOf(entry, idl)),
    includes: locations.rootsOf(entry),
    host,
  })
  return hasErrors(diagnostics) ? undefined : program
}
