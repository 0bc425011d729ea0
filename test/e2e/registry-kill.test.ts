import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { readTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { type GitRepo, makeRepo, plainGitEnv } from '../support/git-repo.ts'

const bin = join(import.meta.dirname, '../../bin/volo.js')

/** Ends the process with SIGKILL in the middle of its n-th change of a file. */
const killer = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
let changes = 0
for (const name of ['writeFileSync', 'renameSync', 'rmSync']) {
  const real = fs[name]
  fs[name] = (path, content, ...rest) => {
    if (++changes !== Number(process.env.KILL_CHANGE)) return real(path, content, ...rest)
    if (name === 'writeFileSync') real(path, content.slice(0, content.length / 2), ...rest)
    process.kill(process.pid, 'SIGKILL')
  }
}
syncBuiltinESMExports()
`

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly isKilled: boolean
}

interface Project {
  readonly root: string
  readonly repo: GitRepo
  /** The project's folder; it is copied for each try. */
  readonly folder: string
  volo(folder: string, args: readonly string[], killAt?: number): Promise<Ended>
}

async function project(): Promise<Project> {
  const root = temporaryFolder()
  const repo = makeRepo(join(root, 'idl'))
  repo.commit('first', {
    'shop/shop.thrift': 'include "base.thrift"\nservice Shop { base.Item find(1: string id) }\n',
    'shop/base.thrift': 'struct Item { 1: string id }\n',
    'stock.thrift': 'service Stock { i32 count(1: string id) }\n',
  })
  const folder = join(root, 'app')
  writeTree(folder, { 'package.json': '{"type":"module"}\n', 'volo.yml': '# mine\nentries: {}\n' })
  const preload = join(root, 'killer.mjs')
  writeFileSync(preload, killer)
  return {
    root,
    repo,
    folder,
    async volo(cwd, args, killAt) {
      const env = {
        ...plainGitEnv,
        VOLO_CACHE: join(root, 'cache'),
        ...(killAt === undefined
          ? {}
          : { NODE_OPTIONS: `--import=${pathToFileURL(preload)}`, KILL_CHANGE: String(killAt) }),
      }
      const child: ChildProcess = spawn(process.execPath, [bin, ...args], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += String(chunk)))
      const [code, signal] = await once(child, 'close')
      return { code: code as number | null, output, isKilled: signal === 'SIGKILL' }
    },
  }
}

/** The files that count: what only remembers, or waits to be swept, does not. */
function filesOf(folder: string): Record<string, string> {
  const kept = Object.entries(readTree(folder)).filter(([path]) => !path.startsWith('node_modules/'))
  return Object.fromEntries(kept.filter(([path]) => path !== '.volo.pid'))
}

/** Kills a command at each of its changes, and runs it again. */
async function killEverywhere(at: Project, args: readonly string[]): Promise<void> {
  const url = join(at.root, 'work')
  const start = (): void => {
    rmSync(url, { recursive: true, force: true })
    cpSync(at.folder, url, { recursive: true })
  }
  const before = filesOf(at.folder)
  start()
  const whole = await at.volo(url, args)
  expect(whole.output).not.toContain('error')
  expect(whole.code).toBe(0)
  const after = filesOf(url)
  let kills = 0
  for (let n = 1; ; n++) {
    start()
    const run = await at.volo(url, args, n)
    if (!run.isKilled) {
      expect(run).toMatchObject({ code: 0 })
      break
    }
    kills++
    for (const [path, text] of Object.entries(filesOf(url))) {
      if (path.endsWith('.tmp')) continue
      expect([before[path], after[path]], `${path} after ${n} changes`).toContain(text)
    }
    const again = await at.volo(url, args)
    expect(again.output, `after ${n} changes`).not.toContain('error')
    expect(filesOf(url), `after ${n} changes`).toEqual(after)
    expect(existsSync(join(url, '.volo.pid'))).toBe(false)
  }
  expect(kills).toBeGreaterThan(8)
}

test('volo idl add may be killed at every change of a file: each is old or new, and the next run ends what was begun', async () => {
  const at = await project()
  await killEverywhere(at, ['idl', 'add', '-g', '../idl', 'shop/shop.thrift'])
})

test('volo update may be killed at every change of a file, with vendored copies too', async () => {
  const at = await project()
  expect(await at.volo(at.folder, ['idl', 'add', '-g', '../idl', 'shop/shop.thrift'])).toMatchObject({ code: 0 })
  expect(await at.volo(at.folder, ['vendor'])).toMatchObject({ code: 0 })
  at.repo.commit('second', {
    'shop/shop.thrift':
      'include "base.thrift"\ninclude "kit.thrift"\nservice Shop { base.Item find(1: string id), kit.Kit kit() }\n',
    'shop/kit.thrift': 'struct Kit {}\n',
    'shop/base.thrift': 'struct Item { 1: string id, 2: string name }\n',
  })
  await killEverywhere(at, ['update', '--allow-breaking'])
})

test('two updates at once: both end well, with the result of one', async () => {
  const at = await project()
  expect(await at.volo(at.folder, ['idl', 'add', '-g', '../idl', 'shop/shop.thrift'])).toMatchObject({ code: 0 })
  const commit = at.repo.commit('second', { 'shop/base.thrift': 'struct Item { 1: string id, 2: string name }\n' })
  const runs = await Promise.all([
    at.volo(at.folder, ['update']),
    at.volo(at.folder, ['update']),
    at.volo(at.folder, ['idl', 'add', '--repo', 'idl', 'stock.thrift']),
  ])
  expect(runs).toMatchObject([{ code: 0 }, { code: 0 }, { code: 0 }])
  for (const name of ['volo.yml', 'volo.lock']) expect(readFileSync(join(at.folder, name), 'utf8')).toContain(commit)
  expect(readFileSync(join(at.folder, 'volo.yml'), 'utf8')).toContain('stock.thrift')
  expect(await at.volo(at.folder, ['generate', '--check', '--frozen'])).toMatchObject({ code: 0 })
})
