/** What the cache of git sources holds, how large it is, and whether it is sound. */

import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asFileError, isFsError } from '../fs-error.ts'
import { writeLockState } from '../write-lock.ts'
import { cacheFolder, cacheLayout } from './cache-folder.ts'
import { isSound } from './cached-tree.ts'
import { readRecord } from './tree-record.ts'

/** A commit in the cache. */
export interface CachedCommit {
  readonly commit: string
  /** When a command last opened it, ISO 8601. */
  readonly used: string
}

/** A repo in the cache. */
export interface CachedRepo {
  /** Its folder, absolute. */
  readonly folder: string
  /** The URL, as it was first written; undefined where the cache does not say. */
  readonly url: string | undefined
  /** Of its bare stores and records. */
  readonly bytes: number
  readonly commits: readonly CachedCommit[]
  /** A command changes it at this moment. */
  readonly inUse: boolean
}

/** The cache. */
export interface CacheReport {
  /** Absolute; it need not exist. */
  readonly folder: string
  /** Of everything, the contents of IDL files included. */
  readonly bytes: number
  /** Sorted by URL. */
  readonly repos: readonly CachedRepo[]
}

/** Something that is wrong in the cache. Whatever it is, the next command that needs the repo fetches anew what is damaged. */
export interface CacheProblem {
  readonly folder: string
  readonly problem: string
}

/** Looks at the cache of an environment. */
export function readCache(env: Readonly<Record<string, string | undefined>>): CacheReport {
  const folder = cacheFolder(env)
  const repos = entriesOf(join(folder, cacheLayout.repos))
    .filter((one) => one.isDirectory())
    .map((one) => readCachedRepo(join(one.parentPath, one.name)))
    .sort((a, b) => ((a.url ?? '') < (b.url ?? '') ? -1 : 1))
  const contents = sizeOf(join(folder, cacheLayout.contents))
  return { folder, bytes: repos.reduce((sum, { bytes }) => sum + bytes, contents), repos }
}

/** Looks at one repo of the cache. */
export function readCachedRepo(folder: string): CachedRepo {
  const commits = entriesOf(join(folder, 'trees')).flatMap((one): CachedCommit[] => {
    const commit = /^([0-9a-f]{40,64})\.json$/.exec(one.name)?.[1]
    const stat = statSync(join(one.parentPath, one.name), { throwIfNoEntry: false })
    return commit === undefined || stat === undefined ? [] : [{ commit, used: stat.mtime.toISOString() }]
  })
  const state = writeLockState(folder)
  return {
    folder,
    url: urlOf(folder),
    bytes: sizeOf(folder),
    commits: commits.sort((a, b) => (a.used < b.used ? 1 : -1)),
    inUse: state !== undefined && state !== 'stale',
  }
}

/** Finds damaged records and contents, and the traces of commands that were killed. */
export function checkCache(env: Readonly<Record<string, string | undefined>>): readonly CacheProblem[] {
  const { folder: cache, repos } = readCache(env)
  return repos.flatMap(({ folder, url, commits, inUse }): CacheProblem[] => {
    if (inUse) return []
    const name = url ?? folder
    const found: CacheProblem[] = []
    if (url === undefined) found.push({ folder, problem: `${folder} does not say which repo it is of` })
    if (writeLockState(folder) === 'stale') {
      found.push({ folder, problem: `a command that fetched ${name} was killed` })
    }
    for (const { commit } of commits) {
      const record = readRecord(join(folder, 'trees'), commit)
      if (record === undefined) found.push({ folder, problem: `the list of files of ${name} at ${commit} is damaged` })
      else if (!isSound(cache, record)) found.push({ folder, problem: `files of ${name} at ${commit} are damaged` })
    }
    return found
  })
}

/** The bytes of the files below a folder. */
export function sizeOf(folder: string): number {
  let bytes = 0
  for (const one of entriesOf(folder, true)) {
    if (one.isFile()) bytes += statSync(join(one.parentPath, one.name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

function urlOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'url'), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/** What is in a folder; nothing where there is none. */
export function entriesOf(folder: string, recursive: boolean = false): Dirent[] {
  // Files come and go while another command is at work.
  for (let tries = 0; ; tries++) {
    try {
      return readdirSync(folder, { recursive, withFileTypes: true })
    } catch (error) {
      if (!isFsError(error) || (error.code !== 'ENOENT' && error.code !== 'ENOTDIR'))
        throw asFileError('read', folder, error)
      if (!recursive || tries === 3 || statSync(folder, { throwIfNoEntry: false }) === undefined) return []
    }
  }
}
