/** IDLs of a git repo that are to be listed: the repo put into the entries they belong to, the files found in its tree. */

import { below } from '../../compiler/path.ts'
import type { Config, ConfigIdl, ConfigProtocol } from '../config/config.ts'
import type { GitStore } from '../git/git-store.ts'
import { repoPath } from '../git/repo-path.ts'
import type { ReadLock } from '../lock/lock-reader.ts'
import type { ListedRepo } from '../lock/lock-reconciliation.ts'
import { ProjectError } from '../project-error.ts'
import { matchRepoPaths } from './idl-pattern.ts'
import { entryFor, protocolOf } from './idl-registry.ts'
import { commitOfSource, findRepoSource, isRepoOf, placeRepo, type RepoSource, type RepoWords } from './repo-source.ts'

/** What to list. */
export interface GitIdlWords extends RepoWords {
  /** Paths from the root of the repo, or patterns. */
  readonly paths: readonly string[]
  /** Every IDL file below `paths`, or of the whole repo. */
  readonly all: boolean
  /** Folders from the root of the repo. */
  readonly includes: readonly string[]
}

/** A volo.yml with the repo in it, and the IDLs that are to be listed. */
export interface GitIdlPlan {
  readonly config: Config
  readonly idls: readonly { readonly entry: string; readonly idl: ConfigIdl }[]
  readonly source: RepoSource
  readonly commit: string
  /** The commit that a repo of `config` shall stand at, where that is this one's. */
  readonly moveTo: (repo: ListedRepo) => string | undefined
}

/** Finds IDLs of a repo and puts the repo where they belong; the IDLs themselves are not listed yet. */
export async function planGitIdls(
  config: Config,
  words: GitIdlWords,
  { cwd, lock, store }: { readonly cwd: string; readonly lock: ReadLock; readonly store: () => Promise<GitStore> },
): Promise<GitIdlPlan> {
  const source = findRepoSource(config, { ...words, lists: words.paths[0] }, cwd)
  const { address, ref } = source
  const commit = await commitOfSource(config, lock, source, store)
  const [tree] = await (await store()).open([{ url: address, commit, ref }])
  const paths = matchRepoPaths(words.paths, tree.paths, { all: words.all, repo: `${address.text} at '${ref}'` })
  const includes = words.includes.map((folder) => includeFolder(folder, tree.paths, address.text))
  let at = config
  const names = new Map<string, string>()
  const idls = paths.map((path) => {
    const protocol = protocolOf(path)
    const entry = entryFor(at, protocol, words.entry ?? entryOf(at, source, path, protocol))
    let repo = names.get(entry)
    if (repo === undefined) {
      const placed = placeRepo(at, source, { entry, protocol, commit })
      at = placed.config
      repo = placed.name
      names.set(entry, repo)
    }
    return { entry, idl: { source: 'git' as const, repo, path, includes } }
  })
  return {
    config: at,
    source,
    commit,
    idls,
    moveTo: moveSource(config, source, commit),
  }
}

/** Moves every repo of that URL at that ref to a commit. */
export function moveSource(
  config: Config,
  { address, ref }: RepoSource,
  commit: string,
): (repo: ListedRepo) => string | undefined {
  const isSame = isRepoOf(config, address)
  return (repo) => (repo.ref === ref && isSame(repo) ? commit : undefined)
}

/** The entry that lists an IDL already, or has its repo, or is the usual one. */
function entryOf(config: Config, { listed }: RepoSource, path: string, protocol: ConfigProtocol): string {
  const same = listed.filter(({ entry }) => config.entries[entry]?.protocol === protocol)
  const lists = same.find(({ entry, name }) =>
    config.entries[entry]?.services?.some(({ idl }) => idl.repo === name && repoPath(idl.path) === path),
  )
  return (lists ?? same[0])?.entry ?? entryFor(config, protocol, undefined)
}

function includeFolder(folder: string, paths: readonly string[], repo: string): string {
  const clean = repoPath(folder)
  if (!paths.some((path) => below(clean, path) !== undefined)) {
    throw new ProjectError(`${repo} has no folder ${folder} with IDL files in it`, {
      hint: 'folders of -i start at the root of the repo',
      usage: true,
    })
  }
  return clean === '' ? '.' : clean
}
