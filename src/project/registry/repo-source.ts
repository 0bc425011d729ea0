/** Resolves the git repo that a command line names: one that volo.yml lists, or a new one with its name, ref and URL for volo.yml. */

import { didYouMean } from '../../compiler/text/suggest.ts'
import type { Config, ConfigProtocol } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import type { GitStore } from '../git/git-store.ts'
import { repoPath } from '../git/repo-path.ts'
import { type GitUrl, parseGitUrl, repoName } from '../git/url.ts'
import { isCommit, type ReadLock } from '../lock/lock-reader.ts'
import { compareLocks, type ListedRepo, listedRepos } from '../lock/lock-reconciliation.ts'
import { ProjectError } from '../project-error.ts'
import { withText } from './registry-plan.ts'
import { addRepo, setRepo } from './repo-edit.ts'

/** What a command line says of a repo. */
export interface RepoWords {
  /** `-g`: relative folders start at the current one. */
  readonly url?: string | undefined
  /** `-r`. */
  readonly ref?: string | undefined
  /** `--repo`, `--name`. */
  readonly name?: string | undefined
  /** `-n`. */
  readonly entry?: string | undefined
  /** An IDL path: one that a repo of the URL lists already means that repo. */
  readonly lists?: string | undefined
}

/** A repo that is meant. */
export interface RepoSource {
  readonly address: GitUrl
  /** As volo.yml is to have it. */
  readonly url: string
  readonly ref: string
  /** Undefined leaves the name to be made. */
  readonly name: string | undefined
  /** The repos of volo.yml that it is; at their old refs. */
  readonly listed: readonly ListedRepo[]
}

/** Whether a repo of volo.yml is the one of a URL. */
export function isRepoOf({ folder }: Config, { key }: GitUrl): (repo: { readonly url: string }) => boolean {
  return ({ url }) => parseGitUrl(url, folder).key === key
}

/** Finds the repo that is meant. Throws a usage ProjectError where that is unclear or contradicts volo.yml. */
export function findRepoSource(config: Config, words: RepoWords, cwd: string): RepoSource {
  const repos = listedRepos(config).filter(({ entry }) => words.entry === undefined || entry === words.entry)
  const { name, ref, lists: path } = words
  const address = words.url === undefined ? undefined : parseGitUrl(words.url, cwd)
  const [named, ...others] = name === undefined ? [] : repos.filter((one) => one.name === name)
  if (named !== undefined) return namedSource(config, [named, ...others], words, address)
  if (address === undefined) {
    if (name !== undefined) throw unknownRepo(name, repos, words.entry)
    throw new ProjectError('there is no repo to take it from', { hint: 'give its URL with -g', usage: true })
  }
  if (name === undefined) {
    const same = repos.filter(isRepoOf(config, address))
    const atRef = same.filter((one) => ref === undefined || one.ref === ref)
    const [first, ...more] =
      atRef.length > 0 || path === undefined ? atRef : same.filter((one) => listsIdl(config, one, path))
    if (first !== undefined) return oneSource(config, [first, ...more], ref, `the URL ${address.text}`)
  }
  return { address, url: storedUrl(config, address), ref: ref ?? 'HEAD', name, listed: [] }
}

function namedSource(
  config: Config,
  named: readonly [ListedRepo, ...ListedRepo[]],
  words: RepoWords,
  address: GitUrl | undefined,
): RepoSource {
  const isOfUrl = address === undefined ? () => true : isRepoOf(config, address)
  const other = named.find((repo) => !isOfUrl(repo))
  if (other !== undefined) {
    throw new ProjectError(`repo '${other.name}' of entry '${other.entry}' is ${other.url}`, {
      hint: 'choose another name for this one',
      usage: true,
    })
  }
  return oneSource(config, named, words.ref, `the name '${named[0].name}'`)
}

/** Repos that must be one URL at one ref, which is set to `ref` when that is given. */
function oneSource(
  config: Config,
  listed: readonly [ListedRepo, ...ListedRepo[]],
  ref: string | undefined,
  what: string,
): RepoSource {
  const [first] = listed
  const address = parseGitUrl(first.url, config.folder)
  const isSame = isRepoOf(config, address)
  const isOne = listed.every((one) => isSame(one) && (ref !== undefined || one.ref === first.ref))
  if (!isOne) {
    const all = listed.map((one) => `'${one.name}' of entry '${one.entry}' at '${one.ref}'`).join(', ')
    throw new ProjectError(`${what} is that of several repos: ${all}`, {
      hint: 'say which one with --repo, -r or --entry',
      usage: true,
    })
  }
  return { address, url: first.url, ref: ref ?? first.ref, name: first.name, listed }
}

function listsIdl(config: Config, { entry, name }: ListedRepo, path: string): boolean {
  return (config.entries[entry]?.services ?? []).some(
    ({ idl }) => idl.repo === name && repoPath(idl.path) === repoPath(path),
  )
}

/** A folder that was given relative to the current one is written relative to volo.yml. */
function storedUrl(config: Config, { text, folder }: GitUrl): string {
  const isPlain = folder !== undefined && !/^file:/i.test(text)
  return isPlain && !/^(?:[\\/]|[A-Za-z]:)/.test(text) ? pathFrom(config.folder, folder) : text
}

/** A listed repo without a name to it. */
export function unknownRepo(name: string, repos: readonly ListedRepo[], entry: string | undefined): ProjectError {
  const names = [...new Set(repos.map((one) => one.name))]
  const where = entry === undefined ? 'volo.yml' : `entry '${entry}' of volo.yml`
  return new ProjectError(`${where} has no repo '${name}'`, {
    hint:
      didYouMean(name, names) ??
      (names.length > 0 ? `it has ${names.join(', ')}` : 'add one with: volo repo add <url>, or give its URL with -g'),
    usage: true,
  })
}

/** The commit of a source: the one it is locked at, or what its ref stands for now where it is new or has another ref. */
export async function commitOfSource(
  config: Config,
  lock: ReadLock,
  { address, ref, listed }: RepoSource,
  store: () => Promise<GitStore>,
): Promise<string> {
  const isSame = isRepoOf(config, address)
  const known = compareLocks(config, lock).repos.find(
    (one) => one.ref === ref && isSame(one) && one.commit !== undefined,
  )
  if (known?.commit !== undefined && isCommit(known.commit) && listed.every((one) => one.ref === ref))
    return known.commit
  const [found] = await (await store()).resolve([{ url: address, ref }])
  return found.commit
}

/** volo.yml with a source in an entry, at a commit; its name there. */
export function placeRepo(
  config: Config,
  source: RepoSource,
  place: { readonly entry: string; readonly protocol: ConfigProtocol; readonly commit: string },
): { readonly config: Config; readonly name: string } {
  const { entry, protocol, commit } = place
  const there = source.listed.find((one) => one.entry === entry)
  if (there !== undefined) {
    const text = setRepo(config.source.text, entry, there.name, { ref: source.ref, lock: commit })
    return { config: withText(config, text), name: there.name }
  }
  const name = newName(config, source, entry)
  const { url, ref } = source
  return {
    config: withText(config, addRepo(config.source.text, entry, protocol, { name, url, ref, lock: commit })),
    name,
  }
}

/** A name that the entry has not yet: the repo's own, with its ref when the entry has the repo at another one. */
function newName(config: Config, { address, ref, name }: RepoSource, entry: string): string {
  const repos = config.entries[entry]?.repos ?? {}
  const taken = Object.keys(repos)
  if (name !== undefined && !taken.includes(name)) return name
  const plain = repoName(address, [])
  if (!taken.includes(plain)) return plain
  const withRef = `${plain}-${ref.replaceAll(/[^\w.-]+/g, '-')}`
  const isSameRepo = Object.values(repos).some(isRepoOf(config, address))
  return isSameRepo && !taken.includes(withRef) ? withRef : repoName(address, taken)
}
