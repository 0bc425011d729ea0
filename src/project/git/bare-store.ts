/** A bare git repository in the cache: created when missing, recreated when damaged or fragmented. */

import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asFileError } from '../fs-error.ts'
import { GitFailure, type GitRunner, runGit } from './run-git.ts'

/** Every fetch adds a pack or two, and a store is never packed anew: fetching once more costs less. */
const maxPacks = 60

/**
 * Runs `body` on the store in `folder`. When the store proves to be damaged, it is removed and `body` runs again on an
 * empty one. The repo's write lock must be held.
 */
export async function withStore<T>(
  runner: GitRunner,
  folder: string,
  commit: string,
  body: (isNew: boolean) => Promise<T>,
): Promise<T> {
  sweep(folder)
  const isNew = statSync(folder, { throwIfNoEntry: false }) === undefined
  try {
    await makeStore(runner, folder, commit)
    return await body(isNew)
  } catch (error) {
    if (isNew || !(error instanceof GitFailure) || error.trouble !== 'local') throw error
    removeStore(folder)
    await makeStore(runner, folder, commit)
    return body(true)
  }
}

/** Makes an empty store. */
export async function makeStore(runner: GitRunner, folder: string, commit: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw asFileError('write', folder, error)
  }
  const format = commit.length === 64 ? ['--object-format=sha256'] : []
  await runGit(runner, ['init', '--quiet', '--bare', '--template=', ...format], {
    store: folder,
    doing: `make ${folder}`,
  })
}

/** Removes a store. */
export function removeStore(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    throw asFileError('remove', folder, error)
  }
}

/** Removes what a killed git left: incomplete packs and stale locks. */
function sweep(folder: string): void {
  const names = (path: string): string[] => {
    try {
      return readdirSync(path)
    } catch {
      return []
    }
  }
  const packs = join(folder, 'objects', 'pack')
  const found = names(packs)
  if (found.filter((name) => name.endsWith('.pack')).length > maxPacks) removeStore(folder)
  for (const name of found) if (name.startsWith('tmp_')) rmSync(join(packs, name), { force: true })
  for (const name of names(folder)) if (name.endsWith('.lock')) rmSync(join(folder, name), { force: true })
}
