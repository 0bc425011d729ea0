/** Adds git repos to volo.yml and removes them: returns the new text, writes nothing. */

import type { Diagnostic } from '../../compiler/diagnostic.ts'
import type { Config, ConfigProtocol } from '../config/config.ts'
import { removeIdl } from '../config/config-edit.ts'
import type { GitTree } from '../git/git-store.ts'
import { parseGitUrl } from '../git/url.ts'
import { lockedRepo } from '../lock/lock.ts'
import { type ReadLock, readLock } from '../lock/lock-reader.ts'
import { compareLocks, type ListedRepo, listedRepos } from '../lock/lock-reconciliation.ts'
import { ProjectError } from '../project-error.ts'
import { moveSource } from './git-addition.ts'
import { protocolOf } from './idl-registry.ts'
import { type PlanOptions, planRegistry, type RegistryPlan, withText } from './registry-plan.ts'
import { removeRepo } from './repo-edit.ts'
import { commitOfSource, findRepoSource, isRepoOf, placeRepo, unknownRepo } from './repo-source.ts'

/** A repo to add. */
export interface NewRepoWords {
  readonly url: string
  readonly name?: string | undefined
  readonly ref?: string | undefined
  /** Default: `default`. */
  readonly entry?: string | undefined
  readonly protocol?: ConfigProtocol | undefined
}

/** A repo that was added. */
export interface RepoAddition {
  readonly entry: string
  /** The entry was made, with this protocol. */
  readonly newEntry: ConfigProtocol | undefined
  readonly name: string
  readonly url: string
  readonly ref: string
  readonly commit: string
  readonly what: 'added' | 'ref changed' | 'already listed'
  /** How many IDL files it holds. */
  readonly files: number
}

/** What adding a repo does: errors, or a plan. */
export type RepoAdditionPlan =
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly ok: true
      readonly diagnostics: readonly Diagnostic[]
      readonly plan: RegistryPlan
      readonly added: RepoAddition
    }

/** Adds a repo to an entry. Its ref is looked up and its IDL files are fetched first. */
export async function planRepoAddition(
  config: Config,
  words: NewRepoWords,
  { cwd, store, allowOutside }: Pick<PlanOptions, 'cwd' | 'store' | 'allowOutside'>,
): Promise<RepoAdditionPlan> {
  const lock = readLock(config.folder, cwd)
  if (lock.diagnostics.length > 0) return { ok: false, diagnostics: lock.diagnostics }
  const entry = words.entry ?? 'default'
  const there = config.entries[entry]
  if (there !== undefined && words.protocol !== undefined && words.protocol !== there.protocol) {
    throw new ProjectError(`entry '${entry}' of volo.yml is for ${there.protocol}, and an entry has one protocol`, {
      hint: 'leave out --protocol, or name another entry with -n',
      usage: true,
    })
  }
  const source = findRepoSource(
    config,
    { ...words, ref: words.ref ?? defaultRef(config, words, entry, cwd), entry },
    cwd,
  )
  const isListed = source.listed.length > 0
  const isSame = isRepoOf(config, source.address)
  const twin = listedRepos(config).find((one) => one.entry === entry && one.ref === source.ref && isSame(one))
  if (twin !== undefined && words.name !== undefined && words.name !== twin.name) {
    throw new ProjectError(`entry '${entry}' has ${source.address.text} at '${source.ref}' as '${twin.name}'`, {
      hint: 'use that name, or add the repo at another ref with -r',
      usage: true,
    })
  }
  const commit = await commitOfSource(config, lock, source, store)
  const { address, url, ref } = source
  const [tree] = await (await store()).open([{ url: address, commit, ref }])
  const protocol = there?.protocol ?? words.protocol ?? protocolOfTree(tree, address.text)
  const placed = placeRepo(config, source, { entry, protocol, commit })
  const hasNewRef = source.listed.some((one) => one.ref !== ref)
  const moveTo = moveSource(config, source, commit)
  const result = await planRegistry(placed.config, { cwd, store, allowOutside, moveTo, before: config })
  if (!result.ok) return result
  const added: RepoAddition = {
    name: placed.name,
    entry,
    newEntry: there === undefined ? protocol : undefined,
    url,
    ref,
    commit,
    what: hasNewRef ? 'ref changed' : isListed ? 'already listed' : 'added',
    files: tree.paths.length,
  }
  return { ok: true, diagnostics: result.diagnostics, plan: result.plan, added }
}

/** Without a ref a URL that is listed once means that repo; one that is not listed stands at HEAD. */
function defaultRef(config: Config, { url, name }: NewRepoWords, entry: string, cwd: string): string | undefined {
  const isSame = isRepoOf(config, parseGitUrl(url, cwd))
  const same = listedRepos(config).filter((one) => one.entry === entry && isSame(one))
  if (name !== undefined) return same.find((one) => one.name === name)?.ref ?? 'HEAD'
  return same.length > 0 ? undefined : 'HEAD'
}

function protocolOfTree({ paths }: GitTree, url: string): ConfigProtocol {
  const found = new Set(paths.map(protocolOf))
  const [first] = found
  if (first !== undefined && found.size === 1) return first
  const why = found.size === 0 ? 'no .thrift or .proto file' : 'both .thrift and .proto files'
  throw new ProjectError(`the entry is new, and ${url} has ${why}, so its protocol is not known`, {
    hint: 'say --protocol thrift or --protocol protobuf',
    usage: true,
  })
}

/** A repo that volo.yml lists, with where it stands and who uses it. */
export interface RepoRow extends ListedRepo {
  /** Undefined when it was never locked. */
  readonly commit: string | undefined
  /** The IDLs of volo.yml that come from it. */
  readonly idls: readonly string[]
  /** The IDL files of it that are compiled, as IDLs or because one includes them; also by entries that share its lock. */
  readonly files: readonly string[]
}

/** Every repo of a volo.yml. */
export function repoRows(config: Config, lock: ReadLock): RepoRow[] {
  return compareLocks(config, lock).repos.map((repo) => ({
    ...repo,
    idls: (config.entries[repo.entry]?.services ?? [])
      .filter(({ idl }) => idl.source === 'git' && idl.repo === repo.name)
      .map(({ idl }) => idl.path),
    files: Object.keys(lockedRepo(lock, repo)?.files ?? {}),
  }))
}

/** The repo of that name. Throws a usage ProjectError when there is none, or several entries have one. */
export function findRepoRow(rows: readonly RepoRow[], name: string, entry: string | undefined): RepoRow {
  const here = rows.filter((one) => entry === undefined || one.entry === entry)
  const found = here.filter((one) => one.name === name)
  const [first] = found
  if (first === undefined) throw unknownRepo(name, here, entry)
  if (found.length > 1) {
    throw new ProjectError(`entries ${found.map((one) => `'${one.entry}'`).join(', ')} each have a repo '${name}'`, {
      hint: 'say which one with -n',
      usage: true,
    })
  }
  return first
}

/** volo.yml without a repo and without the IDLs that come from it. */
export function withoutRepo(config: Config, { entry, name }: ListedRepo): Config {
  const services = config.entries[entry]?.services ?? []
  const gone = services.flatMap(({ idl }, index) => (idl.source === 'git' && idl.repo === name ? [index] : []))
  const text = gone.length === 0 ? config.source.text : removeIdl(config.source.text, entry, ...gone)
  return withText(config, removeRepo(text, entry, name))
}
