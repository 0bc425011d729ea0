import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readTree } from '../project/temporary-folder.ts'
import { makeRepo } from '../support/git-repo.ts'
import { firstIdl, gitWorld } from './git-project.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const short = (commit: string): string => commit.slice(0, 10)
const shop = firstIdl['shop/shop.thrift']!
const money = firstIdl['common/money.thrift']!

async function added() {
  const world = gitWorld()
  await world.volo('idl', 'add', '-g', world.repo.url, '-r', 'main', 'shop/shop.thrift')
  return world
}

describe('volo update', () => {
  test('says what moves and what that changes, then locks, generates and completes handlers', async () => {
    const { volo, project, repo, first } = await added()
    repo.commit('Ping the shop', { 'shop/shop.thrift': shop.replace(/}\n$/, '  void ping()\n}\n') })
    const last = repo.commit('A note on money\n\nwith a body', {
      'common/money.thrift': money.replace('}', '  2: optional string note\n}'),
      'other.thrift': 'struct Other {}\n',
    })
    const { code, stdout, stderr } = await volo('update')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(`^idl moves from ${short(first)} to ${short(last)} \\(file://.*idl at 'main'\\)
  ${short(last)} A note on money
  [0-9a-f]{10} Ping the shop
  changed  common/money\\.thrift
  changed  shop/shop\\.thrift
  and 1 other IDL file, which nothing here uses
  changed  struct money\\.Money: compatible
    ok     .*note.*
  changed  service shop\\.Shop: compatible
    ok     .*ping.*
changed  volo\\.lock
changed  volo\\.yml
changed  src/gen/common/money\\.ts
changed  src/gen/shop/shop\\.ts
extended src/handlers/shop\\.ts \\(Shop: ping\\)
$`),
    )
    expect(read(project, 'volo.yml')).toContain(last)
    expect(await volo('generate', '--frozen', '--check')).toMatchObject({ code: 0 })
    expect((await volo('update')).stdout).toContain(`idl is up to date: ${repo.url} at 'main' is ${short(last)}`)
  })

  test('stops at a breaking change and writes nothing, until it is allowed; vanished methods are listed', async () => {
    const { volo, project, repo } = await added()
    repo.commit('Required', {
      'common/money.thrift': money.replace('}', '  2: required string currency\n}'),
      'shop/shop.thrift': shop.replace('total', 'sum'),
    })
    const before = readTree(project)
    const stopped = await volo('update')
    expect(stopped.code).toBe(1)
    expect(stopped.stdout).toContain('struct money.Money: breaks wire compatibility')
    expect(stopped.stdout).toContain('service shop.Shop: breaks wire compatibility')
    expect(stopped.stderr).toContain('nothing was updated, because that would break compatibility')
    expect(readTree(project)).toEqual(before)
    const allowed = await volo('update', '--allow-breaking')
    expect(allowed.code).toBe(0)
    expect(allowed.stderr).toContain("src/handlers/shop.ts: Shop has no method 'total' any more")
    expect(read(project, 'src/handlers/shop.ts')).toContain('sum(')
  })

  test('--dry-run and --check write nothing; --check exits 1 when anything would move', async () => {
    const { volo, project, repo } = await added()
    expect(await volo('update', '--check')).toMatchObject({ code: 0, stderr: '' })
    repo.commit('Ping', { 'shop/shop.thrift': shop.replace(/}\n$/, '  void ping()\n}\n') })
    const before = readTree(project)
    const dry = await volo('update', '--dry-run')
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toContain('would extend  src/handlers/shop.ts (Shop: ping)')
    const check = await volo('update', '--check')
    expect(check).toMatchObject({ code: 1, stderr: 'error: there are changes to update\nhint: run: volo update\n' })
    expect(readTree(project)).toEqual(before)
    repo.commit('A word elsewhere', { 'README.md': 'x' })
    await volo('update')
    repo.commit('Another', { 'README.md': 'y' })
    expect(await volo('update', '--check')).toMatchObject({ code: 1 })
  })

  test('--json says all of it', async () => {
    const { volo, repo, first } = await added()
    const last = repo.commit('Required', {
      'common/money.thrift': money.replace('}', '  2: required string currency\n}'),
    })
    const { stdout, stderr, code } = await volo('update', '--check', '--json')
    expect(code).toBe(1)
    expect(stderr).toContain('they break compatibility\nhint: accept all of it with --allow-breaking')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      breaking: true,
      repos: [
        {
          names: [{ entry: 'default', name: 'idl' }],
          ref: 'main',
          kind: 'branch',
          from: first,
          to: last,
          moved: true,
          forward: true,
          commits: [{ commit: last, subject: 'Required' }],
          files: { added: [], changed: ['common/money.thrift'], removed: [] },
        },
      ],
      changes: [
        {
          name: 'money.Money',
          status: 'changed',
          breaks: 'wire',
          breaking: [{ rule: 'required-field-added', category: 'wire' }],
        },
      ],
      registry: ['volo.lock', 'volo.yml'],
      changed: ['src/gen/common/money.ts'],
    })
  })

  test('a listed IDL that its repo has no longer is told of, and nothing is written', async () => {
    const { volo, project, repo } = await added()
    repo.git('mv', 'shop/shop.thrift', 'shop/shops.thrift')
    repo.git('commit', '--quiet', '--message', 'Shops')
    const before = readTree(project)
    const { code, stderr } = await volo('update')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^volo\.yml:\d+:\d+: error\[file-not-found\]: cannot find 'git:\S+\/shop\/shop\.thrift'$/m)
    expect(stderr).toContain('hint: its repo has no such file at this commit')
    expect(readTree(project)).toEqual(before)
  })

  test('a repo that cannot be reached stops all, with the words of git', async () => {
    const { volo, project, home, repo } = await added()
    const other = makeRepo(join(home, 'other'))
    other.commit('One', { 'user.thrift': 'service User { void hi() }\n' })
    await volo('idl', 'add', '-g', other.url, 'user.thrift')
    repo.commit('Ping', { 'shop/shop.thrift': shop.replace(/}\n$/, '  void ping()\n}\n') })
    renameSync(join(home, 'other'), join(home, 'gone'))
    const before = readTree(project)
    const { code, stdout, stderr } = await volo('update')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(other.url)
    expect(stderr).toContain('does not appear to be a git repository')
    expect(stderr).not.toContain(repo.url)
    expect(readTree(project)).toEqual(before)
    expect(await volo('update', 'idl')).toMatchObject({ code: 0 })
    expect(await volo('generate', '--frozen', '--offline')).toMatchObject({ code: 0 })
  })

  test('a force-pushed branch and a rewritten tag are called that', async () => {
    const { volo, repo } = await added()
    repo.git('checkout', '--quiet', '--orphan', 'fresh')
    repo.commit('All anew', { ...firstIdl, 'shop/shop.thrift': shop.replace(/}\n$/, '  void ping()\n}\n') })
    repo.git('branch', '--force', 'main', 'fresh')
    const forced = await volo('update')
    expect(forced.code).toBe(0)
    expect(forced.stderr).toContain('idl: the new commit does not follow the old one: the branch was force-pushed')
    expect(forced.stdout).toContain('All anew')

    repo.git('tag', 'v1', 'main')
    await volo('idl', 'add', '--repo', 'idl', '-r', 'v1', 'shop/shop.thrift')
    repo.git('checkout', '--quiet', '--orphan', 'again')
    repo.commit('Retagged', firstIdl)
    repo.git('tag', '--force', 'v1')
    const retagged = await volo('update', '--allow-breaking')
    expect(retagged.code).toBe(0)
    expect(retagged.stderr).toContain('the tag was rewritten')
    repo.commit('Onward', { 'README.md': 'x' })
    repo.git('tag', '--force', 'v1')
    expect((await volo('update')).stderr).toMatch(/^warning: idl: the tag was rewritten$/m)
  })

  test('a ref that vanished says so', async () => {
    const { volo, project, repo } = await added()
    repo.git('checkout', '--quiet', '-b', 'other')
    repo.git('branch', '--delete', '--force', 'main')
    const before = readTree(project)
    const { code, stderr } = await volo('update')
    expect(code).toBe(1)
    expect(stderr).toContain("'main'")
    expect(readTree(project)).toEqual(before)
  })

  test('an old commit that nobody has any more cannot be compared with, and needs leave', async () => {
    const { volo, project, repo, home } = await added()
    rmSync(join(home, 'cache'), { recursive: true })
    rmSync(repo.folder, { recursive: true })
    const anew = makeRepo(repo.folder)
    const last = anew.commit('Another history', { ...firstIdl, 'a.thrift': '' })
    const stopped = await volo('update')
    expect(stopped.code).toBe(1)
    expect(stopped.stderr).toContain('the old commit cannot be compared with')
    expect(stopped.stderr).toContain('nothing was updated, because it is unknown what that would break')
    expect(await volo('update', '--allow-breaking')).toMatchObject({ code: 0 })
    expect(read(project, 'volo.lock')).toContain(last)
  })

  test('CI does not freeze it, and names and entries choose', async () => {
    const { voloWith, repo } = await added()
    repo.commit('Nothing', { 'README.md': 'x' })
    expect(await voloWith({ CI: 'true' }, 'update')).toMatchObject({ code: 0 })
    expect(await voloWith({ CI: 'true' }, 'update', 'nope')).toMatchObject({ code: 2 })
    expect((await voloWith({}, 'update', '-n', 'nope')).stderr).toContain("volo.yml has no entry 'nope'")
    expect((await voloWith({}, 'update', 'dil')).stderr).toContain("did you mean 'idl'?")
  })

  test('breaking changes that volo.yml ignores with a reason pass', async () => {
    const { volo, project, repo } = await added()
    repo.commit('Required', { 'common/money.thrift': money.replace('}', '  2: required string currency\n}') })
    const { writeFileSync } = await import('node:fs')
    writeFileSync(
      join(project, 'volo.yml'),
      `${read(project, 'volo.yml')}    typescript:
      breaking:
        ignore:
          - { rule: required-field-added, subject: money.Money.currency, reason: every sender has it }
`,
    )
    const { code, stdout } = await volo('update')
    expect({ code, stdout }).toMatchObject({ code: 0 })
  })
})
