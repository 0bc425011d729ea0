import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { cacheFolder, repoPlaces } from '../../../src/project/git/cache-folder.ts'
import { checkCache, readCache, sizeOf } from '../../../src/project/git/cache-report.ts'
import { cleanCache } from '../../../src/project/git/clean-cache.ts'
import { type GitUrl, parseGitUrl } from '../../../src/project/git/url.ts'
import { withWriteLock } from '../../../src/project/write-lock.ts'
import { type GitRepo, makeRepo, plainGitEnv } from '../../support/git-repo.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { failureOf, storeIn, textOf } from './store.ts'

interface Place {
  readonly folder: string
  readonly cache: string
  readonly repo: GitRepo
  readonly url: GitUrl
  readonly commit: string
}

function place(): Place {
  const folder = temporaryFolder()
  const repo = makeRepo(join(folder, 'idl'))
  const commit = repo.commit('1', { 'a.thrift': 'struct A {}', 'b/b.proto': 'syntax = "proto3";' })
  return { folder, cache: join(folder, 'cache'), repo, url: parseGitUrl(repo.url, folder), commit }
}

async function readA(
  { cache, url, commit }: Place,
  options: Parameters<typeof storeIn>[1] = {},
): Promise<string | undefined> {
  const [tree] = await storeIn(cache, options).open([{ url, commit, ref: 'main' }])
  return textOf(tree!.read('a.thrift'))
}

/** The files of a cache that hold contents. */
function contents(cache: string): string[] {
  const folder = join(cache, 'v1', 'contents')
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
}

test('the cache is where the environment says', () => {
  expect(cacheFolder({ VOLO_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/c')
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/volo')
  expect(() => cacheFolder({ VOLO_CACHE: 'c' })).toThrow('must be an absolute path')
  if (process.platform === 'linux') expect(cacheFolder({ XDG_CACHE_HOME: 'x', HOME: '/h' })).toBe('/h/.cache/volo')
})

describe('a cache', () => {
  test('answers without git and without the server', async () => {
    const at = place()
    await readA(at)
    rmSync(at.repo.folder, { recursive: true })
    expect(await readA(at, { offline: true, env: { PATH: '' } })).toBe('struct A {}')
    expect(storeIn(at.cache).has(at)).toBe(true)
  })

  test('that is cold says without the network what is missing and how to get it', async () => {
    const at = place()
    const error = await failureOf(readA(at, { offline: true }))
    expect(error.message).toBe(
      `${at.url.text} at 'main', commit ${at.commit} is not in the cache ${at.cache} without the network`,
    )
    expect(error.hint).toContain('without --offline')
    expect(existsSync(at.cache)).toBe(false)
  })

  test.each(['changed', 'removed', 'emptied'])(
    'whose content was %s mends it, even without the network',
    async (how) => {
      const at = place()
      await readA(at)
      for (const path of contents(at.cache)) {
        if (how === 'changed') appendFileSync(path, ' ')
        else if (how === 'removed') rmSync(path)
        else writeFileSync(path, '')
      }
      expect(checkCache({ VOLO_CACHE: at.cache })).toMatchObject([{ problem: expect.stringContaining('are damaged') }])
      expect(await readA(at, { offline: true })).toBe('struct A {}')
      expect(checkCache({ VOLO_CACHE: at.cache })).toEqual([])
    },
  )

  test('whose content changes after the tree was opened is not believed', async () => {
    const at = place()
    const [tree] = await storeIn(at.cache).open([at])
    for (const path of contents(at.cache)) appendFileSync(path, ' ')
    expect(() => tree!.read('a.thrift')).toThrow('is damaged or was removed')
  })

  test('whose record is damaged reads it anew', async () => {
    const at = place()
    await readA(at)
    const record = join(repoPlaces(at.cache, at.url).trees, `${at.commit}.json`)
    writeFileSync(record, readFileSync(record, 'utf8').replace('b/b.proto', 'b/c.proto'))
    const [tree] = await storeIn(at.cache).open([at])
    expect(tree!.paths).toEqual(['a.thrift', 'b/b.proto'])
  })

  test.each(['packs', 'config', 'HEAD', 'lock', 'half a pack'])(
    'whose bare store has lost or left %s fetches anew',
    async (what) => {
      const at = place()
      await readA(at)
      const { store, trees } = repoPlaces(at.cache, at.url)
      const packs = join(store, 'objects', 'pack')
      rmSync(trees, { recursive: true })
      if (what === 'packs') {
        for (const name of readdirSync(packs)) {
          chmodSync(join(packs, name), 0o644)
          writeFileSync(join(packs, name), 'rubbish')
        }
      } else if (what === 'config') writeFileSync(join(store, 'config'), '[core\n')
      else if (what === 'HEAD') writeFileSync(join(store, 'HEAD'), '')
      else if (what === 'lock')
        for (const name of ['shallow', 'config', 'HEAD']) writeFileSync(join(store, `${name}.lock`), '')
      else writeFileSync(join(packs, 'tmp_pack_abc'), 'rubbish')
      expect(await readA(at)).toBe('struct A {}')
      expect(readdirSync(packs).filter((name) => name.startsWith('tmp_'))).toEqual([])
    },
  )

  test('of a disk that is full says so, and is whole afterwards', async () => {
    const at = place()
    mkdirSync(join(at.cache, 'v1'), { recursive: true })
    const shelf = join(at.cache, 'v1', 'contents')
    const isRoot = process.getuid?.() === 0
    if (isRoot) {
      mkdirSync(shelf)
      // A file system without room for one inode more.
      try {
        execFileSync('sh', ['-c', `mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs '${shelf}'`], { stdio: 'ignore' })
      } catch {
        // No right to mount: a file in the folder's place is no room either.
        rmSync(shelf, { recursive: true })
        writeFileSync(shelf, '')
      }
    } else writeFileSync(shelf, '')
    try {
      const error = await failureOf(readA(at))
      expect(error.message).toMatch(
        /^cannot (?:write|read) .*: (?:the disk is full|it already exists|a part of its path is a file)/,
      )
    } finally {
      try {
        execFileSync('sh', ['-c', `umount '${shelf}'`], { stdio: 'ignore' })
      } catch {
        // It was never mounted.
      }
      rmSync(shelf, { recursive: true, force: true })
    }
    expect(await readA(at)).toBe('struct A {}')
  })

  test('says git’s words when git finds no room', async () => {
    const at = place()
    const bin = join(at.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh\ncase "$*" in *" fetch "*) echo 'fatal: write error: No space left on device' >&2; exit 128;; esac\nexec "${gitPath()}" "$@"\n`,
    )
    chmodSync(join(bin, 'git'), 0o755)
    const error = await failureOf(readA(at, { env: { PATH: `${bin}:${plainGitEnv['PATH']}` } }))
    expect(error.message).toBe(`cannot fetch ${at.url.text}: fatal: write error: No space left on device`)
    expect(error.hint).toContain('free some space')
    expect(await readA(at)).toBe('struct A {}')
  })
})

function gitPath(): string {
  return execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
}

describe('several processes', () => {
  const source = resolve(import.meta.dirname, '../../../src')
  let script: string

  /** A module of a fetch, and all that it imports, for a Node that knows no TypeScript. */
  beforeAll(() => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    symlinkSync(resolve(source, '../node_modules'), join(folder, 'node_modules'))
    const done = new Set<string>()
    const copy = (path: string): void => {
      if (done.has(path)) return
      done.add(path)
      const text = readFileSync(path, 'utf8')
      for (const [, to = ''] of text.matchAll(/(?:from |import\()'(\.{1,2}\/[^']+\.ts)'/g))
        copy(resolve(dirname(path), to))
      const target = join(folder, relative(source, path).replace(/\.ts$/, '.js'))
      mkdirSync(dirname(target), { recursive: true })
      const compilerOptions = { target: ts.ScriptTarget.ES2022, rewriteRelativeImportExtensions: true }
      writeFileSync(target, ts.transpileModule(text, { compilerOptions }).outputText)
    }
    copy(join(source, 'project/git/open-git-store.ts'))
    copy(join(source, 'project/git/url.ts'))
    const module = (name: string): string => JSON.stringify(pathToFileURL(join(folder, `project/git/${name}.js`)).href)
    script = join(folder, 'fetch.mjs')
    writeFileSync(
      script,
      `import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { openGitStore } from ${module('open-git-store')}
import { parseGitUrl } from ${module('url')}
const [text, ref] = process.argv.slice(2)
let writes = 0
for (const name of ['writeFileSync', 'renameSync']) {
  const real = fs[name]
  fs[name] = (path, content, ...rest) => {
    if (++writes !== Number(process.env.KILL_WRITE)) return real(path, content, ...rest)
    if (name === 'writeFileSync') real(path, content.slice(0, content.length / 2), ...rest)
    process.kill(process.pid, 'SIGKILL')
  }
}
syncBuiltinESMExports()
const store = openGitStore({ env: process.env })
const url = parseGitUrl(text, '/')
const commit = /^[0-9a-f]{40}$/.test(ref) ? ref : (await store.resolve([{ url, ref }]))[0].commit
const [tree] = await store.open([{ url, commit }])
process.stdout.write(Buffer.from(tree.read('a.thrift')))
`,
    )
  })

  function fetching({ cache, url, commit }: Place, env: Record<string, string> = {}, cwd = cache): ChildProcess {
    mkdirSync(cwd, { recursive: true })
    return spawn(process.execPath, [script, url.text, commit], {
      cwd,
      env: { ...plainGitEnv, VOLO_CACHE: cache, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  async function outputOf(child: ChildProcess): Promise<string> {
    const chunks: Buffer[] = []
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(child, 'close')
    return Buffer.concat(chunks).toString('utf8')
  }

  test('do not look at the settings of the repo that they run in', async () => {
    const at = place()
    const cwd = makeRepo(join(at.folder, 'around'))
    cwd.git('config', `url.file://${at.folder}/elsewhere.insteadOf`, at.repo.url)
    expect(await outputOf(fetching({ ...at, commit: 'main' }, {}, cwd.folder))).toBe('struct A {}')
  })

  test('fetch one repo at once, each with the same result', async () => {
    const at = place()
    const outputs = await Promise.all([outputOf(fetching(at)), outputOf(fetching(at)), readA(at), readA(at)])
    expect(outputs).toEqual(Array(4).fill('struct A {}'))
    expect(checkCache({ VOLO_CACHE: at.cache })).toEqual([])
  })

  test('may be killed at every call of git: the next one mends what lies between', async () => {
    const at = place()
    const bin = join(at.folder, 'bin')
    mkdirSync(bin)
    const calls = join(at.folder, 'calls')
    // Kills who called it before, or after, the n-th call of git.
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh
echo x >> '${calls}'
n=$(wc -l < '${calls}')
if [ "$n" = "$KILL_BEFORE" ]; then kill -9 $PPID; exit 1; fi
"${gitPath()}" "$@"
code=$?
if [ "$n" = "$KILL_AFTER" ]; then kill -9 $PPID; fi
exit $code
`,
    )
    chmodSync(join(bin, 'git'), 0o755)
    const PATH = `${bin}:${plainGitEnv['PATH']}`
    let kills = 0
    for (let n = 1; ; n++) {
      rmSync(calls, { force: true })
      const child = fetching(at, { PATH, [n % 2 === 0 ? 'KILL_BEFORE' : 'KILL_AFTER']: String(n) })
      const output = await outputOf(child)
      if (child.signalCode === null) {
        expect(output).toBe('struct A {}')
        break
      }
      kills++
      // Now and then a cold cache, else what the kills before have left.
      if (n % 3 === 0) {
        expect(await readA(at)).toBe('struct A {}')
        rmSync(at.cache, { recursive: true })
      }
    }
    expect(kills).toBeGreaterThan(5)
    expect(await readA(at)).toBe('struct A {}')
  }, 60_000)

  test('may be killed at every write: no record or content is ever half there', async () => {
    const at = place()
    let kills = 0
    for (let n = 1; ; n++) {
      const child = fetching(at, { KILL_WRITE: String(n) })
      const output = await outputOf(child)
      const isRecorded = existsSync(join(repoPlaces(at.cache, at.url).trees, `${at.commit}.json`))
      expect(storeIn(at.cache).has(at)).toBe(isRecorded)
      if (child.signalCode === null) {
        expect(output).toBe('struct A {}')
        break
      }
      kills++
      rmSync(at.cache, { recursive: true, force: true })
    }
    expect(kills).toBeGreaterThan(6)
    expect(checkCache({ VOLO_CACHE: at.cache })).toEqual([])
  }, 60_000)
})

describe('cleaning', () => {
  test('removes everything, and tells before what it would', async () => {
    const at = place()
    await readA(at)
    const env = { VOLO_CACHE: at.cache }
    const before = readCache(env)
    expect(before).toMatchObject({
      folder: at.cache,
      repos: [{ url: at.url.text, commits: [{ commit: at.commit }], inUse: false }],
    })
    expect(before.bytes).toBe(sizeOf(at.cache))
    const planned = await cleanCache({ env, dryRun: true })
    expect(planned).toMatchObject({ repos: [{ url: at.url.text }], commits: 1, bytes: before.bytes, inUse: [] })
    expect(await readA(at, { offline: true })).toBe('struct A {}')
    expect(await cleanCache({ env })).toMatchObject({ commits: 1, bytes: before.bytes, inUse: [] })
    expect(readCache(env)).toEqual({ folder: at.cache, bytes: 0, repos: [] })
    expect((await failureOf(readA(at, { offline: true }))).message).toContain('is not in the cache')
    expect(await readA(at)).toBe('struct A {}')
  })

  test('keeps what was used, and the contents that it needs', async () => {
    const at = place()
    await readA(at)
    const second = at.repo.commit('2', { 'c.thrift': 'struct C {}' })
    await storeIn(at.cache).open([{ url: at.url, commit: second }])
    const old = new Date(Date.now() - 40 * 86_400_000)
    utimesSync(join(repoPlaces(at.cache, at.url).trees, `${second}.json`), old, old)
    const env = { VOLO_CACHE: at.cache }
    const planned = await cleanCache({ env, unusedDays: 30, dryRun: true })
    expect(await cleanCache({ env, unusedDays: 30 })).toEqual(planned)
    expect(planned).toMatchObject({ repos: [], commits: 1 })
    expect(await readA(at, { offline: true })).toBe('struct A {}')
    expect(contents(at.cache)).toHaveLength(2)
  })

  test('leaves a repo alone that another command is fetching', async () => {
    const at = place()
    await readA(at)
    const env = { VOLO_CACHE: at.cache }
    await withWriteLock(repoPlaces(at.cache, at.url).folder, { command: 'volo generate' }, async () => {
      expect(await cleanCache({ env })).toMatchObject({ repos: [], commits: 0, bytes: 0, inUse: [at.url.text] })
    })
    expect(await readA(at, { offline: true })).toBe('struct A {}')
  })

  test('of a cache that is not there does nothing', async () => {
    expect(await cleanCache({ env: { VOLO_CACHE: join(temporaryFolder(), 'none') } })).toMatchObject({
      commits: 0,
      bytes: 0,
    })
  })
})
