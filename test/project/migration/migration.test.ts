import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CST, Lexer } from 'yaml'
import { type Config, parseConfig } from '../../../src/project/config/config.ts'
import { pathFrom } from '../../../src/project/display-path.ts'
import { type Migration, migrateConfig } from '../../../src/project/migration/migration.ts'

const folder = import.meta.dirname
const inputs = readdirSync(folder).filter((name) => name.endsWith('.yml'))

function migrate(text: string, target = '/rust/volo-gen'): Migration {
  const result = migrateConfig({
    source: { path: 'volo.yml', logicalPath: 'volo.yml', text },
    folder: '/rust/volo-gen',
    rebase: (path) => (target === '/rust/volo-gen' ? path : pathFrom(target, resolve('/rust/volo-gen', path))),
  })
  if (!('text' in result)) throw new Error(result[0]?.message)
  return result
}

const read = (text: string): Config => parseConfig(text, '/rust/volo-gen/volo.yml', 'volo.yml')
const comments = (text: string): string[] =>
  [...new Lexer().lex(text)].filter((token) => CST.tokenType(token) === 'comment').map((token) => token.trim())

describe('migrating', () => {
  test.each(inputs)('%s gives a volo.yml without a diagnostic', async (name) => {
    const old = readFileSync(join(folder, name), 'utf8')
    const { text, format, notes } = migrate(old)
    await expect(`${notes.map((note) => `## ${note}\n`).join('')}${text}`).toMatchFileSnapshot(
      join(folder, 'migrated', basename(name)),
    )
    expect(format).toBe(name.split(/[-.]/)[0])
    expect(read(text).diagnostics).toEqual([])
  })

  test.each(inputs)('%s keeps every comment, and a second time changes nothing', (name) => {
    const old = readFileSync(join(folder, name), 'utf8')
    const { text } = migrate(old)
    for (const comment of comments(old)) expect(comments(text)).toContain(comment)
    expect(migrate(text)).toEqual({ format: 'current', text, notes: [] })
  })

  test('a file that needs nothing keeps its text to the byte', () => {
    const old = readFileSync(join(folder, 'current.yml'), 'utf8')
    expect(migrate(old)).toEqual({ format: 'current', text: old, notes: [] })
  })

  test('paths fit the place of the new file', () => {
    const { text } = migrate(
      `entries:
  default:
    protocol: thrift
    filename: volo_gen.rs
    repos:
      beside: { url: ../../idls, ref: main }
      far: { url: https://example.com/x.git, ref: main }
    services:
    - idl: { source: local, path: ../idl/a.thrift, includes: [../idl, /abs] }
    - idl: { source: git, repo: far, path: idl/b.thrift, includes: [idl] }
`,
      '/rust/ts',
    )
    expect(read(text).entries['default']).toMatchObject({
      repos: { beside: { url: '../../idls' }, far: { url: 'https://example.com/x.git' } },
      services: [
        { idl: { path: '../idl/a.thrift', includes: ['../idl', '/abs'] } },
        { idl: { path: 'idl/b.thrift', includes: ['idl'] } },
      ],
    })
    const near = migrate(text, '/rust')
    expect(read(near.text).entries['default']).toMatchObject({
      repos: { beside: { url: '../idls' } },
      services: [{ idl: { path: 'idl/a.thrift', includes: ['idl', '/abs'] } }, {}],
    })
  })

  test('no credential comes through, in the text or in a note', () => {
    const { text, notes } = migrate(readFileSync(join(folder, 'legacy-credentials.yml'), 'utf8'))
    expect(text + notes.join('')).not.toContain('hunter2')
    expect(notes).toHaveLength(1)
  })

  test.each([
    ['', "neither 'entries' nor 'services'"],
    ['- a\n', "neither 'entries' nor 'services'"],
    ['openapi: 3.0.0\n', "neither 'entries' nor 'services'"],
    ['entries:\n\ta: 1\n', 'tab'],
    ['['.repeat(100_000), 'nests deeper'],
    ['entries: {a: {idls: [{source: git, repo: "--upload-pack=x", path: a.thrift}]}}\n', "begins with '-'"],
  ])('%j is refused', (text, message) => {
    expect(() => migrate(text)).toThrow(message)
  })

  test('any legacy file keeps its IDLs, its commits and its options', () => {
    const name = fc.constantFrom('idl', 'shop', 'user')
    const idl = fc.record(
      {
        source: fc.constantFrom('local', 'git'),
        host: name,
        repo: name,
        ref: fc.option(fc.constantFrom('main', 'v1', '1.0'), { nil: undefined }),
        lock: fc.option(fc.constantFrom('0123456', '1e5', 'a'.repeat(40), 'b'.repeat(40)), { nil: undefined }),
        path: fc.constantFrom('a.thrift', 'b/c.thrift', '/d.thrift', "it's.thrift", '7'),
        includes: fc.option(fc.array(name, { maxLength: 2 }), { nil: undefined }),
        touch: fc.option(fc.array(name, { maxLength: 2 }), { nil: undefined }),
        keep: fc.option(fc.boolean(), { nil: undefined }),
      },
      { requiredKeys: ['source', 'host', 'repo', 'path'] },
    )
    const entries = fc.dictionary(name, fc.array(idl, { maxLength: 4 }), { maxKeys: 3, minKeys: 1 })
    const urlOf = ({ host, repo }: { host: string; repo: string }): string =>
      `https://${host}.example/${host}/${repo}.git`
    fc.assert(
      fc.property(entries, (wanted) => {
        const old = {
          entries: Object.fromEntries(
            Object.entries(wanted).map(([key, idls]) => [
              key,
              {
                protocol: 'thrift',
                filename: 'x.rs',
                idls: idls.map((one) => ({
                  source: one.source,
                  ...(one.source === 'git' && { repo: urlOf(one), ref: one.ref, lock: one.lock }),
                  path: one.path,
                  includes: one.includes,
                  touch: one.touch,
                  keep_unknown_fields: one.keep,
                })),
              },
            ]),
          ),
        }
        const config = read(migrate(JSON.stringify(old)).text)
        expect(config.diagnostics).toEqual([])
        const commits = new Map<string, string>()
        for (const [key, idls] of Object.entries(wanted)) {
          const { services = [], repos = {} } = config.entries[key]!
          expect(services).toHaveLength(idls.length)
          for (const [i, one] of idls.entries()) {
            const { idl: found, codegen_option: option } = services[i]!
            expect(found.path).toBe(one.path)
            expect(found.includes ?? []).toEqual(one.includes ?? [])
            expect(option?.touch ?? []).toEqual(one.touch ?? [])
            expect(option?.keep_unknown_fields ?? false).toBe(one.keep ?? false)
            if (one.source === 'local') continue
            const repo = repos[found.repo!]!
            expect(repo.url).toBe(urlOf(one))
            if (one.lock !== undefined) expect(repo.lock).toBe(one.lock)
            expect([one.ref ?? 'HEAD', one.lock]).toContain(repo.ref)
            // One URL at one ref is at one commit in the whole file.
            const source = `${repo.url} ${repo.ref}`
            if (repo.lock !== undefined) expect(commits.get(source) ?? repo.lock).toBe(repo.lock)
            if (repo.lock !== undefined) commits.set(source, repo.lock)
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})
