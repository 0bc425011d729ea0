import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { type GitRepo, makeRepo, plainGitEnv } from '../support/git-repo.ts'
import { runVolo, type VoloRun } from './run-volo.ts'

interface Project {
  readonly root: string
  readonly folder: string
  readonly repo: GitRepo
  volo(...args: string[]): Promise<VoloRun>
  /** The same, with an empty cache and no git. */
  elsewhere(...args: string[]): Promise<VoloRun>
}

async function project(): Promise<Project> {
  const root = temporaryFolder()
  const repo = makeRepo(join(root, 'idl'))
  repo.commit('first', {
    'shop/shop.thrift': 'include "base.thrift"\nservice Shop { base.Item find(1: string id) }\n',
    'shop/base.thrift': 'struct Item { 1: string id }\n',
    'unused.thrift': 'struct Unused {}\n',
  })
  const folder = join(root, 'app')
  writeTree(folder, { 'package.json': '{"type":"module"}\n', 'volo.yml': 'entries: {}\n' })
  const env = { ...plainGitEnv, VOLO_CACHE: join(root, 'cache') }
  const one: Project = {
    root,
    folder,
    repo,
    volo: (...args) => runVolo(folder, args, { env }),
    elsewhere: (...args) => runVolo(folder, args, { env: { VOLO_CACHE: join(root, 'none'), PATH: '', HOME: root } }),
  }
  const added = await one.volo('idl', 'add', '-g', '../idl', 'shop/shop.thrift')
  expect(added.stderr).toBe('')
  expect(added.code).toBe(0)
  return one
}

/** The vendored files, as JSON of the command names them. */
async function vendor(at: Project): Promise<string[]> {
  const { stdout } = await at.volo('vendor', '--json')
  return (JSON.parse(stdout) as { written: string[] }).written
}

test('copies the locked IDLs, from which code is generated without git and without a cache', async () => {
  const at = await project()
  const planned = await at.volo('vendor', '--dry-run', '--json')
  const written = await vendor(at)
  expect(JSON.parse(planned.stdout)).toMatchObject({ ok: true, written })
  expect(written).toEqual([
    expect.stringMatching(/^vendor\/idl\/local\/idl-[0-9a-f]{6}@HEAD\/shop\/base\.thrift$/),
    expect.stringMatching(/^vendor\/idl\/local\/idl-[0-9a-f]{6}@HEAD\/shop\/shop\.thrift$/),
  ])
  rmSync(at.repo.folder, { recursive: true })
  rmSync(join(at.folder, 'src/gen'), { recursive: true })
  expect(await at.elsewhere('generate', '--frozen')).toMatchObject({ code: 0, stderr: '' })
  expect(existsSync(join(at.folder, 'src/gen'))).toBe(true)
  expect(await at.elsewhere('vendor', '--check')).toMatchObject({
    code: 0,
    stdout: '2 vendored files are up to date\n',
  })
})

test('names a copy that was edited or is missing, and mends it', async () => {
  const at = await project()
  mkdirSync(join(at.folder, 'node_modules'))
  const [base, shop] = await vendor(at)
  // What there was to do is remembered below node_modules.
  for (let n = 0; n < 2; n++) expect(await at.elsewhere('generate')).toMatchObject({ code: 0, stderr: '' })
  const text = readFileSync(join(at.folder, shop!), 'utf8')
  appendFileSync(join(at.folder, shop!), '// edited\n')
  const edited = await at.elsewhere('generate', '--frozen')
  expect(edited.code).toBe(1)
  expect(edited.stderr).toContain(`the vendored file ${shop} is not what volo.lock says`)
  expect(await at.volo('vendor', '--check')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('run: volo vendor'),
  })
  expect(await at.volo('generate')).toMatchObject({ code: 0 })
  expect(readFileSync(join(at.folder, shop!), 'utf8')).toBe(text)
  appendFileSync(join(at.folder, shop!), '// edited\n')
  rmSync(join(at.folder, base!))
  expect(await vendor(at)).toEqual([base, shop])
  expect(readFileSync(join(at.folder, shop!), 'utf8')).toBe(text)
  rmSync(join(at.folder, base!))
  const missing = await at.elsewhere('generate', '--frozen')
  expect(`${missing.code} ${missing.stderr}`).toContain(`the vendored file ${base} is missing`)
})

test('the copies follow the lock when an update moves it, and nothing stale stays', async () => {
  const at = await project()
  const [base, shop] = await vendor(at)
  at.repo.commit('second', {
    'shop/shop.thrift': 'include "kit.thrift"\nservice Shop { kit.Item find(1: string id) }\n',
    'shop/kit.thrift': 'struct Item { 1: string id }\n',
  })
  const updated = await at.volo('update', '--allow-breaking')
  expect(updated.stderr).toBe('')
  expect(readFileSync(join(at.folder, shop!), 'utf8')).toContain('kit.Item')
  expect(existsSync(join(at.folder, base!))).toBe(false)
  expect(await at.volo('vendor', '--check')).toMatchObject({ code: 0 })
})

test('the copies go with --remove, and IDLs come from git again', async () => {
  const at = await project()
  await vendor(at)
  expect(await at.volo('vendor', '--remove')).toMatchObject({ code: 0, stderr: '' })
  expect(existsSync(join(at.folder, 'vendor/idl'))).toBe(false)
  expect(await at.volo('generate', '--check')).toMatchObject({ code: 0 })
})

test('files that somebody puts beside the copies stay', async () => {
  const at = await project()
  await vendor(at)
  const own = { 'vendor/idl/README.md': 'ours\n', 'vendor/idl/local/mine.thrift': 'struct Mine {}\n' }
  writeTree(at.folder, own)
  expect((await at.volo('generate')).code).toBe(0)
  expect(await at.volo('vendor', '--check')).toMatchObject({ code: 0 })
  await at.volo('vendor', '--remove')
  for (const [path, text] of Object.entries(own)) expect(readFileSync(join(at.folder, path), 'utf8')).toBe(text)
})

test('a folder that somebody else has made is left alone', async () => {
  const at = await project()
  writeTree(at.folder, { 'vendor/idl/mine.thrift': 'mine' })
  const { code, stderr } = await at.volo('vendor')
  expect(code).toBe(1)
  expect(stderr).toContain('vendor/idl exists, and volo did not make it')
  expect(readFileSync(join(at.folder, 'vendor/idl/mine.thrift'), 'utf8')).toBe('mine')
})

test('files that differ only in case are refused, since some disks hold one of them', async () => {
  const at = await project()
  at.repo.commit('case', {
    'Shop/Base.thrift': 'struct Other {}\n',
    'shop/Shop.thrift': 'include "../Shop/Base.thrift"\n',
  })
  await at.volo('update')
  const added = await at.volo('idl', 'add', '--repo', 'idl', 'shop/Shop.thrift')
  expect(added.stderr).toBe('')
  const { code, stderr } = await at.volo('vendor')
  expect(stderr).toContain('differs from another file of it only in case')
  expect(code).toBe(1)
  expect(existsSync(join(at.folder, 'vendor'))).toBe(false)
})

test('volo.yml and volo.lock that differ are said to, and nothing is copied', async () => {
  const at = await project()
  renameSync(join(at.folder, 'volo.lock'), join(at.folder, 'kept'))
  const { code, stderr } = await at.volo('vendor')
  expect(code).toBe(1)
  expect(stderr).toContain('run: volo generate')
  expect(existsSync(join(at.folder, 'vendor'))).toBe(false)
})

test('the cache is listed and cleaned', async () => {
  const at = await project()
  const listed = await at.volo('cache', 'list')
  expect(listed.stdout).toMatch(/^ *[\d.]+ kB +1 commit +\d{4}-\d\d-\d\d +\.\.\/idl\n *[\d.]+ kB {2}in .*cache\n$/)
  const planned = await at.volo('cache', 'clean', '--dry-run', '--json')
  expect(JSON.parse(planned.stdout)).toMatchObject({ commits: 1, inUse: [] })
  expect(await at.volo('cache', 'clean', '--unused', '1')).toMatchObject({
    stdout: expect.stringContaining('removed 0 commits, 0 B'),
  })
  expect(await at.volo('cache', 'clean')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^removed {2}\.\.\/idl\nremoved 1 commit, /),
  })
  expect(await at.volo('cache', 'clean', '--unused', 'x')).toMatchObject({ code: 2 })
  rmSync(join(at.folder, 'src/gen'), { recursive: true })
  expect(await at.volo('generate', '--offline')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not in the cache'),
  })
  expect(await at.volo('generate')).toMatchObject({ code: 0 })
})
