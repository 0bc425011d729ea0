/** Fetches one commit of a repo into its bare store, and from there the IDL files into the cache. */

import { posix } from 'node:path'
import { ProjectError } from '../project-error.ts'
import { makeStore, removeStore, withStore } from './bare-store.ts'
import type { RepoPlaces } from './cache-folder.ts'
import { isIdlPath } from './cached-tree.ts'
import { writeContent } from './content-store.ts'
import { parseBlobs, parseTree } from './git-output.ts'
import type { GitSource } from './git-store.ts'
import { GitFailure, type GitRunner, runGit } from './run-git.ts'
import { followLinks, maxLinkBytes } from './symbolic-link.ts'
import type { TreeRecord } from './tree-record.ts'

/** Where and how to fetch. */
export interface FetchTree {
  readonly runner: GitRunner
  readonly cache: string
  readonly places: RepoPlaces
  readonly source: GitSource
  /** What cannot be had from the bare store alone is an error. */
  readonly offline: boolean
  readonly onPercent: (percent: number) => void
  readonly onStoring: () => void
}

/** Larger files are no IDL. */
const maxFileBytes = 16 << 20
const batchBytes = 32 << 20

/** A file of a commit. */
interface TreeEntry {
  readonly id: string
  readonly isLink: boolean
}

/**
 * Gives the record of a commit's IDL files; their contents are in the cache then. Only these files are fetched where the
 * server knows partial clones, the files of that one commit elsewhere. The repo's write lock must be held.
 */
export async function fetchTree(work: FetchTree): Promise<TreeRecord> {
  const { runner, places, source } = work
  return withStore(runner, places.store, source.commit, async () => {
    await fetchCommit(work, true)
    return collect(work)
  })
}

async function fetchCommit(work: FetchTree, partial: boolean): Promise<void> {
  const { source } = work
  const kept = `refs/volo/${source.commit}`
  if ((await refOf(work, kept)) !== undefined) return
  try {
    await fetchInto(work, ['--depth=1', ...filter(partial)], [`${source.commit}:${kept}`])
  } catch (error) {
    if (!(error instanceof GitFailure) || error.trouble !== 'no-object') throw error
    // A server of the old protocol gives what a ref points at, and what lies behind that.
    if (!/unadvertised object/.test(error.words)) throw isGone(source, error.words)
    await fetchInto(work, filter(partial), ['+refs/heads/*:refs/remote/heads/*', '+refs/tags/*:refs/remote/tags/*'])
    if (!(await isInRefs(work))) throw isGone(source, error.words)
    await runGit(work.runner, ['update-ref', kept, source.commit], { store: work.places.store, doing: 'keep a commit' })
  }
  const commit = await refOf(work, `${kept}^{commit}`)
  if (commit === source.commit) return
  await runGit(work.runner, ['update-ref', '-d', kept], { store: work.places.store, doing: 'drop a commit' })
  const what = commit === undefined ? 'no commit' : `a tag of the commit ${commit}`
  throw new ProjectError(`${source.commit} of ${source.url.text} is ${what}`, {
    hint: commit === undefined ? undefined : `use that commit: ${commit}`,
  })
}

function filter(partial: boolean): string[] {
  return partial ? ['--filter=blob:none'] : []
}

async function fetchInto(
  work: FetchTree,
  options: readonly string[],
  wants: readonly string[],
  input?: string,
): Promise<void> {
  const { runner, places, source, offline, onPercent } = work
  if (offline) throw new GitFailure(`${source.url.text} is not in the cache`, 'remote', '')
  const fixed = ['--force', '--progress', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance']
  await runGit(
    runner,
    ['fetch', ...fixed, '--no-recurse-submodules', '--no-prune', ...options, '--', source.url.address, ...wants],
    {
      store: places.store,
      url: source.url,
      config: ['fetch.negotiationAlgorithm=noop'],
      doing: `fetch ${source.url.text}`,
      onPercent,
      ...(input === undefined ? {} : { input }),
    },
  )
}

async function isInRefs({ runner, places, source }: FetchTree): Promise<boolean> {
  const args = ['for-each-ref', '--count=1', `--contains=${source.commit}`, 'refs/remote']
  try {
    return (await runGit(runner, args, { store: places.store, doing: 'look for a commit' })).length > 0
  } catch (error) {
    if (error instanceof GitFailure) return false
    throw error
  }
}

async function refOf({ runner, places }: FetchTree, ref: string): Promise<string | undefined> {
  try {
    const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', ref]
    return (await runGit(runner, args, { store: places.store, doing: 'read a ref' })).toString('utf8').trim()
  } catch (error) {
    if (error instanceof GitFailure && error.words === '') return undefined
    throw error
  }
}

function isGone({ url, commit, ref }: GitSource, words: string): ProjectError {
  const from = ref === undefined || ref === commit ? '' : ` (of '${ref}')`
  return new ProjectError(`${url.text} has no commit ${commit}${from} any more: ${words}`, {
    hint: `it was removed, say by a force-push; to move the lock to what ${ref === undefined || ref === commit ? 'the ref' : `'${ref}'`} is now: volo update`,
  })
}

/** Reads the IDL files of the commit out of the store into the cache. */
async function collect(work: FetchTree): Promise<TreeRecord> {
  const refused = new Map<string, string>()
  const entries = await listEntries(work, refused)
  const first = [...entries].filter(([path, { isLink }]) => isLink || isIdlPath(path)).map(([path]) => path)
  const files = new Map<string, string>()
  const links = new Map<string, string>()
  const more = new Set<string>()
  const take = async (paths: readonly string[]): Promise<void> => {
    const ids = new Map<string, { readonly path: string; readonly isLink: boolean }[]>()
    for (const path of paths) {
      const entry = entries.get(path)
      if (entry === undefined) continue
      const { id, isLink } = entry
      ids.set(id, [...(ids.get(id) ?? []), { path, isLink }])
    }
    await fetchContents(work, [...ids.keys()])
    work.onStoring()
    await readContents(work, [...ids.keys()], (id, bytes) => {
      let digest: string | undefined
      for (const { path, isLink } of ids.get(id) ?? []) {
        if (bytes === undefined) refused.set(path, `it is larger than ${maxFileBytes >> 20} MiB`)
        else if (isLink && bytes.length > maxLinkBytes) refused.set(path, 'it is a symbolic link that is too long')
        else if (isLink) links.set(path, bytes.toString('utf8'))
        else {
          digest ??= writeContent(work.cache, bytes)
          files.set(path, digest)
          for (const one of oddIncludes(path, bytes, entries)) more.add(one)
        }
      }
    })
  }
  await take(first)
  for (const path of links.keys()) {
    const to = isIdlPath(path) ? followLinks(links, path) : undefined
    if (typeof to === 'string' && entries.has(to)) more.add(to)
  }
  // What is found so is no IDL by its name; what it includes in turn by such a name is taken as well.
  for (
    let rest = [...more];
    rest.length > 0;
    rest = [...more].filter((path) => !files.has(path) && !refused.has(path))
  ) {
    await take(rest.filter((path) => !files.has(path) && entries.get(path)?.isLink === false))
    for (const path of rest) if (!files.has(path)) refused.set(path, 'it is no file')
  }
  return { commit: work.source.commit, files: sorted(files), links: sorted(links), refused: sorted(refused) }
}

function sorted(map: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function listEntries(
  { runner, places, source }: FetchTree,
  refused: Map<string, string>,
): Promise<Map<string, TreeEntry>> {
  const output = await runGit(runner, ['ls-tree', '-r', '-z', '--full-tree', `refs/volo/${source.commit}`], {
    store: places.store,
    doing: `list the files of ${source.url.text}`,
  })
  const entries = new Map<string, TreeEntry>()
  for (const { mode, id, path } of parseTree(output)) {
    if (mode !== '160000') entries.set(path, { id, isLink: mode === '120000' })
    else refused.set(path, `it lies in the submodule '${path}', which is not fetched; add that repo with volo repo add`)
  }
  return entries
}

/** Files that a Thrift file includes and that have another ending than IDL files have. */
function oddIncludes(path: string, bytes: Buffer, entries: ReadonlyMap<string, TreeEntry>): string[] {
  if (path.endsWith('.proto')) return []
  const found: string[] = []
  for (const [, to = ''] of bytes.toString('utf8').matchAll(/^[ \t]*include\s+["']([^"'\n]{1,500})["']/gm)) {
    if (isIdlPath(to) || posix.isAbsolute(to)) continue
    for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
      const target = posix.join(folder, to)
      if (entries.has(target)) found.push(target)
      if (folder === '.') break
    }
  }
  return found
}

/** Fetches the contents that a partial store does not have. */
async function fetchContents(work: FetchTree, ids: readonly string[]): Promise<void> {
  const missing = await missingOf(work, ids)
  if (missing.length === 0) return
  try {
    await fetchInto(work, ['--filter=blob:none', '--stdin'], [], `${missing.join('\n')}\n`)
    if ((await missingOf(work, missing)).length === 0) return
  } catch (error) {
    if (!(error instanceof GitFailure) || error.trouble !== 'no-object') throw error
  }
  // The server gives no single contents.
  removeStore(work.places.store)
  await makeStore(work.runner, work.places.store, work.source.commit)
  await fetchCommit(work, false)
}

/** Those of the contents that the store has not; it is not asked for them one by one, since it would fetch each. */
async function missingOf({ runner, places, source }: FetchTree, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const args = ['rev-list', '--objects', '--missing=print', '-1', `refs/volo/${source.commit}`]
  const output = await runGit(runner, args, { store: places.store, doing: 'list what is missing' })
  const missing = new Set<string>()
  for (const line of output.toString('latin1').split('\n')) if (line.startsWith('?')) missing.add(line.slice(1))
  return ids.filter((id) => missing.has(id))
}

async function readContents(
  { runner, places }: FetchTree,
  ids: readonly string[],
  each: (id: string, bytes: Buffer | undefined) => void,
): Promise<void> {
  if (ids.length === 0) return
  const ask = (mode: string, some: readonly string[]): Promise<Buffer> =>
    runGit(runner, ['cat-file', mode], { store: places.store, doing: 'read IDL files', input: `${some.join('\n')}\n` })
  const sizes = (await ask('--batch-check', ids)).toString('latin1').split('\n')
  let batch: string[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (batch.length > 0) {
      for (const [id, content] of parseBlobs(await ask('--batch', batch), noContent)) each(id, content)
    }
    batch = []
    bytes = 0
  }
  for (const [i, id] of ids.entries()) {
    const [, type, size] = (sizes[i] ?? '').split(' ')
    if (type !== 'blob') throw new GitFailure(`${places.store} is damaged: it has no ${id}`, 'local', '')
    if (Number(size) > maxFileBytes) each(id, undefined)
    else {
      batch.push(id)
      bytes += Number(size)
    }
    if (bytes > batchBytes) await flush()
  }
  await flush()
}

function noContent(id: string): never {
  throw new GitFailure(`git gave no content of ${id}`, 'local', '')
}
