import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { changedFiles, type GitProgress, type GitStore } from '../../../src/project/git/git-store.ts'
import { openGitStore } from '../../../src/project/git/open-git-store.ts'
import { parseGitUrl } from '../../../src/project/git/url.ts'
import { makeRepo, plainGitEnv, type RunningServer, startGitDaemon, startGitHttp } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'

function storeIn(cache: string, options: Partial<Parameters<typeof openGitStore>[0]> = {}): GitStore {
  return openGitStore({ env: { ...plainGitEnv, VOLO_CACHE: cache }, ...options })
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('utf8')

describe('over each way to a repo', () => {
  const ways: Record<string, (folder: string) => Promise<RunningServer>> = {
    'file://': async (folder) => ({ url: `file://${folder}`, close: async () => {} }),
    'a folder': async (folder) => ({ url: folder, close: async () => {} }),
    'git daemon': startGitDaemon,
    'smart HTTP': (folder) => startGitHttp(folder),
  }
  test.each(Object.entries(ways))('%s gives refs, trees and history', async (_, start) => {
    const folder = temporaryFolder()
    const repo = makeRepo(join(folder, 'idl'))
    const first = repo.commit('first', { 'a.thrift': 'struct A {}', 'sub/b.proto': 'syntax = "proto3";', 'x.bin': 'x' })
    repo.git('tag', '-a', 'v1', '-m', 'one')
    const second = repo.commit('second', { 'a.thrift': 'struct A { 1: i32 x }', 'c.thrift': '' })
    const server = await start(folder)
    try {
      const url = parseGitUrl(`${server.url}/idl`, folder)
      const steps: GitProgress['step'][] = []
      const store = storeIn(join(folder, 'cache'), { onProgress: ({ step }) => steps.push(step) })
      const refs = await store.resolve([
        { url, ref: 'main' },
        { url, ref: 'v1' },
        { url, ref: 'HEAD' },
        { url, ref: first.slice(0, 8) },
      ])
      expect(refs).toEqual([
        { kind: 'branch', commit: second, name: 'main' },
        { kind: 'tag', commit: first, name: 'v1' },
        { kind: 'head', commit: second, name: 'main' },
        { kind: 'commit', commit: first, name: first },
      ])
      const [old, now] = await store.open([
        { url, commit: first, ref: 'v1' },
        { url, commit: second, ref: 'main' },
      ])
      expect(old!.paths).toEqual(['a.thrift', 'sub/b.proto'])
      expect(text(now!.read('a.thrift'))).toBe('struct A { 1: i32 x }')
      expect(now!.read('x.bin')).toBeUndefined()
      expect(changedFiles(old!, now!)).toEqual({ added: ['c.thrift'], changed: ['a.thrift'], removed: [] })
      const history = await store.history(url, first, second)
      expect(history).toMatchObject({
        isForward: true,
        count: 1,
        commits: [{ commit: second, subject: 'second', author: 'Ada' }],
      })
      expect(await store.history(url, second, first)).toMatchObject({ isForward: false, count: 0 })
      expect(steps).toContain('fetching')
      expect(steps.at(-1)).toBe('done')
      const offline = storeIn(join(folder, 'cache'), { offline: true })
      expect(text((await offline.open([{ url, commit: first }]))[0]!.read('a.thrift'))).toBe('struct A {}')
      expect(readdirSync(repo.folder).sort()).toEqual(['.git', 'a.thrift', 'c.thrift', 'sub', 'x.bin'])
      expect(repo.git('status', '--porcelain')).toBe('')
    } finally {
      await server.close()
    }
  })
})
