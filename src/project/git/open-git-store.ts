/** The GitStore over the cache: what is in it is read, what is not is fetched by git. */

import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs'
import { asFileError } from '../fs-error.ts'
import { Interrupted, ProjectError } from '../project-error.ts'
import { withWriteLock } from '../write-lock.ts'
import { cacheFolder, type RepoPlaces, repoPlaces } from './cache-folder.ts'
import { cachedTree, isSound } from './cached-tree.ts'
import { writeWhole } from './content-store.ts'
import type { Each, GitProgress, GitSource, GitStore, GitStoreOptions, GitTree } from './git-store.ts'
import { resolveRef } from './resolve-ref.ts'
import type { GitRunner } from './run-git.ts'
import { readRecord, recordPath, type TreeRecord, writeRecord } from './tree-record.ts'
import type { GitUrl } from './url.ts'

const defaultSilenceSeconds = 60
/** Another command may fetch the same repo over a slow line. */
const lockWaitMs = 600_000
const parallel = 6

/** What the functions of one store share. */
interface Store {
  readonly options: GitStoreOptions
  readonly cache: string
  readonly runner: GitRunner
  readonly offline: boolean
  readonly tell: (url: GitUrl, step: GitProgress['step'], percent?: number) => void
}

/** Opens the cache. Nothing is read, written or started until something is asked for. */
export function openGitStore(options: GitStoreOptions): GitStore {
  const { env, signal, onProgress } = options
  const store: Store = {
    options,
    cache: cacheFolder(env),
    runner: { env, signal, silenceMs: silenceOf(env['VOLO_GIT_TIMEOUT']) * 1000 },
    offline: options.offline === true,
    tell: (url, step, percent) => onProgress?.({ url, step, percent }),
  }
  return {
    folder: store.cache,
    offline: store.offline,
    resolve: (refs) =>
      forEach(refs, async ({ url, ref }) => {
        if (store.offline) throw isOffline(`'${ref}' of ${url.text} cannot be looked up`)
        store.tell(url, 'resolving')
        const find = async (beginning: string): Promise<string | undefined> => {
          const { findCommit } = await import('./history.ts')
          return changing(store, url, ({ history }) =>
            findCommit(store.runner, history, url, beginning, (percent) => store.tell(url, 'fetching', percent)),
          )
        }
        const found = await resolveRef(store.runner, url, ref, find)
        store.tell(url, 'done')
        return found
      }),
    open: (sources) => forEach(sources, (source) => openTree(store, source)),
    has: (source) => findTree(store, source) !== undefined,
    history: async (url, from, to) => {
      if (store.offline) throw isOffline(`the commits of ${url.text} cannot be looked up`)
      const { readHistory } = await import('./history.ts')
      store.tell(url, 'fetching')
      const found = await changing(store, url, ({ history }) =>
        readHistory(store.runner, history, url, from, to, (percent) => store.tell(url, 'fetching', percent)),
      )
      store.tell(url, 'done')
      return found
    },
  }
}

function silenceOf(seconds: string | undefined): number {
  if (!seconds) return defaultSilenceSeconds
  const value = Number(seconds)
  if (value > 0 && value < 1e6) return value
  throw new ProjectError(`VOLO_GIT_TIMEOUT is '${seconds}', and must be a number of seconds`, { usage: true })
}

/** Does `work` for each, in parallel where the repos differ; when some fail, all that failed are one error. */
async function forEach<T extends readonly { readonly url: GitUrl }[], R>(
  items: T,
  work: (item: T[number]) => Promise<R>,
): Promise<Each<T, R>> {
  const groups = new Map<string, (readonly [number, T[number]])[]>()
  for (const [index, item] of items.entries()) {
    const { address } = item.url
    groups.set(address, [...(groups.get(address) ?? []), [index, item]])
  }
  const waiting = [...groups.values()]
  const results = new Array<R>(items.length)
  const failures: { readonly index: number; readonly error: unknown }[] = []
  const worker = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      for (const [index, item] of group) {
        try {
          results[index] = await work(item)
        } catch (error) {
          failures.push({ index, error })
        }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, waiting.length) }, worker))
  if (failures.length > 0) throw together(failures.sort((a, b) => a.index - b.index).map(({ error }) => error))
  return results as Each<T, R>
}

function together(errors: readonly unknown[]): unknown {
  const unexpected = errors.find((error) => error instanceof Interrupted || !(error instanceof ProjectError))
  if (unexpected !== undefined) return unexpected
  const different = [...new Map((errors as ProjectError[]).map((error) => [error.message, error])).values()]
  const [first] = different
  if (different.length === 1) return first
  const lines = different.map((error) => `  ${error.message.replaceAll('\n', '\n    ')}`)
  const hints = [...new Set(different.flatMap(({ hint }) => hint ?? []))]
  return new ProjectError(`${different.length} git sources cannot be used:\n${lines.join('\n')}`, {
    hint: hints.length === 0 ? undefined : hints.join('; '),
    usage: different.every(({ usage }) => usage),
    cause: first,
  })
}

async function openTree(store: Store, source: GitSource): Promise<GitTree> {
  let record = findTree(store, source)
  if (record === undefined) {
    record = await obtain(store, source)
    // `volo cache clean` may have taken a content that was there when the commit was stored.
    if (!isSound(store.cache, record)) record = await obtain(store, source)
  }
  touch(recordPath(repoPlaces(store.cache, source.url).trees, record.commit))
  return cachedTree(store.cache, source.url.text, record)
}

/** The record of a source whose every file is in the cache and sound. */
function findTree({ cache }: Store, { url, commit }: GitSource): TreeRecord | undefined {
  const record = readRecord(repoPlaces(cache, url).trees, commit)
  return record !== undefined && isSound(cache, record) ? record : undefined
}

async function obtain(store: Store, source: GitSource): Promise<TreeRecord> {
  const { cache, runner, offline, tell } = store
  const { url, commit, ref } = source
  const missing = (): ProjectError => {
    const at = ref === undefined || ref === commit ? '' : `'${ref}', `
    return isOffline(`${url.text} at ${at}commit ${commit} is not in the cache ${cache}`)
  }
  const { fetchTree } = await import('./fetch-tree.ts')
  const { GitFailure } = await import('./run-git.ts')
  // Without the network a damaged cache may still be mended from what git has stored; one that has nothing can't.
  if (offline && readStamp(repoPlaces(cache, url)) === undefined) throw missing()
  return changing(store, url, async (places) => {
    const other = findTree(store, source)
    if (other !== undefined) return other
    tell(url, 'fetching')
    try {
      const record = await fetchTree({
        runner,
        cache,
        places,
        source,
        offline,
        onPercent: (percent) => tell(url, 'fetching', percent),
        onStoring: () => tell(url, 'storing'),
      })
      writeRecord(places.trees, record)
      tell(url, 'done')
      return record
    } catch (error) {
      throw offline && error instanceof GitFailure ? missing() : error
    }
  })
}

/** Runs `work` while no other command changes what the cache has of a repo. */
async function changing<T>(store: Store, url: GitUrl, work: (places: RepoPlaces) => Promise<T>): Promise<T> {
  const places = repoPlaces(store.cache, url)
  const lock = {
    command: 'volo',
    subject: `the cache of ${url.text}`,
    waitMs: lockWaitMs,
    signal: store.options.signal,
    onWait: () => store.tell(url, 'waiting'),
  }
  for (let tries = 0; ; tries++) {
    let isHeld = false
    try {
      mkdirSync(places.folder, { recursive: true })
      return await withWriteLock(places.folder, lock, () => {
        isHeld = true
        if (readStamp(places) !== url.text) writeWhole(places.url, `${url.text}\n`)
        return work(places)
      })
    } catch (error) {
      // `volo cache clean` removes the folder of a repo that nobody has locked.
      const isGone = !existsSync(places.folder) && !isHeld
      if (!isGone || tries === 3) throw asFileError('write', places.folder, error)
    }
  }
}

function readStamp(places: RepoPlaces): string | undefined {
  try {
    return readFileSync(places.url, 'utf8').trimEnd()
  } catch {
    return undefined
  }
}

/** Marks a tree as used, for `volo cache clean --unused`. */
function touch(path: string): void {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // A cache that may only be read is as good.
  }
}

function isOffline(what: string): ProjectError {
  return new ProjectError(`${what} without the network`, {
    hint: 'run the same command once without --offline (to fill the cache: volo generate)',
  })
}
