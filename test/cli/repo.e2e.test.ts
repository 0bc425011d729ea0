import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, readTree, writeTree } from '../project/temporary-folder.ts'
import { firstIdl, gitWorld } from './git-project.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const thriftOnly = {
  'common/money.thrift': firstIdl['common/money.thrift']!,
  'shop/shop.thrift': firstIdl['shop/shop.thrift']!,
}

describe('volo repo add', () => {
  test('makes the entry that is missing or empty, with the protocol of the IDLs, and locks the repo', async () => {
    for (const before of [undefined, '# mine\nentries:\n  default:\n']) {
      const { volo, project, repo, first } = gitWorld(thriftOnly)
      if (before !== undefined) writeTree(project, { 'volo.yml': before })
      const { code, stdout, stderr } = await volo('repo', 'add', repo.url, '-r', 'main')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain("added    entry 'default' (thrift) to volo.yml")
      expect(stdout).toContain(`added    repo idl ('main', ${first.slice(0, 10)}, 2 IDL files) to entry 'default'`)
      expect(stdout).toContain('volo idl add --repo idl <path>')
      expect(read(project, 'volo.yml')).toContain(
        `  default:\n    protocol: thrift\n    repos:\n      idl:\n        url: ${repo.url}\n`,
      )
      expect(read(project, 'volo.lock')).toContain(first)
      expect(await volo('generate', '--frozen')).toMatchObject({ code: 0 })
    }
  })

  test('of a repo with both kinds of IDL, or none, the protocol has to be said', async () => {
    for (const [files, why] of [
      [firstIdl, 'has both .thrift and .proto files'],
      [{ 'README.md': 'nothing' }, 'has no .thrift or .proto file'],
    ] as const) {
      const { volo, project, repo } = gitWorld(files)
      const { code, stderr } = await volo('repo', 'add', repo.url, '-n', 'idls')
      expect({ code, stderr: stderr.includes(why) }).toEqual({ code: 2, stderr: true })
      expect(listTree(project)).toEqual(['package.json'])
      expect(await volo('repo', 'add', repo.url, '-n', 'idls', '--protocol', 'protobuf')).toMatchObject({ code: 0 })
      expect(read(project, 'volo.yml')).toContain('  idls:\n    protocol: protobuf\n')
      expect(await volo('repo', 'add', repo.url, '-n', 'idls', '--protocol', 'thrift')).toMatchObject({ code: 2 })
    }
  })

  test('the same repo again is the same one; at another ref it is a second one, or with its name moves', async () => {
    const { volo, project, repo, first } = gitWorld(thriftOnly)
    repo.git('tag', 'v1')
    repo.commit('More', { 'more.thrift': '' })
    await volo('repo', 'add', repo.url)
    const before = readTree(project)
    expect((await volo('repo', 'add', repo.url)).stdout).toContain('is listed already, as repo idl')
    expect(readTree(project)).toEqual(before)
    expect(await volo('repo', 'add', repo.url, '-r', 'v1')).toMatchObject({ code: 0 })
    const rows = JSON.parse((await volo('repo', 'list', '--json')).stdout) as object[]
    expect(rows).toMatchObject([
      { entry: 'default', name: 'idl', ref: 'HEAD', idls: [] },
      { entry: 'default', name: 'idl-v1', ref: 'v1', commit: first },
    ])
    expect((await volo('repo', 'add', repo.url, '-r', 'v1', '--name', 'third')).stderr).toContain("as 'idl-v1'")
    expect((await volo('repo', 'add', repo.url, '-r', 'main', '--name', 'idl')).stdout).toContain(
      'moved    repo idl to ',
    )
    expect(read(project, 'volo.yml')).toContain('ref: main\n')
  })

  test('a branch wins over look-alikes', async () => {
    const { volo, project, repo, first } = gitWorld(thriftOnly)
    repo.git('checkout', '--quiet', '-b', 'feature/main')
    repo.commit('Feature', { 'more.thrift': '' })
    repo.git('tag', 'main')
    expect(await volo('repo', 'add', repo.url, '-r', 'main')).toMatchObject({ code: 0, stderr: '' })
    expect(read(project, 'volo.lock')).toContain(first)
  })

  test('two repos with one basename get names of their own', async () => {
    const { volo, home, repo } = gitWorld(thriftOnly)
    repo.git('clone', '--quiet', '--bare', repo.folder, join(home, 'other', 'idl.git'))
    await volo('repo', 'add', repo.url)
    expect(await volo('repo', 'add', join(home, 'other', 'idl.git'))).toMatchObject({ code: 0 })
    const { stdout } = await volo('repo', 'list')
    expect(stdout).toMatch(/^default {2}idl {8}HEAD/m)
    expect(stdout).toMatch(/^default {2}other-idl {2}HEAD {2}[0-9a-f]{10} {2}0 IDLs {2}\//m)
  })

  test('what is no URL, or holds a secret, is refused and written nowhere', async () => {
    const { volo, project } = gitWorld(thriftOnly)
    for (const url of ['ext::sh -c x', 'https://u:secret@example.org/x.git', 'http://example.org/x.git', 'a\nb', '']) {
      const { code, stderr } = await volo('repo', 'add', '--', url)
      expect(code).toBe(2)
      expect(stderr).not.toContain('secret')
    }
    expect((await volo('repo', 'add', '--upload-pack=touch /tmp/x')).code).toBe(2)
    expect((await volo('repo', 'add', '--', '--upload-pack=touch /tmp/x')).stderr).toContain("begins with '-'")
    expect(listTree(project)).toEqual(['package.json'])
    writeTree(project, {
      'volo.yml':
        'entries:\n  default:\n    protocol: thrift\n    repos:\n      x: { url: "https://u:secret@example.org/x.git", ref: main }\n',
    })
    const { code, stderr } = await volo('generate')
    expect(code).toBe(1)
    expect(stderr).toContain('volo.yml:5:17: error[config-value]')
  })
})

describe('volo repo list', () => {
  test('says where there is none', async () => {
    const { volo, project } = gitWorld(thriftOnly)
    writeTree(project, { 'volo.yml': 'entries: {}\n' })
    expect((await volo('repo', 'list')).stdout).toBe('volo.yml lists no git repo; add one with: volo repo add <url>\n')
    expect((await volo('repo', 'list', '--json')).stdout).toBe('[]\n')
    expect((await volo('repo', 'update')).stderr).toContain('volo.yml lists no git repo')
  })
})

describe('volo repo remove', () => {
  test('refuses while an IDL comes from it; with --force that goes too', async () => {
    const { volo, project, repo } = gitWorld(thriftOnly)
    await volo('idl', 'add', '-g', repo.url, 'shop/shop.thrift')
    const before = readTree(project)
    const refused = await volo('repo', 'remove', 'idl')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain("repo 'idl' is used: shop/shop.thrift of entry 'default' come from it")
    expect(readTree(project)).toEqual(before)
    expect((await volo('repo', 'remove', 'ild')).stderr).toContain("did you mean 'idl'?")
    expect(await volo('repo', 'remove', 'idl', '--force')).toMatchObject({ code: 0 })
    expect(listTree(project)).toEqual(['package.json', 'src/handlers/shop.ts', 'volo.yml'])
    expect(read(project, 'volo.yml')).not.toContain('repos')
  })

  test('stays while IDLs of other places include files of it', async () => {
    const { volo, project, repo } = gitWorld(thriftOnly)
    await volo('repo', 'add', repo.url)
    writeTree(project, { 'my.thrift': 'include "common/money.thrift"\nservice My { money.Money worth() }\n' })
    expect(await volo('idl', 'add', 'my.thrift')).toMatchObject({ code: 0, stderr: '' })
    expect(read(project, 'volo.lock')).toContain('common/money.thrift')
    const before = readTree(project)
    const { code, stderr } = await volo('repo', 'remove', 'idl', '--force')
    expect(code).toBe(1)
    expect(stderr).toContain("cannot find 'common/money.thrift'")
    expect(readTree(project)).toEqual(before)
  })
})

describe('volo repo update', () => {
  test('moves the repos that are named', async () => {
    const { volo, project, repo } = gitWorld(thriftOnly)
    await volo('idl', 'add', '-g', repo.url, '-r', 'main', 'shop/shop.thrift')
    const second = repo.commit('Ping', {
      'shop/shop.thrift': firstIdl['shop/shop.thrift']!.replace('}', '  void ping()\n}'),
    })
    const { code, stdout } = await volo('repo', 'update', 'idl')
    expect(code).toBe(0)
    expect(stdout).toContain('extended src/handlers/shop.ts (Shop: ping)')
    expect(read(project, 'volo.lock')).toContain(second)
    expect(read(project, 'volo.yml')).toContain(second)
    writeFileSync(join(project, 'volo.yml'), read(project, 'volo.yml'))
    expect((await volo('repo', 'update', 'idl')).stdout).toContain('idl is up to date')
  })
})
