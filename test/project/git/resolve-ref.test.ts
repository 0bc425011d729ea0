import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { GitStore, ResolvedRef } from '../../../src/project/git/git-store.ts'
import { parseGitUrl } from '../../../src/project/git/url.ts'
import { type GitRepo, makeRepo } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { failureOf, storeIn } from './store.ts'

const folder = temporaryFolder()
let repo: GitRepo
let store: GitStore
const commits: string[] = []

beforeAll(() => {
  repo = makeRepo(join(folder, 'idl'))
  for (const message of ['one', 'two', 'three', 'four']) commits.push(repo.commit(message, { 'a.thrift': message }))
  store = storeIn(join(folder, 'cache'))
})

async function resolve(ref: string): Promise<ResolvedRef> {
  return (await store.resolve([{ url: parseGitUrl(repo.url, folder), ref }]))[0]!
}

test('main is main, not feature/main or a tag of that name', async () => {
  repo.git('branch', 'feature/main', commits[0]!)
  repo.git('tag', 'main', commits[1]!)
  expect(await resolve('main')).toEqual({ kind: 'branch', commit: commits[3], name: 'main' })
  expect(await resolve('feature/main')).toEqual({ kind: 'branch', commit: commits[0], name: 'feature/main' })
  expect(await resolve('refs/tags/main')).toEqual({ kind: 'tag', commit: commits[1], name: 'main' })
})

test('an annotated tag is peeled, also one of a tag', async () => {
  repo.git('tag', '-a', 'v2', '-m', 'two', commits[1]!)
  repo.git('-c', 'advice.nestedTag=false', 'tag', '-a', 'v2-final', '-m', 'again', 'v2')
  expect(await resolve('v2')).toMatchObject({ kind: 'tag', commit: commits[1] })
  expect(await resolve('v2-final')).toMatchObject({ kind: 'tag', commit: commits[1] })
})

test('a commit is found by its beginning, at a tip and behind one, in either case', async () => {
  expect(await resolve(commits[3]!.slice(0, 10))).toMatchObject({ kind: 'commit', commit: commits[3] })
  expect(await resolve(commits[2]!.slice(0, 10).toUpperCase())).toMatchObject({ kind: 'commit', commit: commits[2] })
  expect(await resolve(commits[2]!.toUpperCase())).toMatchObject({ kind: 'commit', commit: commits[2] })
})

test('a branch wins over a commit that begins like its name', async () => {
  const name = commits[2]!.slice(0, 7)
  repo.git('branch', name, commits[0]!)
  expect(await resolve(name)).toMatchObject({ kind: 'branch', commit: commits[0] })
})

test('HEAD tells the branch that it stands for', async () => {
  expect(await resolve('HEAD')).toEqual({ kind: 'head', commit: commits[3], name: 'main' })
})

test('a ref that is not there is an error with the nearest name', async () => {
  const error = await failureOf(resolve('mian'))
  expect(error.message).toBe(`'mian' is no branch, tag or commit of ${repo.url}`)
  expect(error.hint).toBe("did you mean 'main'?")
  expect((await failureOf(resolve('deadbeef'))).message).toContain("'deadbeef' is no branch, tag or commit")
})

describe('what is no ref is refused before git sees it', () => {
  test.each([
    '--upload-pack=x',
    '-',
    '',
    'a b',
    'a\nb',
    'a\0b',
    'a..b',
    'main:x',
    'a^{}',
    '@{u}',
    'ma*n',
    '/a',
    'a/',
    'x.lock',
    'a//b',
  ])('%j', async (ref) => {
    expect(await failureOf(resolve(ref))).toMatchObject({ usage: true, message: expect.stringContaining('is no ref') })
  })
})

test('several that fail are one error with the words of each', async () => {
  const url = parseGitUrl(repo.url, folder)
  const gone = parseGitUrl(`${repo.url}-gone`, folder)
  const error = await failureOf(
    store.resolve([
      { url: gone, ref: 'main' },
      { url, ref: 'main' },
      { url, ref: 'nope' },
    ]),
  )
  expect(error.message).toContain('2 git sources cannot be used:')
  expect(error.message).toContain(
    `look up refs of ${gone.text}: fatal: '${gone.folder}' does not appear to be a git repository`,
  )
  expect(error.message).toContain("'nope' is no branch")
})

test('without the network no ref is looked up', async () => {
  const error = await failureOf(
    storeIn(join(folder, 'cache'), { offline: true }).resolve([{ url: parseGitUrl(repo.url, folder), ref: 'main' }]),
  )
  expect(error.message).toBe(`'main' of ${repo.url} cannot be looked up without the network`)
  expect(error.hint).toContain('--offline')
})

test('a repo without a commit says so', async () => {
  const empty = makeRepo(join(folder, 'empty'))
  const error = await failureOf(store.resolve([{ url: parseGitUrl(empty.url, folder), ref: 'HEAD' }]))
  expect(error.message).toBe(`${empty.url} has no commit that HEAD points at`)
})
