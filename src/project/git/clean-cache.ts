/** Removes everything, or what was not used for some days, from the cache of git sources; never while another command uses it. */

import { rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asFileError } from '../fs-error.ts'
import { ProjectError } from '../project-error.ts'
import { withWriteLock } from '../write-lock.ts'
import { cacheLayout } from './cache-folder.ts'
import { type CachedRepo, entriesOf, readCache, readCachedRepo, sizeOf } from './cache-report.ts'
import { readRecord, recordPath } from './tree-record.ts'

/** How the cache is cleaned. */
export interface CleanCache {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Only what no command has opened for so many days; default: everything. */
  readonly unusedDays?: number | undefined
  /** Nothing is removed. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was, or would be, removed. */
export interface CleanedCache {
  readonly folder: string
  /** Repos of which nothing is left. */
  readonly repos: readonly CachedRepo[]
  /** How many commits went, those of the repos included. */
  readonly commits: number
  /** How many bytes are free now. */
  readonly bytes: number
  /** URLs, or folders, that another command is using and that stay as they are. */
  readonly inUse: readonly string[]
}

const dayMs = 86_400_000
/** A content as young as this may belong to a commit whose record is about to be written. */
const youngMs = 900_000

/** Cleans the cache. */
export async function cleanCache({ env, unusedDays, dryRun, signal }: CleanCache): Promise<CleanedCache> {
  const before = readCache(env)
  const limit = unusedDays === undefined ? undefined : new Date(Date.now() - unusedDays * dayMs).toISOString()
  const repos: CachedRepo[] = []
  const inUse: string[] = []
  let commits = 0
  let bytes = 0
  for (const repo of before.repos) {
    const name = repo.url ?? repo.folder
    const stale = (one: CachedRepo): CachedRepo['commits'] =>
      one.commits.filter(({ used }) => limit === undefined || used < limit)
    const clean = async (): Promise<void> => {
      // Another command may have used it since.
      const now = readCachedRepo(repo.folder)
      const old = stale(now)
      commits += old.length
      const isWhole = old.length === now.commits.length
      if (isWhole) repos.push(repo)
      bytes += isWhole ? repo.bytes : old.reduce((sum, { commit }) => sum + recordSize(repo, commit), 0)
      if (dryRun === true) return
      if (isWhole) for (const part of ['trees', 'history.git', 'store.git', 'url']) remove(join(repo.folder, part))
      else for (const { commit } of old) remove(recordPath(join(repo.folder, 'trees'), commit))
    }
    if (repo.inUse) inUse.push(name)
    else if (dryRun === true) await clean()
    else {
      try {
        await withWriteLock(repo.folder, { command: 'volo cache clean', subject: name, waitMs: 0, signal }, clean)
        removeIfEmpty(repo.folder)
      } catch (error) {
        if (!(error instanceof ProjectError) || error.cause !== undefined) throw error
        inUse.push(name)
      }
    }
  }
  bytes += cleanContents(before.folder, dryRun === true ? { gone: repos, limit } : undefined, inUse.length > 0, dryRun)
  return { folder: before.folder, repos, commits, bytes, inUse }
}

/** Removes contents that no record names. A dry run is told which records would be gone. */
function cleanContents(
  cache: string,
  pretend: { readonly gone: readonly CachedRepo[]; readonly limit: string | undefined } | undefined,
  isBusy: boolean,
  dryRun: boolean | undefined,
): number {
  const needed = new Set<string>()
  for (const repo of entriesOf(join(cache, cacheLayout.repos))) {
    const folder = join(repo.parentPath, repo.name)
    if (!repo.isDirectory() || pretend?.gone.some((one) => one.folder === folder)) continue
    for (const { commit, used } of readCachedRepo(folder).commits) {
      if (pretend?.limit !== undefined && used < pretend.limit) continue
      for (const digest of readRecord(join(folder, 'trees'), commit)?.files.values() ?? []) needed.add(digest)
    }
  }
  let bytes = 0
  const contents = join(cache, cacheLayout.contents)
  for (const shelf of entriesOf(contents)) {
    const folder = join(contents, shelf.name)
    for (const one of entriesOf(folder)) {
      const path = join(folder, one.name)
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined || needed.has(shelf.name + one.name)) continue
      if (isBusy && Date.now() - stat.mtimeMs < youngMs) continue
      bytes += stat.isDirectory() ? sizeOf(path) : stat.size
      if (dryRun !== true) remove(path)
    }
    if (dryRun !== true) removeIfEmpty(folder)
  }
  return bytes
}

function recordSize(repo: CachedRepo, commit: string): number {
  return statSync(recordPath(join(repo.folder, 'trees'), commit), { throwIfNoEntry: false })?.size ?? 0
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    throw asFileError('remove', path, error)
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It is no longer empty.
  }
}
