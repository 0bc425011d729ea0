import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo, type VoloRun } from './run-volo.ts'

const shop = `include "common.thrift"
struct Cart {
  1: i64 id
  2: optional string note
  3: common.Money total
}
service Shop {
  Cart get(1: i64 id)
  void clear()
}
`
const config = `entries:
  default:
    protocol: thrift
    services:
      - idl: { source: local, path: idl/shop.thrift }
`
const start = { 'volo.yml': config, 'idl/shop.thrift': shop, 'idl/common.thrift': 'struct Money { 1: i64 cents }\n' }

function git(folder: string, ...args: readonly string[]): string {
  const settings = ['user.name=a', 'user.email=a@example.com', 'init.defaultBranch=main', 'commit.gpgsign=false']
  const all = [...settings.flatMap((one) => ['-c', one]), ...args]
  return execFileSync('git', all, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** A repository with one commit of a project; `inside` is where in it the project stands. */
function repository(inside = '.', files: Readonly<Record<string, string>> = start): string {
  const root = temporaryFolder()
  git(root, 'init', '-q')
  const folder = join(root, inside)
  mkdirSync(folder, { recursive: true })
  writeTree(folder, files)
  git(root, 'add', '.')
  git(root, 'commit', '-qm', 'one')
  return folder
}

function edit(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}

/** The rules that a run reported. */
function rulesOf({ stderr }: VoloRun): string[] {
  return [...stderr.matchAll(/: (?:error|warning)\[([\w-]+)\]/g)].map((match) => match[1]!)
}

describe('volo breaking', () => {
  test('exits 0 and says so where nothing breaks, and writes nothing', async () => {
    const folder = repository()
    edit(folder, 'idl/shop.thrift', '  3: common', '  4: optional string tag\n  3: common')
    const before = listTree(folder)
    const status = git(folder, 'status', '--porcelain')
    expect(await runVolo(folder, ['breaking', '--verbose'])).toEqual({
      code: 0,
      stdout: "allowed  struct shop.Cart: field 'tag' is new\nCompared 1 file with HEAD: nothing breaks.\n",
      stderr: '',
    })
    expect(listTree(folder)).toEqual(before)
    expect(git(folder, 'status', '--porcelain')).toBe(status)
  })

  test('exits 1 and shows where something is and where it was, in the file and in the commit', async () => {
    const folder = repository()
    edit(folder, 'idl/common.thrift', 'i64 cents', 'i32 cents')
    const run = await runVolo(folder, ['breaking', '--against', 'main'])
    expect(run.code).toBe(1)
    expect(run.stdout).toBe('Compared 1 file with main: 1 breaks wire.\n')
    expect(
      run.stderr,
    ).toBe(`idl/common.thrift:1:19: error[field-wire-type-changed]: field 'cents' of struct 'Money' has type 'i32'; it was 'i64' (breaks wire)
  |
1 | struct Money { 1: i32 cents }
  |                   ^^^
main:idl/common.thrift:1:19: note: it was here
  |
1 | struct Money { 1: i64 cents }
  |                   ^^^
hint: keep the old field and add a new one with its own id

1 error
`)
  })

  test('takes a branch, a tag, the beginning of a commit and what git understands, from any folder of the repository', async () => {
    const folder = repository('services/shop')
    git(folder, 'tag', 'v1')
    edit(folder, 'idl/shop.thrift', '  void clear()\n', '')
    git(folder, 'commit', '-qam', 'two')
    const commit = git(folder, 'rev-parse', 'HEAD~1').slice(0, 8)
    for (const ref of ['v1', 'HEAD~1', commit, 'refs/tags/v1']) {
      for (const from of ['.', 'idl']) {
        const run = await runVolo(join(folder, from), ['breaking', '--against', ref])
        expect(rulesOf(run)).toEqual(['method-removed'])
        expect(run.stderr).toContain(`${ref}:services/shop/idl/shop.thrift:9:8: note: it was here`)
      }
    }
    expect((await runVolo(folder, ['breaking'])).code).toBe(0)
  })

  test('compares what volo.yml listed then with what it lists now', async () => {
    const folder = repository()
    writeTree(folder, { 'idl/stock.thrift': 'service Stock { void count() }\n' })
    edit(folder, 'volo.yml', 'idl/shop.thrift', 'idl/stock.thrift')
    rmSync(join(folder, 'idl/shop.thrift'))
    const run = await runVolo(folder, ['breaking', '--json'])
    const { files, added, changes } = JSON.parse(run.stdout) as {
      files: string[]
      added: string[]
      changes: { rule: string; category: string; subject: string; file: string; line: number }[]
    }
    expect(run.code).toBe(1)
    expect(files).toEqual(['idl/shop.thrift'])
    expect(added).toEqual(['idl/stock.thrift'])
    expect(changes.map(({ rule, category, subject }) => [rule, category, subject])).toEqual([
      ['file-removed', 'source', 'shop.thrift'],
      ['message-removed', 'source', 'shop.Cart'],
      ['service-removed', 'wire', 'shop.Shop'],
    ])
    expect(changes[2]).toMatchObject({ file: 'HEAD:idl/shop.thrift', line: 7 })
  })

  test('compares with a folder that holds the project, or only its IDLs, or with one file', async () => {
    const folder = temporaryFolder()
    writeTree(join(folder, 'now'), start)
    cpSync(join(folder, 'now'), join(folder, 'old'), { recursive: true })
    cpSync(join(folder, 'now/idl'), join(folder, 'flat'), { recursive: true })
    edit(join(folder, 'now'), 'idl/shop.thrift', '1: i64 id\n', '1: i32 id\n')
    edit(join(folder, 'now'), 'idl/common.thrift', '1: i64', '2: i64')
    for (const against of ['../old', '../flat', '../flat/shop.thrift', join(folder, 'old')]) {
      const run = await runVolo(join(folder, 'now'), ['breaking', '--against', against])
      expect(rulesOf(run).sort()).toEqual(['field-id-changed', 'field-wire-type-changed'])
    }
    const run = await runVolo(join(folder, 'now/idl'), ['breaking', '--against', '../../flat', 'shop.thrift'])
    expect(rulesOf(run)).toHaveLength(2)
    expect(run.stderr).toContain('../../flat/shop.thrift:3:6: note')
  })

  test('compares protobuf files with their import root', async () => {
    const folder = temporaryFolder()
    const money = 'syntax = "proto3";\npackage acme;\nmessage Money {\n  int64 cents = 1;\n}\n'
    const cart =
      'syntax = "proto3";\npackage acme;\nimport "acme/money.proto";\nmessage Cart {\n  Money total = 1;\n}\n'
    writeTree(join(folder, 'old'), { 'proto/acme/money.proto': money, 'proto/acme/cart.proto': cart })
    cpSync(join(folder, 'old'), join(folder, 'now'), { recursive: true })
    edit(join(folder, 'now'), 'proto/acme/money.proto', 'int64', 'uint64')
    const args = ['breaking', '--against', '../old', '-i', 'proto', 'proto/**/*.proto']
    expect(rulesOf(await runVolo(join(folder, 'now'), args))).toEqual(['field-type-changed'])
    expect((await runVolo(join(folder, 'now'), [...args, '--category', 'json'])).code).toBe(0)
  })

  test('leaves out what a category does not count, and what volo.yml ignores with a reason', async () => {
    const folder = repository()
    edit(folder, 'idl/shop.thrift', '  2: optional string note\n', '')
    edit(folder, 'idl/shop.thrift', '  void clear()\n', '')
    expect(rulesOf(await runVolo(folder, ['breaking']))).toEqual(['field-removed', 'method-removed'])
    expect(rulesOf(await runVolo(folder, ['breaking', '--category', 'wire']))).toEqual(['method-removed'])
    const ignore = (rule: string, more: string): void =>
      writeFileSync(
        join(folder, 'volo.yml'),
        `${config}    typescript:\n      breaking:\n        category: json\n        ignore:\n          - rule: ${rule}\n            reason: gone for good\n${more}`,
      )
    ignore('method-removed', '            subject: shop.Shop.*\n            path: idl/**\n')
    expect(await runVolo(folder, ['breaking'])).toEqual({
      code: 0,
      stdout: 'Compared 1 file with HEAD: nothing breaks (1 change ignored).\n',
      stderr: '',
    })
    expect((await runVolo(folder, ['breaking', 'idl/shop.thrift', '--category', 'wire'])).code).toBe(0)
    expect(rulesOf(await runVolo(folder, ['breaking', '--category', 'source']))).toEqual(['field-removed'])
    ignore('method-removed', '            subject: shop.Other\n')
    const unused = await runVolo(folder, ['breaking'])
    expect([unused.code, rulesOf(unused)]).toEqual([1, ['unused-ignore', 'method-removed']])
    expect(unused.stderr).toContain(
      "volo.yml:10:13: warning[unused-ignore]: nothing breaks 'method-removed' of 'shop.Other'",
    )
    ignore('method-removd', '')
    const unknown = await runVolo(folder, ['breaking'])
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toContain("hint: did you mean 'method-removed'?")
    ignore('method-removed', '            because: x\n')
    expect((await runVolo(folder, ['breaking'])).stderr).toContain("unknown key 'because'")
    writeFileSync(
      join(folder, 'volo.yml'),
      `${config}    typescript: { breaking: { ignore: [{ rule: method-removed }] } }\n`,
    )
    expect((await runVolo(folder, ['breaking'])).stderr).toContain("has no 'reason'")
  })

  test('follows symbolic links of the commit, and says where a submodule is in the way', async () => {
    const folder = repository('project', {
      'shared/common.thrift': 'struct Money { 1: i64 cents }\n',
      'shared/real.thrift': shop,
      'volo.yml': config,
    })
    symlinkSync('shared', join(folder, 'idl'))
    symlinkSync('real.thrift', join(folder, 'shared/shop.thrift'))
    git(folder, 'add', '.')
    git(folder, 'commit', '-qm', 'links')
    edit(folder, 'shared/real.thrift', '  void clear()\n', '')
    expect(rulesOf(await runVolo(folder, ['breaking']))).toEqual(['method-removed'])

    const outer = temporaryFolder()
    git(outer, 'init', '-q')
    git(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(folder, '..'), 'sub')
    git(outer, 'commit', '-qm', 'sub')
    const run = await runVolo(outer, ['breaking', 'sub/project/shared/real.thrift'])
    expect(run.code).toBe(1)
    expect(run.stderr).toContain(
      'sub/project/shared/real.thrift lies in the submodule sub, which HEAD holds only a commit of',
    )
  })

  test('says that a repository without a commit has none', async () => {
    const folder = temporaryFolder()
    git(folder, 'init', '-q')
    writeTree(folder, start)
    const run = await runVolo(folder, ['breaking'])
    expect([run.code, run.stderr]).toEqual([
      2,
      "error: 'HEAD' is no ref of this repository, and no path\nhint: it has no commit yet\n",
    ])
  })

  test('says which version has errors, and where', async () => {
    const folder = repository('.', { ...start, 'idl/shop.thrift': 'struct Cart { 1: Missing id }\n' })
    writeTree(folder, { 'idl/shop.thrift': shop })
    const run = await runVolo(folder, ['breaking'])
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('HEAD:idl/shop.thrift:1:18: error[unknown-type]')
    expect(run.stdout).toBe('')
  })

  test.each([
    [['--against', 'mian'], "'mian' is no ref of this repository, and no path\nhint: did you mean 'main'?"],
    [['--against', './nowhere'], 'there is no ./nowhere'],
    [['--against', '--upload-pack=x'], "'--upload-pack=x' is no ref of this repository, and no path"],
    [['--category', 'wier'], "there is no category 'wier'\nhint: the categories are wire, json, source"],
    [['-n', 'other'], "volo.yml has no entry 'other'\nhint: its entries: default"],
    [['idl/shop.thrift', '--against', 'lock'], 'files and --against lock exclude each other'],
    [['idl/*.thrift', '--against', 'idl/shop.thrift'], 'idl/shop.thrift is one file, and 2 are compared with it'],
  ])('refuses %j', async (args, message) => {
    const run = await runVolo(repository(), ['breaking', ...args])
    expect(run.code).toBe(2)
    expect(run.stderr).toContain(message)
  })

  test('asks for a path where there is no repository, and for a decision where a name is both', async () => {
    const folder = temporaryFolder()
    writeTree(folder, start)
    const alone = await runVolo(folder, ['breaking'], { env: { GIT_CEILING_DIRECTORIES: join(folder, '..') } })
    expect([alone.code, alone.stderr]).toEqual([
      2,
      'error: . lies in no git repository, and there is no path HEAD\nhint: give a folder or file with the older IDLs: --against ../released\n',
    ])
    const both = repository()
    mkdirSync(join(both, 'main'))
    expect((await runVolo(both, ['breaking', '--against', 'main'])).stderr).toContain('main is a path and a ref')
    expect((await runVolo(both, ['breaking', '--against', 'refs/heads/main'])).code).toBe(0)
  })
})

describe('volo breaking and git sources', () => {
  /** A repo of IDLs with two commits, and a project that has locked the first. */
  async function project(): Promise<{ readonly folder: string; readonly env: Readonly<Record<string, string>> }> {
    const source = repository('.', { 'shop.thrift': 'service Shop {\n  void add()\n  void clear()\n}\n' })
    const folder = repository('.', { 'package.json': '{ "name": "p", "type": "module" }\n', 'volo.yml': 'entries:\n' })
    const env = { VOLO_CACHE: temporaryFolder() }
    const added = await runVolo(folder, ['idl', 'add', '-g', `file://${source}`, '-r', 'main', 'shop.thrift'], { env })
    expect(added.stderr).toBe('')
    expect(added.code).toBe(0)
    edit(source, 'shop.thrift', '  void clear()\n', '')
    git(source, 'commit', '-qam', 'two')
    return { folder, env }
  }

  test('--against lock compares what is locked with what the refs point at now', async () => {
    const { folder, env } = await project()
    const run = await runVolo(folder, ['breaking', '--against', 'lock'], { env })
    expect(run.code).toBe(1)
    expect(rulesOf(run)).toEqual(['method-removed'])
    expect(run.stderr).toMatch(/^git:\S+shop\.thrift@[0-9a-f]{10}:3:8: note: it was here$/m)
  })

  test('a ref of the project is compared with the commits that its volo.lock held', async () => {
    const { folder, env } = await project()
    git(folder, 'add', '.')
    git(folder, 'commit', '-qm', 'locked')
    expect((await runVolo(folder, ['breaking'], { env })).code).toBe(0)
    expect((await runVolo(folder, ['update', '--allow-breaking'], { env })).code).toBe(0)
    const run = await runVolo(folder, ['breaking'], { env })
    expect(rulesOf(run)).toEqual(['method-removed'])
  })

  test('without git sources there is no lock to compare with', async () => {
    const run = await runVolo(repository(), ['breaking', '--against', 'lock'])
    expect([run.code, run.stderr.split('\n')[0]]).toEqual([
      1,
      'error: volo.yml has no git sources, so volo.lock locks nothing to compare with',
    ])
  })
})
