/** The IDL files that a generation uses from git, and what volo.lock knows of them. */

import { hash } from 'node:crypto'
import { type Diagnostic, type Finding, reportInto } from '../../compiler/diagnostic.ts'
import type { GenerationPlan } from '../generate/generation-plan.ts'
import type { IdlLocations, Mount } from '../idl-location.ts'
import { isSameSource, type Lock, type LockedRepo, lockedRepo } from '../lock/lock.ts'
import type { ReadLock } from '../lock/lock-reader.ts'

/** A file of a git repo that is compiled, as an IDL of volo.yml or because one includes it. */
export interface UsedFile {
  readonly mount: Mount
  /** Its path in the repo. */
  readonly path: string
  readonly sha256: string
}

/** The files from git that a plan has compiled, each once. */
export function usedFiles(plan: GenerationPlan, locations: IdlLocations): UsedFile[] {
  const used = new Map<string, UsedFile>()
  for (const { named } of plan.groups) {
    for (const { source } of named.program.files) {
      const found = used.has(source.path) ? undefined : locations.inRepo(source.path)
      // A decoded text gives its bytes back: only UTF-8 is taken, and its mark of byte order is kept.
      if (found !== undefined) used.set(source.path, { ...found, sha256: hash('sha256', source.text) })
    }
  }
  return [...used.values()]
}

/** A diagnostic for every used file whose digest is not the locked one. */
export function wrongDigests(lock: ReadLock, used: readonly UsedFile[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  for (const { mount, path, sha256 } of used) {
    const locked = lockedRepo(lock, mount)
    const known = locked?.files[path]
    if (locked === undefined || known === undefined || known === sha256) continue
    report({
      code: 'lock-digest',
      message: `${mount.path}/${path} has sha256 ${sha256}, and volo.lock knows another one`,
      span: lock.fileSpan(locked, path),
      hint: 'a commit never changes, so volo.lock or a copy of the repo was edited: take volo.lock from version control, then try: volo cache clean',
    })
  }
  return diagnostics
}

/** What is to be said, where the lock must not be moved, of files that are used and not locked, and the other way round. */
export function unlockedFiles(lock: ReadLock, used: readonly UsedFile[]): Finding[] {
  const findings: Finding[] = []
  for (const { mount, path } of used) {
    const locked = lockedRepo(lock, mount)
    if (locked === undefined || Object.hasOwn(locked.files, path)) continue
    findings.push({
      code: 'lock-difference',
      message: `volo.lock does not know ${mount.path}/${path}, which is used`,
      span: lock.commitSpan(locked),
      hint: 'run: volo generate, and check volo.lock in',
    })
  }
  for (const repo of lock.repos) {
    for (const path of Object.keys(repo.files)) {
      if (used.some((one) => one.path === path && isSameSource(one.mount, repo))) continue
      findings.push({
        code: 'lock-difference',
        message: `volo.lock knows '${path}', which nothing uses`,
        span: lock.fileSpan(repo, path),
        hint: 'run: volo generate, and check volo.lock in',
      })
    }
  }
  return findings
}

/** The lock of repos at commits, with the digests of what is used of them. */
export function lockOf(
  repos: readonly { readonly url: string; readonly ref: string; readonly commit: string }[],
  used: readonly UsedFile[],
): Lock {
  const locked: LockedRepo[] = []
  for (const { url, ref, commit } of repos) {
    if (locked.some((one) => isSameSource(one, { url, ref }))) continue
    const files = used.filter(({ mount }) => isSameSource(mount, { url, ref }))
    locked.push({
      url,
      ref,
      commit,
      files: Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256])),
    })
  }
  return { repos: locked }
}
