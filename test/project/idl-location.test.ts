import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/project/config/config.ts'
import { boundaryOf, idlLocations } from '../../src/project/idl-location.ts'

const locations = (text: string, cwd = '/work/app') => {
  const config = parseConfig(text, '/work/app/volo.yml', 'volo.yml')
  expect(config.diagnostics).toEqual([])
  return idlLocations(config, cwd)
}

const paths = (text: string): string[] =>
  locations(text).mounts.map(({ entry, name, path }) => `${entry}.${name} ${path}`)

describe('the locations of IDLs', () => {
  test('repos lie by host and path, however their URL is written', () => {
    expect(
      paths(`entries:
  a:
    protocol: thrift
    repos:
      https: { url: "https://Git.Example.org:8443/acme/idl.git", ref: main }
      scp: { url: "git@example.org:acme/deep/idl.git", ref: main }
      ssh: { url: "ssh://git@example.org:2222/~ada/idl", ref: main }
      file: { url: "file:///srv/git/idl.git", ref: main }
      local: { url: "../shared", ref: main }
`),
    ).toEqual([
      'a.https git:/git.example.org_8443/acme/idl',
      'a.scp git:/example.org/acme/deep/idl',
      'a.ssh git:/example.org_2222/~ada/idl',
      'a.file git:/file/git/idl',
      'a.local git:/file/work/shared',
    ])
  })

  test('a second ref has its ref in the name, and an entry that differs has a space of its own', () => {
    expect(
      paths(`entries:
  a:
    protocol: thrift
    repos:
      one: { url: "https://h.org/x.git", ref: main }
      two: { url: "https://h.org/x.git", ref: feature/b }
      same: { url: "https://h.org/x.git", ref: main }
  b:
    protocol: protobuf
    repos: { x: { url: "https://h.org/x.git", ref: main }, y: { url: "https://h.org/y.git", ref: main } }
  c:
    protocol: thrift
    repos: { x: { url: "https://h.org/x.git", ref: v1 }, y: { url: "https://h.org/y.git", ref: main } }
`),
    ).toEqual([
      'a.one git:/h.org/x',
      'a.two git:/h.org/x@feature_b',
      'a.same git:/h.org/x',
      'b.x git:/h.org/x',
      'b.y git:/h.org/y',
      'c.x git:c/h.org/x',
      'c.y git:c/h.org/y',
    ])
  })

  test('paths and include folders of a git IDL start at the root of its repo and do not leave it', () => {
    const found = locations(
      `entries:
  a:
    protocol: thrift
    repos: { x: { url: "https://h.org/acme/x.git", ref: main } }
    services:
      - idl: { source: git, repo: x, path: /shop/./shop.thrift, includes: [shop, ., ../../secret] }
      - idl: { source: local, path: idl/a.thrift, includes: [idl, /opt/idl] }
`,
      '/work',
    )
    const idl = { source: 'git', repo: 'x', path: '' } as const
    expect(found.pathOf('a', { ...idl, path: '/shop/./shop.thrift' })).toBe('git:/h.org/acme/x/shop/shop.thrift')
    expect(found.inRepo(found.pathOf('a', { ...idl, path: '../y/z.thrift' }))).toBeUndefined()
    expect(found.inRepo('git:/h.org/acme/x/shop/shop.thrift')).toMatchObject({
      path: 'shop/shop.thrift',
      mount: { name: 'x' },
    })
    expect(found.pathOf('a', { source: 'local', path: 'idl/a.thrift' })).toBe('app/idl/a.thrift')
    expect(found.rootsOf('a')).toEqual([
      'git:/h.org/acme/x/shop',
      'git:/h.org/acme/x',
      'git:/h.org/acme',
      'app/idl',
      '../opt/idl',
      'git:/h.org/acme/x',
    ])
  })

  test('what lies in git is bounded by its space', () => {
    expect(boundaryOf('git:/h.org/x/a.thrift')).toBe('git:')
    expect(boundaryOf('git:c/h.org/x/a.thrift')).toBe('git:c')
    for (const path of ['idl/a.thrift', '/git:/a.thrift', 'git/a.thrift', 'git:a.thrift'])
      expect(boundaryOf(path)).toBeUndefined()
  })
})
