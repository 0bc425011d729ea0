/** The interface of git sources: resolves refs, reads IDL files at a commit, lists the commits between two commits. */

import type { GitUrl } from './url.ts'

/** What a ref was found to be. */
export type RefKind = 'head' | 'branch' | 'tag' | 'commit'

/** A ref of a repo, looked up. */
export interface ResolvedRef {
  readonly kind: RefKind
  /** The commit that it stands for, in full; an annotated tag is peeled. */
  readonly commit: string
  /** The branch that HEAD stands for, where the server says so; else the ref's own short name. */
  readonly name: string
}

/** A ref of a repo. */
export interface GitRef {
  readonly url: GitUrl
  readonly ref: string
}

/** One result for each member of a list or tuple, in its order. */
export type Each<T extends readonly unknown[], R> = { readonly [K in keyof T]: R }

/** One repo at one commit. */
export interface GitSource {
  readonly url: GitUrl
  /** 40 or 64 hex digits. */
  readonly commit: string
  /** The ref that the commit was found by: named in errors, and fetched where a server gives no single commits. */
  readonly ref?: string | undefined
}

/** The IDL files of a repo at a commit. It never changes. Paths have `/` and start at the root of the repo. */
export interface GitTree {
  readonly commit: string
  /** The paths of all `.thrift` and `.proto` files, sorted; symbolic links to files of the same repo among them. */
  readonly paths: readonly string[]
  /**
   * The content of a file: an IDL file, or what an IDL file includes by a path beside it. Undefined when there is none.
   * Every read is held against the file's digest. Throws a ProjectError for a symbolic link that leads out of the repo
   * or in a cycle, and for a cached file that is damaged or gone.
   */
  read(path: string): Uint8Array | undefined
  /** The sha256 of a file, as hex digits, without reading it. Undefined when there is none. */
  digest(path: string): string | undefined
}

/** A commit as people see it. */
export interface GitCommit {
  readonly commit: string
  /** The first line of its message, without control characters. */
  readonly subject: string
  readonly author: string
  /** When it was committed, ISO 8601. */
  readonly date: string
}

/** What lies between two commits. */
export interface GitHistory {
  /** False when `to` does not follow `from`: the branch was force-pushed, the tag rewritten, or another ref chosen. */
  readonly isForward: boolean
  /** The commits that `to` has and `from` has not, newest first; at most 1,000. */
  readonly commits: readonly GitCommit[]
  /** How many there are in all. */
  readonly count: number
}

/** What a store is doing, for one repo. */
export interface GitProgress {
  readonly url: GitUrl
  /** `waiting`: for another command that fetches the same repo. */
  readonly step: 'resolving' | 'waiting' | 'fetching' | 'storing' | 'done'
  /** 0 to 100, while git says so. */
  readonly percent?: number | undefined
}

/** How a store works. */
export interface GitStoreOptions {
  /** PATH, HOME, git's own variables; `VOLO_CACHE`, else `XDG_CACHE_HOME`, says where the cache is; `VOLO_GIT_TIMEOUT` the seconds that git may be silent. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Nothing reaches the network: what is not in the cache is an error that says so. */
  readonly offline?: boolean | undefined
  /** Ends the work with Interrupted; children are ended too. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: GitProgress) => void) | undefined
}

/**
 * Git repos as a source of IDL files, behind a cache that every project of the user shares. All failures are
 * ProjectErrors with git's own words; one that names several repos stands for all that failed.
 */
export interface GitStore {
  /** The folder of the cache, absolute. */
  readonly folder: string
  readonly offline: boolean
  /** Looks refs up, in parallel: a branch wins over a tag, a tag over a commit. Throws when any of them cannot be. */
  resolve<const T extends readonly GitRef[]>(refs: T): Promise<Each<T, ResolvedRef>>
  /** The trees of sources, in their order: from the cache, verified, else fetched in parallel. All or an error. */
  open<const T extends readonly GitSource[]>(sources: T): Promise<Each<T, GitTree>>
  /** Whether a tree is in the cache, so that `open` needs no network. */
  has(source: GitSource): boolean
  /** What lies between two commits of a repo. */
  history(url: GitUrl, from: string, to: string): Promise<GitHistory>
}

/** The IDL files that differ between two trees, by path, sorted. */
export interface ChangedFiles {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** Compares two trees by the digests of their IDL files. */
export function changedFiles(from: GitTree, to: GitTree): ChangedFiles {
  const before = new Set(from.paths)
  const after = new Set(to.paths)
  return {
    added: to.paths.filter((path) => !before.has(path)),
    changed: to.paths.filter((path) => before.has(path) && from.digest(path) !== to.digest(path)),
    removed: from.paths.filter((path) => !after.has(path)),
  }
}
