import { describe, expect, test } from 'vitest'
import { followLinks } from '../../../src/project/git/symbolic-link.ts'

const links = new Map([
  ['idl/a.thrift', '../shared/./a.thrift'],
  ['linked', 'shared'],
  ['shared/deep', '../idl//x'],
  ['up', '../a'],
  ['root', '/etc/passwd'],
  ['drive', 'C:\\a'],
  ['loop', 'loop'],
  ['out', '..'],
])

describe('links of a tree', () => {
  test.each([
    ['plain.thrift', 'plain.thrift'],
    ['idl/a.thrift', 'shared/a.thrift'],
    ['linked/a.thrift', 'shared/a.thrift'],
    ['linked/deep/b', 'idl/x/b'],
    ['a/../linked/./a', 'shared/a'],
  ])('%s stands for %s', (path, expected) => {
    expect(followLinks(links, path)).toBe(expected)
  })

  test.each([
    ['up', 'leads out'],
    ['root', 'leads out'],
    ['drive', 'leads out'],
    ['out/a', 'leads out'],
    ['../a', 'leads out'],
    ['loop', 'is part of a cycle'],
  ])('%s stands for nothing, and why is said', (path, reason) => {
    expect(followLinks(links, path)).toEqual({ reason: expect.stringContaining(reason) })
  })

  test('a target of millions of parts is refused, and one that doubles with every step ends', () => {
    const long = new Map([['a.thrift', 'a/'.repeat(4_000_000)]])
    expect(followLinks(long, 'a.thrift')).toEqual({ reason: expect.stringContaining('too long') })
    const doubling = new Map(Array.from({ length: 30 }, (_, i) => [`l${i}`, `l${i + 1}/../l${i + 1}`]))
    expect(followLinks(doubling, 'l0')).toHaveProperty('reason')
  })
})
