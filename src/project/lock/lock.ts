/** volo.lock: the commit that each git repo stands at and the digests of the IDL files used from it; as data and as text. */

import { scalar } from '../config/config-text.ts'

/** The name of the file. */
export const lockName = 'volo.lock'

/** One repo at one ref. */
export interface LockedRepo {
  readonly url: string
  /** As in volo.yml: a branch, a tag, a commit, or `HEAD`. */
  readonly ref: string
  /** What the ref pointed at: 40 (or 64) hex digits. */
  readonly commit: string
  /** The sha256, as hex digits, of every IDL file that is used, by its path in the repo. */
  readonly files: Readonly<Record<string, string>>
}

/** What a volo.lock says. */
export interface Lock {
  /** Sorted, one per URL and ref. */
  readonly repos: readonly LockedRepo[]
}

/** A lock of no repo. */
export const emptyLock: Lock = { repos: [] }

/** The lock of a repo at a ref; undefined when it has none. */
export function lockedRepo(lock: Lock, repo: { readonly url: string; readonly ref: string }): LockedRepo | undefined {
  return lock.repos.find((one) => isSameSource(one, repo))
}

/** Whether two repos are one URL at one ref, and so have one lock. */
export function isSameSource(
  a: { readonly url: string; readonly ref: string },
  b: { readonly url: string; readonly ref: string },
): boolean {
  return a.url === b.url && a.ref === b.ref
}

/** The text of a volo.lock: sorted, one fact a line, so that two branches that lock different things merge. */
export function printLock(lock: Lock): string {
  const lines = [
    '# The commit that each git repo of volo.yml stands at, and the sha256 of every IDL file used from it.',
    '# Written by volo: check it in, and leave edits to: volo update',
    '# After a merge conflict keep either side of each line, then run: volo generate',
    'version: 1',
    lock.repos.length === 0 ? 'repos: []' : 'repos:',
  ]
  for (const { url, ref, commit, files } of lock.repos.toSorted(bySource)) {
    const paths = Object.keys(files).sort()
    lines.push(`  - url: ${scalar(url)}`, `    ref: ${scalar(ref)}`, `    commit: ${scalar(commit)}`)
    lines.push(paths.length === 0 ? '    files: {}' : '    files:')
    for (const path of paths) lines.push(`      ${scalar(path)}: ${scalar(files[path] ?? '')}`)
  }
  return `${lines.join('\n')}\n`
}

function bySource(a: LockedRepo, b: LockedRepo): number {
  if (a.url !== b.url) return a.url < b.url ? -1 : 1
  return a.ref < b.ref ? -1 : a.ref === b.ref ? 0 : 1
}
