/** Reconciles volo.yml with volo.lock: the commit in volo.lock wins; a repo that is missing there keeps the commit in volo.yml. */

import type { Finding } from '../../compiler/diagnostic.ts'
import type { Config, ConfigRepo } from '../config/config.ts'
import { isSameSource, type LockedRepo, lockedRepo, lockName } from './lock.ts'
import type { ReadLock } from './lock-reader.ts'

/** A repo of an entry of volo.yml. */
export interface ListedRepo extends ConfigRepo {
  readonly entry: string
  readonly name: string
}

/** A difference between the two files. */
export interface LockDifference {
  /** `unlocked`: volo.lock has no such repo. `apart`: both have it, at different commits. `leftover`: volo.yml has no such repo. */
  readonly kind: 'unlocked' | 'apart' | 'leftover'
  readonly finding: Finding
}

/** The result of comparing the two files. */
export interface Agreement {
  /** Every repo with the commit that it stands at; undefined when its ref has to be looked up. */
  readonly repos: readonly (ListedRepo & { readonly commit: string | undefined })[]
  readonly differences: readonly LockDifference[]
  /** Conflicts that no rule resolves. */
  readonly clashes: readonly Finding[]
}

/** Every repo of every entry, in the order of volo.yml. */
export function listedRepos(config: Config): ListedRepo[] {
  return Object.entries(config.entries).flatMap(([entry, { repos = {} }]) =>
    Object.entries(repos).map(([name, repo]) => ({ ...repo, entry, name })),
  )
}

/**
 * Compares the two files. An update writes volo.lock first, so where they differ volo.lock is the newer one. A repo that only volo.yml
 * locks (a project of Rust Volo has no volo.lock) keeps that commit, unless its ref was edited: then the lock is of another ref.
 */
export function compareLocks(config: Config, lock: ReadLock): Agreement {
  const repos = listedRepos(config)
  const differences: LockDifference[] = []
  const clashes: Finding[] = []
  const leftovers = lock.repos.filter((one) => !repos.some((repo) => isSameSource(repo, one)))
  for (const one of leftovers) differences.push({ kind: 'leftover', finding: leftoverFinding(lock, one) })
  const settled = repos.map((repo, i) => {
    const span = config.at(['entries', repo.entry, 'repos', repo.name, 'lock'])
    const locked = lockedRepo(lock, repo)
    if (locked !== undefined) {
      if (!isCommitOf(locked.commit, repo.lock)) {
        const here = repo.lock === undefined ? 'does not say where' : `says '${repo.lock}' where`
        differences.push({
          kind: 'apart',
          finding: {
            code: 'lock-difference',
            message: `repo '${repo.name}' ${here} ${lockName} says '${locked.commit}'`,
            span,
            related: [{ message: `${lockName} has it here`, span: lock.commitSpan(locked) }],
            hint: 'run: volo generate (it follows volo.lock), or move both with: volo update',
          },
        })
      }
      return { ...repo, commit: locked.commit }
    }
    differences.push({
      kind: 'unlocked',
      finding: {
        code: 'lock-difference',
        message: `${lock.exists ? `${lockName} does not know` : `there is no ${lockName}, which should know`} ${repo.url} at '${repo.ref}'`,
        span: config.at(['entries', repo.entry, 'repos', repo.name]),
        hint: `run: volo generate, and check ${lockName} in`,
      },
    })
    const twin = repos.slice(0, i).find((one) => isSameSource(one, repo) && one.lock !== undefined)
    if (repo.lock !== undefined && twin?.lock !== undefined && twin.lock !== repo.lock) {
      clashes.push({
        code: 'lock-clash',
        message: `repo '${repo.name}' of entry '${repo.entry}' is locked at another commit than repo '${twin.name}' of entry '${twin.entry}', which is the same URL at the same ref`,
        span,
        related: [{ message: 'the other lock', span: config.at(['entries', twin.entry, 'repos', twin.name, 'lock']) }],
        hint: 'one ref stands at one commit: give both the same lock, or one of them another ref',
      })
    }
    const isOfOtherRef = leftovers.some((one) => one.url === repo.url && isCommitOf(one.commit, repo.lock))
    return { ...repo, commit: isOfOtherRef ? undefined : (repo.lock ?? twin?.lock) }
  })
  return { repos: settled, differences, clashes }
}

function leftoverFinding(lock: ReadLock, repo: LockedRepo): Finding {
  return {
    code: 'lock-difference',
    message: `volo.yml has no repo ${repo.url} at '${repo.ref}'`,
    span: lock.commitSpan(repo),
    hint: 'run: volo generate',
  }
}

/** Whether `text` is that commit, or the beginning of it that people write. */
function isCommitOf(commit: string, text: string | undefined): boolean {
  return text !== undefined && text.length >= 7 && commit.startsWith(text)
}
