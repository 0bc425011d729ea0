/** Git stores for tests: a cache of their own, and a git that knows nothing of the machine's settings. */

import type { GitStore, GitStoreOptions } from '../../../src/project/git/git-store.ts'
import { openGitStore } from '../../../src/project/git/open-git-store.ts'
import { plainGitEnv } from '../../support/git-repo.ts'

/** A store over the cache in a folder. */
export function storeIn(cache: string, options: Partial<GitStoreOptions> = {}): GitStore {
  const { env, ...rest } = options
  return openGitStore({ env: { ...plainGitEnv, VOLO_CACHE: cache, ...env }, ...rest })
}

/** Settings of git by its environment. */
export function gitSettings(settings: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(Object.keys(settings).length) }
  for (const [i, [key, value]] of Object.entries(settings).entries()) {
    env[`GIT_CONFIG_KEY_${i}`] = key
    env[`GIT_CONFIG_VALUE_${i}`] = value
  }
  return env
}

/** The text of a file that was read. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('utf8')
}

/** The error of a promise that must fail. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Error & { readonly hint?: string; readonly usage?: boolean }> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
