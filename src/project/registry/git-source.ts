/** The git sources of a project, opened: every repo at the commit that it stands at, its IDL files there to be read. */

import { type Diagnostic, type Report, reportInto } from '../../compiler/diagnostic.ts'
import type { Host } from '../../compiler/host.ts'
import type { Config } from '../config/config.ts'
import type { GitSource, GitStore, GitTree } from '../git/git-store.ts'
import { repoPath } from '../git/repo-path.ts'
import { type GitUrl, parseGitUrl } from '../git/url.ts'
import { vendoredTree } from '../git/vendor.ts'
import { type IdlLocations, idlLocations } from '../idl-location.ts'
import { isSameSource, lockedRepo } from '../lock/lock.ts'
import { isCommit, type ReadLock } from '../lock/lock-reader.ts'
import { compareLocks, type ListedRepo, type LockDifference } from '../lock/lock-reconciliation.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { gitHost } from './git-host.ts'

/** How sources are opened. */
export interface OpenSources {
  /** Decides how paths are shown. */
  readonly cwd: string
  readonly lock: ReadLock
  /** Makes the store; called only when there is a repo. */
  readonly store: () => Promise<GitStore>
  /** Take vendored files where they are the locked ones: for commands that compile, and list nothing new. */
  readonly vendored?: boolean | undefined
  /** volo.lock must not be moved: every difference is an error. */
  readonly frozen?: boolean | undefined
  /** A commit that a repo shall stand at in place of the locked one. */
  readonly moveTo?: ((repo: ListedRepo) => string | undefined) | undefined
}

/** A repo of an entry, opened. */
export interface OpenRepo extends ListedRepo {
  readonly address: GitUrl
  /** In full. */
  readonly commit: string
  readonly tree: GitTree
}

/** The sources of a project. */
export interface Sources {
  readonly locations: IdlLocations
  readonly repos: readonly OpenRepo[]
  /** Reads the files of the project and those of its repos. */
  readonly host: Host
  /** How volo.yml and volo.lock differ; what is written next mends it. */
  readonly differences: readonly LockDifference[]
  /** Errors: `repos` is empty then. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Opens the repos of a volo.yml: what is locked from the vendored files or the cache, else fetched. */
export async function openSources(config: Config, options: OpenSources): Promise<Sources> {
  const { cwd, lock, moveTo } = options
  const locations = idlLocations(config, cwd)
  const { repos, differences, clashes } = compareLocks(config, lock)
  const diagnostics: Diagnostic[] = [...lock.diagnostics]
  const report: Report = reportInto(diagnostics)
  const forbidden = options.frozen === true ? differences.map(({ finding }) => finding) : []
  for (const finding of [...(moveTo === undefined ? clashes : []), ...forbidden]) report(finding)
  const none: Sources = { locations, repos: [], host: nodeHost(cwd), differences, diagnostics }
  if (diagnostics.length > 0 || repos.length === 0) return none
  const settled = await settleCommits(
    config,
    repos.map((repo) => ({ ...repo, commit: moveTo?.(repo) ?? repo.commit })),
    options,
  )
  const opened = await openTrees(config, settled, options)
  const trees = new Map(
    opened.flatMap((repo) =>
      locations.mounts
        .filter((one) => one.entry === repo.entry && isSameSource(one, repo))
        .map(({ path }) => [path, repo.tree]),
    ),
  )
  return { ...none, repos: opened, host: gitHost(nodeHost(cwd), locations, trees) }
}

/** Looks up what is not known yet: refs without a lock, and commits of which only the beginning is given. */
async function settleCommits(
  config: Config,
  repos: readonly (ListedRepo & { readonly commit: string | undefined })[],
  { store }: OpenSources,
): Promise<readonly (ListedRepo & { readonly commit: string })[]> {
  const unknown = repos.filter(({ commit }) => commit === undefined || !isCommit(commit))
  if (unknown.length === 0) return repos as readonly (ListedRepo & { readonly commit: string })[]
  const found = await (await store()).resolve(
    unknown.map(({ url, ref, commit }) => ({ url: parseGitUrl(url, config.folder), ref: commit ?? ref })),
  )
  return repos.map((repo) => {
    const { commit } = found[unknown.indexOf(repo)] ?? {}
    return { ...repo, commit: commit ?? repo.commit! }
  })
}

async function openTrees(
  config: Config,
  repos: readonly (ListedRepo & { readonly commit: string })[],
  { lock, store, vendored, frozen }: OpenSources,
): Promise<OpenRepo[]> {
  const missing = new Map<string, GitSource>()
  const addressed = repos.map((repo) => ({ ...repo, address: parseGitUrl(repo.url, config.folder) }))
  const keyOf = (repo: (typeof addressed)[number]): string => `${repo.commit} ${repo.address.key}`
  const trees = new Map<string, GitTree>()
  for (const repo of addressed) {
    if (trees.has(keyOf(repo)) || missing.has(keyOf(repo))) continue
    const locked = vendored === true ? lockedRepo(lock, repo) : undefined
    const copy = locked?.commit === repo.commit ? vendoredTree(config.folder, locked, repo.address) : undefined
    if (copy !== undefined && (frozen === true || isWhole(config, repo, copy))) trees.set(keyOf(repo), copy)
    else missing.set(keyOf(repo), { url: repo.address, commit: repo.commit, ref: repo.ref })
  }
  const keys = [...missing.keys()]
  const opened = keys.length === 0 ? [] : await (await store()).open([...missing.values()])
  for (const [i, tree] of opened.entries()) trees.set(keys[i] ?? '', tree)
  return addressed.flatMap((repo) => {
    const tree = trees.get(keyOf(repo))
    return tree === undefined ? [] : [{ ...repo, tree }]
  })
}

/** Whether vendored files are all there, with what volo.yml lists; else they are made anew from the cache. */
function isWhole(config: Config, { entry, name }: ListedRepo, tree: GitTree): boolean {
  const idls = (config.entries[entry]?.services ?? []).filter(({ idl }) => idl.source === 'git' && idl.repo === name)
  const listed = idls.map(({ idl }) => repoPath(idl.path))
  try {
    return [...tree.paths, ...listed].every((path) => tree.read(path) !== undefined)
  } catch (error) {
    if (error instanceof ProjectError) return false
    throw error
  }
}
