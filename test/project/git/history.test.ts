import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repoPlaces } from '../../../src/project/git/cache-folder.ts'
import { parseGitUrl } from '../../../src/project/git/url.ts'
import { type GitRepo, makeRepo } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { failureOf, storeIn, textOf } from './store.ts'

/** A repo of many commits in a line, made at once. */
function longRepo(folder: string, count: number): GitRepo {
  const repo = makeRepo(folder)
  const lines: string[] = []
  for (let i = 1; i <= count; i++) {
    lines.push(
      'commit refs/heads/main',
      `committer Ada <a@b> ${1_700_000_000 + i} +0000`,
      `data ${String(i).length}`,
      `${i}`,
    )
    lines.push('M 100644 inline a.thrift', `data ${String(i).length}`, `${i}`)
  }
  const stream = join(folder, '..', 'stream')
  writeFileSync(stream, `${lines.join('\n')}\n`)
  repo.git('config', 'alias.load', `!git fast-import --quiet < '${stream}'`)
  repo.git('load')
  return repo
}

test('goes back as far as it must, and lists at most a thousand commits', async () => {
  const folder = temporaryFolder()
  const repo = longRepo(join(folder, 'idl'), 1300)
  const url = parseGitUrl(repo.url, folder)
  const store = storeIn(join(folder, 'cache'))
  const at = (back: number): string => repo.git('rev-parse', `main~${back}`)
  expect(await store.history(url, at(10), at(0))).toMatchObject({ isForward: true, count: 10 })
  const middle = await store.history(url, at(200), at(0))
  expect(middle).toMatchObject({ isForward: true, count: 200 })
  expect(middle.commits[0]).toEqual({
    commit: at(0),
    subject: '1300',
    author: 'Ada',
    date: '2023-11-14T22:35:00+00:00',
  })
  const long = await store.history(url, at(1200), at(0))
  expect(long).toMatchObject({ isForward: true, count: 1200 })
  expect(long.commits).toHaveLength(1000)
  expect(await store.history(url, at(0), at(1200))).toMatchObject({ isForward: false, count: 0, commits: [] })
})

test('tells the commits of a merged branch, also one that left long ago', async () => {
  const folder = temporaryFolder()
  const repo = longRepo(join(folder, 'idl'), 120)
  repo.git('checkout', '--quiet', '-b', 'side', 'main~110')
  repo.commit('side 1', { 'b.thrift': '1' })
  repo.git('checkout', '--quiet', 'main')
  const from = repo.git('rev-parse', 'main')
  repo.git('merge', '--quiet', '--no-edit', '-m', 'merge side', 'side')
  const to = repo.git('rev-parse', 'main')
  const url = parseGitUrl(repo.url, folder)
  const history = await storeIn(join(folder, 'cache')).history(url, from, to)
  expect(history).toMatchObject({ isForward: true, count: 2 })
  expect(history.commits.map(({ subject }) => subject)).toEqual(['merge side', 'side 1'])
})

test('a commit without a message, with control characters or from nowhere common is told as it is', async () => {
  const folder = temporaryFolder()
  const repo = makeRepo(join(folder, 'idl'))
  const from = repo.commit('one', { 'a.thrift': '1' })
  repo.commit('\u001b[31mred\u001b[0m \u202eevil\n\nbody', { 'a.thrift': '2' })
  repo.git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '-m', '')
  const to = repo.git('rev-parse', 'HEAD')
  const url = parseGitUrl(repo.url, folder)
  const store = storeIn(join(folder, 'cache'))
  expect((await store.history(url, from, to)).commits.map(({ subject }) => subject)).toEqual(['', '[31mred[0m evil'])
  repo.git('checkout', '--quiet', '--orphan', 'fresh')
  const other = repo.commit('other', { 'a.thrift': '3' })
  expect(await store.history(url, to, other)).toMatchObject({
    isForward: false,
    count: 1,
    commits: [{ subject: 'other' }],
  })
  expect((await failureOf(storeIn(join(folder, 'cache'), { offline: true }).history(url, from, to))).message).toContain(
    'without the network',
  )
})

test('a repo with SHA-256 names works like any other', async () => {
  const folder = temporaryFolder()
  const repo = makeRepo(join(folder, 'idl'))
  repo.git('init', '--quiet', '--initial-branch=main', '--object-format=sha256', '../work')
  const git = (...args: string[]): string => repo.git('-C', '../work', ...args)
  writeFileSync(join(folder, 'work', 'a.thrift'), 'struct A {}')
  git('add', '.')
  git('commit', '--quiet', '-m', 'one')
  const commit = git('rev-parse', 'HEAD')
  expect(commit).toHaveLength(64)
  const url = parseGitUrl(`file://${folder}/work`, folder)
  const store = storeIn(join(folder, 'cache'))
  expect(await store.resolve([{ url, ref: 'main' }])).toEqual([{ kind: 'branch', commit, name: 'main' }])
  const [tree] = await store.open([{ url, commit }])
  expect(textOf(tree!.read('a.thrift'))).toBe('struct A {}')
  expect(await store.history(url, commit, commit)).toMatchObject({ isForward: true, count: 0 })
})

test('a bare store of very many packs is begun anew', async () => {
  const folder = temporaryFolder()
  const repo = makeRepo(join(folder, 'idl'))
  const first = repo.commit('one', { 'a.thrift': '1' })
  const second = repo.commit('two', { 'a.thrift': '2' })
  const url = parseGitUrl(repo.url, folder)
  const store = storeIn(join(folder, 'cache'))
  await store.open([{ url, commit: first }])
  const packs = join(repoPlaces(store.folder, url).store, 'objects', 'pack')
  mkdirSync(packs, { recursive: true })
  for (let i = 0; i < 61; i++) writeFileSync(join(packs, `pack-${String(i).padStart(40, '0')}.pack`), '')
  const [tree] = await store.open([{ url, commit: second }])
  expect(textOf(tree!.read('a.thrift'))).toBe('2')
})
