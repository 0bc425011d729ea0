/** What lies between two commits of a repo, read from a bare store that has commits and no files. */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { withStore } from './bare-store.ts'
import type { GitCommit, GitHistory } from './git-store.ts'
import { GitFailure, type GitRunner, runGit } from './run-git.ts'
import type { GitUrl } from './url.ts'

/** How far back is fetched, until both commits meet; then everything. */
const depths = [50, 1000, 20_000]
const shownCommits = 1000

/** Fetches as much of the past as is needed, and reads it. The repo's write lock must be held. */
export async function readHistory(
  runner: GitRunner,
  store: string,
  url: GitUrl,
  from: string,
  to: string,
  onPercent: (percent: number) => void,
): Promise<GitHistory> {
  return withStore(runner, store, to, async () => {
    let wants = [to, from]
    for (let i = 0; ; i++) {
      const depth = depths[i]
      const options = depth === undefined ? [isShallow(store) ? '--unshallow' : '--force'] : [`--depth=${depth}`]
      try {
        await fetchCommits(
          runner,
          store,
          url,
          options,
          wants.map((one) => `${one}:refs/volo/${one}`),
          onPercent,
        )
      } catch (error) {
        // The older commit may be gone for good, after a force-push.
        if (!(error instanceof GitFailure) || error.trouble !== 'no-object' || wants.length === 1) throw error
        wants = [to]
        await fetchCommits(runner, store, url, options, [`${to}:refs/volo/${to}`], onPercent)
      }
      if (depth === undefined || (await isEnough(runner, store, from, to, wants.length === 2))) break
    }
    if (wants.length === 1 && !(await succeeds(runner, store, ['merge-base', '--is-ancestor', from, to]))) {
      return { isForward: false, commits: [], count: 0 }
    }
    return between(runner, store, from, to)
  })
}

/** Finds the one commit that begins so among all that the repo's branches and tags reach. */
export async function findCommit(
  runner: GitRunner,
  store: string,
  url: GitUrl,
  beginning: string,
  onPercent: (percent: number) => void,
): Promise<string | undefined> {
  return withStore(runner, store, '', async () => {
    const wants = ['+refs/heads/*:refs/remote/heads/*', '+refs/tags/*:refs/remote/tags/*']
    await fetchCommits(runner, store, url, [isShallow(store) ? '--unshallow' : '--force'], wants, onPercent)
    try {
      const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${beginning}^{commit}`]
      return (await git(runner, store, args)).trim()
    } catch (error) {
      if (error instanceof GitFailure && !/ambiguous/.test(error.words)) return undefined
      throw error
    }
  })
}

async function fetchCommits(
  runner: GitRunner,
  store: string,
  url: GitUrl,
  options: readonly string[],
  wants: readonly string[],
  onPercent: (percent: number) => void,
): Promise<void> {
  const fixed = ['--force', '--progress', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-prune']
  await runGit(
    runner,
    ['fetch', ...fixed, '--no-recurse-submodules', '--filter=tree:0', ...options, '--', url.address, ...wants],
    { store, url, doing: `fetch the commits of ${url.text}`, onPercent },
  )
}

/** Whether there are commits whose parents were not fetched. */
function isShallow(store: string): boolean {
  return (statSync(join(store, 'shallow'), { throwIfNoEntry: false })?.size ?? 0) > 0
}

/** Whether enough of the past is there: nothing between the two commits has lost its parents, or has none. */
async function isEnough(runner: GitRunner, store: string, from: string, to: string, both: boolean): Promise<boolean> {
  if (!isShallow(store)) return true
  if (!both) return succeeds(runner, store, ['merge-base', '--is-ancestor', from, to])
  if (!(await succeeds(runner, store, ['merge-base', from, to]))) return false
  const ends = await git(runner, store, ['rev-list', '--max-parents=0', '--count', `${from}...${to}`])
  return Number(ends) === 0
}

async function between(runner: GitRunner, store: string, from: string, to: string): Promise<GitHistory> {
  const isForward = await succeeds(runner, store, ['merge-base', '--is-ancestor', from, to])
  const range = `${from}..${to}`
  const count = Number(await git(runner, store, ['rev-list', '--count', range]))
  const format = '--format=%H%x00%an%x00%cI%x00%s'
  const log = await git(runner, store, [
    'log',
    `-${shownCommits}`,
    '--no-color',
    '--no-decorate',
    '--no-mailmap',
    format,
    range,
  ])
  const commits = log.split('\n').flatMap((line): GitCommit[] => {
    const [commit, author = '', date = '', subject = ''] = line.split('\0')
    return commit ? [{ commit, subject: plain(subject), author: plain(author), date }] : []
  })
  return { isForward, commits, count }
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a commit's message may hold what a terminal obeys.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
}

async function git(runner: GitRunner, store: string, args: readonly string[]): Promise<string> {
  return (await runGit(runner, args, { store, doing: 'read commits' })).toString('utf8')
}

async function succeeds(runner: GitRunner, store: string, args: readonly string[]): Promise<boolean> {
  try {
    await git(runner, store, args)
    return true
  } catch (error) {
    if (error instanceof GitFailure) return false
    throw error
  }
}
