/** Copies the IDLs that volo.lock names into the project, for `volo vendor`. */

import type { Diagnostic } from '../../compiler/diagnostic.ts'
import { reportInto } from '../../compiler/diagnostic.ts'
import type { Config } from '../config/config.ts'
import type { GitStore, GitTree } from '../git/git-store.ts'
import { type GitUrl, parseGitUrl } from '../git/url.ts'
import { type VendorChanges, type VendorSource, vendoredTree, writeVendor } from '../git/vendor.ts'
import type { LockedRepo } from '../lock/lock.ts'
import type { ReadLock } from '../lock/lock-reader.ts'
import { compareLocks } from '../lock/lock-reconciliation.ts'
import { ProjectError } from '../project-error.ts'

/** What vendoring did, or would do; nothing when a diagnostic is an error. */
export interface VendoredProject extends VendorChanges {
  /** How many repos are locked. */
  readonly repos: number
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Makes the vendored files of a project those of its volo.lock, read from the cache or fetched. volo.yml and volo.lock
 * must agree; where they do not, the diagnostics say so and nothing is written.
 */
export async function vendorProject(
  config: Config,
  lock: ReadLock,
  store: () => Promise<GitStore>,
  options: { readonly dryRun?: boolean | undefined } = {},
): Promise<VendoredProject> {
  const diagnostics: Diagnostic[] = [...lock.diagnostics]
  const { differences, clashes } = compareLocks(config, lock)
  for (const finding of [...clashes, ...differences.map((one) => one.finding)]) reportInto(diagnostics)(finding)
  const nothing: VendoredProject = { written: [], removed: [], unchanged: 0, repos: lock.repos.length, diagnostics }
  if (diagnostics.some(({ severity }) => severity === 'error')) return nothing
  const files = lock.repos.map((locked) => {
    const url = parseGitUrl(locked.url, config.folder)
    return { locked, url, tree: soundTree(config.folder, locked, url) }
  })
  const missing = files.filter(({ tree }) => tree === undefined)
  const wanted = missing.map(({ locked, url }) => ({ url, commit: locked.commit, ref: locked.ref }))
  const trees = wanted.length === 0 ? [] : await (await store()).open(wanted)
  const sources = files.map((one): VendorSource => ({ ...one, tree: one.tree ?? trees[missing.indexOf(one)]! }))
  return { ...nothing, ...writeVendor(config.folder, sources, options) }
}

/** The vendored files of a repo where they are all there and as locked: they need no git to be found so. */
function soundTree(folder: string, locked: LockedRepo, url: GitUrl): GitTree | undefined {
  const tree = vendoredTree(folder, locked, url)
  try {
    for (const path of Object.keys(locked.files)) tree?.read(path)
    return tree
  } catch (error) {
    if (error instanceof ProjectError) return undefined
    throw error
  }
}
