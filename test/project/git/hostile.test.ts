import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sizeOf } from '../../../src/project/git/cache-report.ts'
import type { GitTree } from '../../../src/project/git/git-store.ts'
import { parseGitUrl } from '../../../src/project/git/url.ts'
import { type GitRepo, makeRepo, plainGitEnv, startGitHttp } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { failureOf, gitSettings, storeIn, textOf } from './store.ts'

interface Place {
  readonly folder: string
  readonly cache: string
  readonly repo: GitRepo
}

function place(): Place {
  const folder = temporaryFolder()
  return { folder, cache: join(folder, 'cache'), repo: makeRepo(join(folder, 'idl')) }
}

async function open(
  { folder, cache, repo }: Place,
  commit: string,
  env: Record<string, string> = {},
): Promise<GitTree> {
  const store = storeIn(cache, { env })
  return (await store.open([{ url: parseGitUrl(repo.url, folder), commit, ref: 'main' }]))[0]!
}

describe('a tree', () => {
  test('follows symbolic links inside the repo, and refuses those that leave it or go in circles', async () => {
    const at = place()
    writeFileSync(join(at.folder, 'secret.thrift'), 'struct Secret {}')
    const commit = at.repo.commit('links', {
      'shared/a.thrift': 'struct A {}',
      'idl/a.thrift': { link: '../shared/a.thrift' },
      'idl/again.thrift': { link: './a.thrift' },
      'idl/odd.thrift': { link: '../shared/data.txt' },
      'shared/data.txt': 'struct Odd {}',
      linked: { link: 'shared' },
      'idl/up.thrift': { link: '../../secret.thrift' },
      'idl/root.thrift': { link: '/etc/passwd' },
      'idl/loop.thrift': { link: 'loop.thrift' },
      'idl/none.thrift': { link: 'missing.thrift' },
      out: { link: '..' },
    })
    const tree = await open(at, commit)
    expect(tree.paths).toEqual(['idl/a.thrift', 'idl/again.thrift', 'idl/odd.thrift', 'shared/a.thrift'])
    expect(textOf(tree.read('idl/again.thrift'))).toBe('struct A {}')
    expect(textOf(tree.read('linked/a.thrift'))).toBe('struct A {}')
    expect(textOf(tree.read('idl/odd.thrift'))).toBe('struct Odd {}')
    expect(tree.read('idl/none.thrift')).toBeUndefined()
    for (const path of ['idl/up.thrift', 'idl/root.thrift', 'out/secret.thrift', '../secret.thrift']) {
      expect(() => tree.read(path), path).toThrow('leads out of the repo')
    }
    expect(() => tree.read('idl/loop.thrift')).toThrow('is part of a cycle')
  })

  test('holds files that differ only in case, and takes strange names as they are', async () => {
    const at = place()
    const commit = at.repo.commit('names', {
      'Shop.thrift': 'struct Upper {}',
      'shop.thrift': 'struct Lower {}',
      'a b/ü-\n"x".thrift': 'struct Strange {}',
      'aux.thrift': '',
      '-x.thrift': '',
    })
    const tree = await open(at, commit)
    expect(tree.paths).toHaveLength(5)
    expect(textOf(tree.read('Shop.thrift'))).toBe('struct Upper {}')
    expect(textOf(tree.read('shop.thrift'))).toBe('struct Lower {}')
    expect(textOf(tree.read('a b/ü-\n"x".thrift'))).toBe('struct Strange {}')
  })

  test('that was made by hand with a path out of the repo is not read there', async () => {
    const at = place()
    at.repo.commit('base', { 'a.thrift': '' })
    const blob = at.repo.git('hash-object', '-w', 'a.thrift')
    const raw = Buffer.concat([Buffer.from('100644 ..\0', 'latin1'), Buffer.from(blob, 'hex')])
    writeFileSync(join(at.folder, 'raw'), raw)
    const tree = at.repo.git('hash-object', '-t', 'tree', '--literally', '-w', join(at.folder, 'raw'))
    const commit = at.repo.git('commit-tree', tree, '-m', 'hostile')
    at.repo.git('update-ref', 'refs/heads/main', commit)
    expect((await open(at, commit)).paths).toEqual([])
  })

  test('is not slowed by texts that are made to be slow: blank lines, a long link', async () => {
    const at = place()
    const commit = at.repo.commit('slow', {
      'blank.thrift': '\n'.repeat(1_000_000),
      'long.thrift': { link: 'a/'.repeat(2_000) },
    })
    const tree = await open(at, commit)
    expect(tree.read('blank.thrift')).toHaveLength(1_000_000)
    expect(() => tree.read('long.thrift')).toThrow('too long')
  })

  test('gives what an IDL includes under another ending', async () => {
    const at = place()
    const commit = at.repo.commit('odd', {
      'idl/a.thrift': 'include "types.inc"\ninclude "../base/more.inc"\n',
      'idl/types.inc': 'struct T {}',
      'base/more.inc': '  include "deep.inc"',
      'base/deep.inc': 'struct D {}',
      'base/not.inc': '',
    })
    const tree = await open(at, commit)
    expect(textOf(tree.read('base/deep.inc'))).toBe('struct D {}')
    expect(textOf(tree.read('idl/types.inc'))).toBe('struct T {}')
    expect(tree.read('base/not.inc')).toBeUndefined()
  })

  test('refuses a file that is no IDL by its size', async () => {
    const at = place()
    const commit = at.repo.commit('big', { 'big.thrift': Buffer.alloc(17 << 20, ' '), 'a.thrift': '' })
    const tree = await open(at, commit)
    expect(tree.paths).toEqual(['a.thrift'])
    expect(() => tree.read('big.thrift')).toThrow('larger than 16 MiB')
  })
})

describe('what is fetched', () => {
  const big = { 'big.bin': Buffer.from(Array.from({ length: 2_000_000 }, () => Math.floor(Math.random() * 256))) }

  test('is the IDL files alone, where the server gives single files', async () => {
    const at = place()
    at.repo.commit('past', { ...big, 'a.thrift': 'old' })
    const commit = at.repo.commit('now', { 'a.thrift': 'new', 'more.bin': big['big.bin'].subarray(5) })
    expect(textOf((await open(at, commit)).read('a.thrift'))).toBe('new')
    expect(sizeOf(at.cache)).toBeLessThan(100_000)
  })

  test.each(['2', '0'])('is one commit, where the server does not (protocol version %s)', async (version) => {
    const at = place()
    at.repo.git('config', 'uploadpack.allowFilter', 'false')
    const commit = at.repo.commit('past', { 'a.thrift': 'old', ...big })
    at.repo.commit('now', { 'a.thrift': 'new' })
    const env = gitSettings({ 'protocol.version': version })
    expect(textOf((await open(at, commit, env)).read('a.thrift'))).toBe('old')
    const store = storeIn(at.cache, { env })
    const url = parseGitUrl(at.repo.url, at.folder)
    expect(await store.history(url, commit, at.repo.git('rev-parse', 'HEAD'))).toMatchObject({ count: 1 })
  })

  test('is found behind a branch, where an old server gives no single commits', async () => {
    const at = place()
    const commit = at.repo.commit('past', { 'a.thrift': 'old' })
    at.repo.commit('now', { 'a.thrift': 'new' })
    const env = gitSettings({ 'protocol.version': '0' })
    expect(textOf((await open(at, commit, env)).read('a.thrift'))).toBe('old')
  })

  test('is five thousand IDL files in few steps', async () => {
    const at = place()
    const lines = ['commit refs/heads/main', 'committer A <a@b> 1700000000 +0000', 'data 1', 'x']
    for (let i = 0; i < 5000; i++) {
      const body = `struct S${i} { 1: i32 x }`
      lines.push(`M 100644 inline d${i % 50}/f${i}.thrift`, `data ${body.length}`, body)
    }
    writeFileSync(join(at.folder, 'stream'), `${lines.join('\n')}\n`)
    at.repo.git('config', 'alias.load', `!git fast-import --quiet < '${join(at.folder, 'stream')}'`)
    at.repo.git('load')
    const tree = await open(at, at.repo.git('rev-parse', 'main'))
    expect(tree.paths).toHaveLength(5000)
    expect(textOf(tree.read('d49/f4999.thrift'))).toBe('struct S4999 { 1: i32 x }')
  })
})

describe('a commit that is not what it was', () => {
  test('a force-pushed branch: the locked commit is given as long as the server has it, and the history tells', async () => {
    const at = place()
    at.repo.commit('base', { 'a.thrift': '0' })
    const old = at.repo.commit('old', { 'a.thrift': '1' })
    at.repo.git('reset', '--hard', '--quiet', 'HEAD~1')
    const now = at.repo.commit('rewritten', { 'a.thrift': '2' })
    expect(textOf((await open(at, old)).read('a.thrift'))).toBe('1')
    const history = await storeIn(at.cache).history(parseGitUrl(at.repo.url, at.folder), old, now)
    expect(history).toMatchObject({ isForward: false, count: 1, commits: [{ subject: 'rewritten' }] })
  })

  test('a commit that the server has dropped is an error that says how to go on; its history is told as far as it goes', async () => {
    const at = place()
    at.repo.commit('base', { 'a.thrift': '0' })
    const old = at.repo.commit('old', { 'a.thrift': '1' })
    await open(at, old)
    at.repo.git('reset', '--hard', '--quiet', 'HEAD~1')
    const now = at.repo.commit('rewritten', { 'a.thrift': '2' })
    at.repo.git('reflog', 'expire', '--expire=now', '--all')
    at.repo.git('gc', '--quiet', '--prune=now')
    const error = await failureOf(open({ ...at, cache: join(at.folder, 'other') }, old))
    expect(error.message).toContain(`${at.repo.url} has no commit ${old} (of 'main') any more: `)
    expect(error.message).toContain('not our ref')
    expect(error.hint).toContain('volo update')
    // Who has it in the cache goes on working.
    expect(textOf((await open(at, old)).read('a.thrift'))).toBe('1')
    const history = await storeIn(at.cache).history(parseGitUrl(at.repo.url, at.folder), old, now)
    expect(history).toEqual({ isForward: false, commits: [], count: 0 })
  })

  test('a rewritten tag resolves to the new commit', async () => {
    const at = place()
    const first = at.repo.commit('1', { 'a.thrift': '1' })
    at.repo.git('tag', '-a', 'v1', '-m', 'v1')
    const url = parseGitUrl(at.repo.url, at.folder)
    const store = storeIn(at.cache)
    expect((await store.resolve([{ url, ref: 'v1' }]))[0]).toMatchObject({ commit: first })
    const second = at.repo.commit('2', { 'a.thrift': '2' })
    at.repo.git('tag', '-f', '-a', 'v1', '-m', 'v1 again')
    expect((await store.resolve([{ url, ref: 'v1' }]))[0]).toMatchObject({ kind: 'tag', commit: second })
    expect(textOf((await open(at, second)).read('a.thrift'))).toBe('2')
  })

  test('the object of a tag is no commit', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    at.repo.git('tag', '-a', 'v1', '-m', 'v1')
    const error = await failureOf(open(at, at.repo.git('rev-parse', 'v1')))
    expect(error.message).toContain(`is a tag of the commit ${commit}`)
  })

  test('a repo that disappears between look-up and fetch fails with git’s words, and names only itself', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    const other = makeRepo(join(at.folder, 'other'))
    const otherCommit = other.commit('1', { 'b.thrift': '1' })
    const store = storeIn(at.cache)
    const sources = [
      { url: parseGitUrl(at.repo.url, at.folder), commit },
      { url: parseGitUrl(other.url, at.folder), commit: otherCommit },
    ]
    await store.resolve(sources.map(({ url }) => ({ url, ref: 'main' })))
    rmSync(other.folder, { recursive: true })
    const error = await failureOf(store.open(sources))
    expect(error.message).toContain(
      `cannot fetch ${other.url}: fatal: '${other.folder}' does not appear to be a git repository`,
    )
    expect(error.message).not.toContain(`cannot fetch ${at.repo.url}:`)
    expect(error.hint).toContain('check the URL')
  })
})

describe('git runs nothing of anybody’s choosing', () => {
  test('no hook, no askpass, no other repo of the environment, no redirected protocol', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    const trap = join(at.folder, 'trap')
    const sprung = join(at.folder, 'sprung')
    mkdirSync(join(trap, 'hooks'), { recursive: true })
    for (const name of ['hooks/reference-transaction', 'hooks/post-checkout', 'askpass', 'ssh']) {
      writeFileSync(join(trap, name), `#!/bin/sh\necho ${name} >> '${sprung}'\n`)
      chmodSync(join(trap, name), 0o755)
    }
    const victim = makeRepo(join(at.folder, 'victim'))
    victim.commit('mine', { 'mine.txt': 'mine' })
    const before = readdirSync(join(victim.folder, '.git')).sort()
    const env = {
      ...gitSettings({
        'core.hooksPath': join(trap, 'hooks'),
        'core.fsmonitor': join(trap, 'askpass'),
        'core.askPass': join(trap, 'askpass'),
        'init.templateDir': trap,
      }),
      GIT_DIR: join(victim.folder, '.git'),
      GIT_WORK_TREE: victim.folder,
      GIT_INDEX_FILE: join(victim.folder, '.git', 'index'),
      GIT_ASKPASS: join(trap, 'askpass'),
      SSH_ASKPASS: join(trap, 'askpass'),
    }
    expect(textOf((await open(at, commit, env)).read('a.thrift'))).toBe('1')
    expect(existsSync(sprung)).toBe(false)
    expect(readdirSync(join(victim.folder, '.git')).sort()).toEqual(before)
    expect(victim.git('status', '--porcelain')).toBe('')
  })

  test('a setting that turns a URL into ext:: is stopped by the list of protocols', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    const sprung = join(at.folder, 'sprung')
    const env = {
      ...gitSettings({ [`url.ext::sh -c touch% ${sprung}% #.insteadOf`]: at.repo.url, 'protocol.ext.allow': 'always' }),
      GIT_ALLOW_PROTOCOL: 'ext',
    }
    const error = await failureOf(open(at, commit, env))
    expect(error.message).toContain("transport 'ext' not allowed")
    expect(existsSync(sprung)).toBe(false)
  })

  test('a server that wants a password gets none, and the user gets advice', async () => {
    const at = place()
    const trap = join(at.folder, 'askpass')
    writeFileSync(trap, `#!/bin/sh\ntouch '${trap}.sprung'\necho secret\n`)
    chmodSync(trap, 0o755)
    const server = await startGitHttp(at.folder, (_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="idl"' }).end()
      return true
    })
    try {
      const store = storeIn(at.cache, { env: { GIT_ASKPASS: trap, SSH_ASKPASS: trap } })
      const url = parseGitUrl(`${server.url}/idl`, at.folder)
      const error = await failureOf(store.resolve([{ url, ref: 'main' }]))
      expect(error.message).toMatch(/terminal prompts disabled|could not read Username/)
      expect(error.hint).toContain('credential helper')
      expect(existsSync(`${trap}.sprung`)).toBe(false)
    } finally {
      await server.close()
    }
  })

  test('a credential in the environment reaches the server and no message', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    const seen: (string | undefined)[] = []
    const server = await startGitHttp(at.folder, (request, response) => {
      seen.push(request.headers.authorization)
      if (request.headers.authorization === 'Basic c2VjcmV0') return false
      response.writeHead(403).end()
      return true
    })
    try {
      const url = parseGitUrl(`${server.url}/idl`, at.folder)
      const env = gitSettings({ [`http.${server.url}/.extraHeader`]: 'Authorization: Basic c2VjcmV0' })
      const [tree] = await storeIn(at.cache, { env }).open([{ url, commit }])
      expect(textOf(tree!.read('a.thrift'))).toBe('1')
      const hidden = gitSettings({ [`url.${server.url.replace('//', '//ada:tok3n@')}/.insteadOf`]: `${server.url}/` })
      const error = await failureOf(storeIn(at.cache, { env: hidden }).resolve([{ url, ref: 'main' }]))
      expect(error.message).toContain('403')
      expect(error.message).not.toContain('tok3n')
    } finally {
      await server.close()
    }
  })

  test('a server that falls silent is left, with the time named', async () => {
    const at = place()
    const server = await startGitHttp(at.folder, () => true)
    try {
      const store = storeIn(at.cache, { env: { VOLO_GIT_TIMEOUT: '0.3' } })
      const error = await failureOf(store.resolve([{ url: parseGitUrl(`${server.url}/idl`, at.folder), ref: 'main' }]))
      expect(error.message).toContain('git said nothing for 1 s')
      expect(error.hint).toContain('VOLO_GIT_TIMEOUT')
    } finally {
      await server.close()
    }
  })

  test('an interrupted fetch ends git and leaves a cache that works', async () => {
    const at = place()
    const commit = at.repo.commit('1', { 'a.thrift': '1' })
    const stop = new AbortController()
    const server = await startGitHttp(at.folder, () => {
      stop.abort()
      return true
    })
    try {
      const url = parseGitUrl(`${server.url}/idl`, at.folder)
      const error = await failureOf(storeIn(at.cache, { signal: stop.signal }).open([{ url, commit }]))
      expect(error.name).toBe('Interrupted')
    } finally {
      await server.close()
    }
    expect(textOf((await open(at, commit)).read('a.thrift'))).toBe('1')
  })

  test('what a server says is shown without escape sequences', async () => {
    const at = place()
    const bin = join(at.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh\nprintf 'remote: \\033]0;owned\\007\\033[31mgo away\\033[0m\\r\\nfatal: no\\n' >&2\nexit 128\n`,
    )
    chmodSync(join(bin, 'git'), 0o755)
    const store = storeIn(at.cache, { env: { PATH: `${bin}:${plainGitEnv['PATH']}` } })
    const error = await failureOf(store.resolve([{ url: parseGitUrl(at.repo.url, at.folder), ref: 'main' }]))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    expect(error.message).toContain('go away')
  })

  test('a machine without git is told to install it', async () => {
    const at = place()
    const store = storeIn(at.cache, { env: { PATH: at.folder } })
    const error = await failureOf(store.resolve([{ url: parseGitUrl(at.repo.url, at.folder), ref: 'main' }]))
    expect(error.message).toBe('git was not found, and git sources need it')
  })
})

test('a user’s own repo is only read', async () => {
  const at = place()
  const commit = at.repo.commit('1', { 'a.thrift': '1' })
  writeFileSync(join(at.repo.folder, 'a.thrift'), 'an edit')
  writeFileSync(join(at.repo.folder, 'new.txt'), 'new')
  const files = (): string[] =>
    readdirSync(at.repo.folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map(
        (one) => `${join(one.parentPath, one.name)} ${readFileSync(join(one.parentPath, one.name)).toString('base64')}`,
      )
      .sort()
  const before = files()
  const url = parseGitUrl('./idl', at.folder)
  const store = storeIn(at.cache)
  await store.resolve([
    { url, ref: 'main' },
    { url, ref: commit.slice(0, 8) },
  ])
  await store.open([{ url, commit }])
  await store.history(url, commit, commit)
  expect(files()).toEqual(before)
})
