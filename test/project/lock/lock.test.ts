import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'
import { type LockedRepo, printLock } from '../../../src/project/lock/lock.ts'
import { parseLock } from '../../../src/project/lock/lock-reader.ts'

const commit = 'a'.repeat(40)
const digits = '1234567890'.repeat(4)
const sha = 'b'.repeat(64)

const read = (text: string) => parseLock(text, '/p/volo.lock', 'volo.lock')
const shown = (text: string): string =>
  read(text)
    .diagnostics.map((one) => renderDiagnostic(one))
    .join('\n')

describe('the text of volo.lock', () => {
  test('says what it is, one fact a line, sorted', () => {
    expect(
      printLock({
        repos: [
          { url: 'https://b.org/x.git', ref: 'main', commit: digits, files: {} },
          { url: 'https://a.org/x.git', ref: 'v2', commit, files: { 'b.thrift': sha, 'a b/#c.thrift': sha } },
          { url: 'https://a.org/x.git', ref: 'main', commit, files: { 'a.thrift': digits.slice(0, 32).repeat(2) } },
        ],
      }),
    ).toBe(`# The commit that each git repo of volo.yml stands at, and the sha256 of every IDL file used from it.
# Written by volo: check it in, and leave edits to: volo update
# After a merge conflict keep either side of each line, then run: volo generate
version: 1
repos:
  - url: https://a.org/x.git
    ref: main
    commit: ${commit}
    files:
      a.thrift: "${digits.slice(0, 32).repeat(2)}"
  - url: https://a.org/x.git
    ref: v2
    commit: ${commit}
    files:
      a b/#c.thrift: ${sha}
      b.thrift: ${sha}
  - url: https://b.org/x.git
    ref: main
    commit: "${digits}"
    files: {}
`)
  })

  test('any lock comes back as it was, whatever its order, and prints the same again', () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => /^[^/\p{C}]+$/u.test(text) && text !== '..')
    const repo: fc.Arbitrary<LockedRepo> = fc.record({
      url: name,
      ref: name,
      commit: hex(40),
      files: fc.dictionary(
        name.filter((one) => one !== '__proto__'),
        hex(64),
        { noNullPrototype: true },
      ),
    })
    fc.assert(
      fc.property(fc.uniqueArray(repo, { selector: ({ url, ref }) => `${url} ${ref}`, maxLength: 4 }), (repos) => {
        const text = printLock({ repos })
        const back = read(text)
        expect(back.diagnostics).toEqual([])
        const sorted = (list: readonly LockedRepo[]): string[] =>
          list.map((one) => JSON.stringify([one.url, one.ref, one.commit, Object.entries(one.files).sort()])).sort()
        expect(sorted(back.repos)).toEqual(sorted(repos))
        expect(printLock({ repos: back.repos.toReversed() })).toBe(text)
      }),
    )
  })
})

describe('reading volo.lock', () => {
  test('an empty one locks nothing', () => {
    expect(read('')).toMatchObject({ repos: [], diagnostics: [] })
    expect(read('version: 1\nrepos: []\n')).toMatchObject({ repos: [], diagnostics: [] })
  })

  test('says where a value is wrong, with what to do', () => {
    const text = `version: 1
repos:
  - url: u
    ref: main
    commit: abc
    files:
      a.thrift: ${sha}
      ../b.thrift: ${sha}
      c.thrift: short
  - url: u
    ref: main
    commit: ${commit}
  - url: u
    ref: main2
    comit: ${commit}
`
    expect(shown(text)).toContain("volo.lock:15:5: error[config-unknown-key]: unknown key 'comit'")
    expect(shown(text)).toContain("did you mean 'commit'?")
    const others = shown(text.slice(0, text.indexOf('  - url: u\n    ref: main2')))
    expect(others).toContain("volo.lock:5:13: error[config-value]: 'abc' is no commit: 40 hex digits are")
    expect(others).toContain("volo.lock:8:20: error[config-value]: '../b.thrift' is no path inside a repo")
    expect(others).toContain("volo.lock:9:17: error[config-value]: 'short' is no sha256: 64 hex digits are")
    expect(others).toContain("volo.lock:10:10: error[config-value]: u at 'main' is locked twice")
  })

  test('a merge conflict is called one', () => {
    const text = `version: 1
repos:
<<<<<<< HEAD
  - url: u
=======
  - url: w
>>>>>>> theirs
`
    expect(shown(text)).toContain('volo.lock:3:1: error[config-syntax]: an unresolved merge conflict')
    expect(shown(text)).toContain('keep either side of each line')
  })

  test('one of a later format says that this volo is too old', () => {
    expect(shown('version: 2\nplaces: {}\n')).toContain('volo.lock has version 2, and this volo reads version 1')
  })

  test('hostile text becomes diagnostics', () => {
    for (const text of [
      '\u0000',
      '- a',
      'version: [',
      '&a [*a]',
      'version: 1\nversion: 1',
      'repos: {',
      '{{{{',
      'version: 1\nrepos: x',
    ]) {
      const lock = read(text)
      expect(lock.repos).toEqual([])
      expect(lock.diagnostics).not.toEqual([])
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Array.isArray(read(text).diagnostics)).toBe(true)
      }),
    )
  })
})
