import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'
import { type Config, parseConfig, readConfig } from '../../../src/project/config/config.ts'
import { addIdl, removeIdl } from '../../../src/project/config/config-edit.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const parse = (text: string): Config => parseConfig(text, '/p/volo.yml', 'volo.yml')

/** Place, code and message of every diagnostic. */
const said = (text: string): string[] => parse(text).diagnostics.map((one) => renderDiagnostic(one).split('\n')[0]!)

const entry = (lines: string): string => `entries:\n  a:\n    protocol: thrift\n${lines}`

describe('a volo.yml that is no good YAML', () => {
  test.each([
    [
      'is indented with tabs',
      'entries:\n\ta:\n',
      'volo.yml:2:1: error[config-syntax]: a line is indented with a tab, and YAML takes spaces only',
    ],
    [
      'says a key twice',
      entry('    protocol: thrift\n'),
      "volo.yml:4:5: error[config-syntax]: the key 'protocol' is said twice",
    ],
    [
      'names an entry twice',
      'entries:\n  a: { protocol: thrift }\n  "a": { protocol: thrift }\n',
      "volo.yml:3:3: error[config-syntax]: the key 'a' is said twice",
    ],
    [
      'holds a second document',
      'entries: {}\n---\nentries: {}\n',
      "volo.yml:2:1: error[config-syntax]: the file holds a second document after '---'",
    ],
    [
      'has a conflict of a merge',
      'entries:\n<<<<<<< HEAD\n  a: { protocol: thrift }\n=======\n  b: { protocol: thrift }\n>>>>>>> other\n',
      'volo.yml:2:1: error[config-syntax]: an unresolved merge conflict',
    ],
    [
      'nests lists without end',
      '['.repeat(1_000_000),
      'volo.yml:1:101: error[config-syntax]: it nests deeper than anything that this file may hold',
    ],
    [
      'nests maps without end',
      'a: {'.repeat(100_000),
      'volo.yml:1:404: error[config-syntax]: it nests deeper than anything that this file may hold',
    ],
    [
      'nests dashes without end',
      '- '.repeat(100_000),
      'volo.yml:1:201: error[config-syntax]: it nests deeper than anything that this file may hold',
    ],
    [
      'nests keys without end',
      '? '.repeat(100_000),
      'volo.yml:1:201: error[config-syntax]: it nests deeper than anything that this file may hold',
    ],
    [
      'nests by indentation without end',
      Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
      'volo.yml:202:1: error[config-syntax]: it nests deeper than anything that this file may hold',
    ],
    [
      'is huge',
      `entries:\n${'# padding\n'.repeat(500_000)}`,
      'volo.yml:1:1: error[config-syntax]: the file is too long',
    ],
  ])('because it %s', (_, text, message) => {
    expect(said(text)).toEqual([message])
  })

  test('is not confused by brackets and dashes in texts and comments', () => {
    const text = entry(`    # ${'['.repeat(500)}
    dedups:
      - '${'{['.repeat(200)}'
      - "${'- '.repeat(200)}"
      - ${'- '.repeat(60)}x
`)
    // The last one nests 60 deep, which is odd and not deadly.
    expect(said(text)).toEqual([
      "volo.yml:8:9: error[config-value]: item 3 of 'dedups' of entry 'a' must be a single value",
    ])
  })

  test('has room for thousands of entries', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `  a${i}: { protocol: thrift }\n`)
    expect(Object.keys(parse(`entries:\n${names.join('')}`).entries)).toHaveLength(5000)
  })

  test('reports no more mistakes than anybody reads', () => {
    const wrong = Array.from({ length: 5000 }, (_, i) => `  a${i}: { protocol: thirft }\n`)
    expect(parse(`entries:\n${wrong.join('')}`).diagnostics).toHaveLength(50)
  })
})

describe('aliases', () => {
  test('name values that stand before them, and edits keep both', () => {
    const text = entry(`    services:
      - &shop
        idl: { source: local, path: shop.thrift, includes: &roots [idl, more] }
      - idl: { source: local, path: user.thrift, includes: *roots }
    typescript: &how { out: src/rpc }
  b:
    protocol: thrift
    services: [*shop]
    typescript: *how
`)
    const { entries, diagnostics } = parse(text)
    expect(diagnostics).toEqual([])
    expect(entries['a']?.services?.[1]?.idl.includes).toEqual(['idl', 'more'])
    expect(entries['b']).toMatchObject({ services: [{ idl: { path: 'shop.thrift' } }], typescript: { out: 'src/rpc' } })
    const added = addIdl(text, 'a', 'thrift', { path: 'x.thrift', includes: [] })
    expect(parse(added).diagnostics).toEqual([])
    expect(parse(removeIdl(added, 'a', 2)).entries).toEqual(entries)
    expect(added).toContain('includes: *roots')
  })

  test('mean the last value of that name', () => {
    const text = entry('    dedups: [&x one, *x, &x two, *x]\n')
    expect(parse(text).diagnostics).toEqual([])
    expect((parse(text).entries['a'] as { dedups?: unknown }).dedups).toEqual(['one', 'one', 'two', 'two'])
  })

  test('of nothing are errors with a place', () => {
    expect(said(entry('    services: *nothing\n'))).toEqual([
      "volo.yml:4:15: error[config-value]: no value before this one has the anchor '&nothing'",
    ])
  })

  test('of themselves are errors with a place', () => {
    expect(said('entries: &all\n  a: *all\n')).toEqual([
      "volo.yml:2:3: error[config-unknown-key]: unknown key 'a' in entry 'a'",
      "volo.yml:2:3: error[config-value]: entry 'a' has no 'protocol'",
    ])
    expect(
      said(
        entry('    services:\n      - idl: { source: local, path: x }\n        codegen_option: { config: &c [*c] }\n'),
      ),
    ).toEqual(['volo.yml:6:39: error[config-value]: this alias stands inside the value that it names'])
  })

  const doubling = Array.from({ length: 40 }, (_, i) => `k${i}: &b${i + 1} [*b${i}, *b${i}]`).join(', ')

  test.each([
    [
      'where they are read',
      `entries:
  a: &a
    protocol: thrift
    services:
      - &i { idl: { source: local, path: x, includes: [x, x, x, x, x, x, x, x, x, x] } }
${'      - *i\n'.repeat(2000)}  b: *a
`,
    ],
    [
      'where they are not read',
      entry(`    services:
      - idl: { source: local, path: x }
        codegen_option: { config: { k: &b0 [x, x], ${doubling} } }
`),
    ],
  ])('that unfold into millions of values are one error, %s', (_, text) => {
    expect(said(text).map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
      'error[config-value]: the aliases of this file unfold into too many values',
    ])
  })

  test('of many small values are fine, and so is editing them', () => {
    const items = '      - idl: { source: local, path: x.thrift, includes: *r }\n'.repeat(300)
    const text = entry(`    services:\n      - idl: { source: local, path: x.thrift, includes: &r [idl] }\n${items}`)
    expect(said(text)).toEqual([])
    expect(parse(addIdl(text, 'a', 'thrift', { path: 'y.thrift', includes: [] })).entries['a']?.services).toHaveLength(
      302,
    )
  })

  test('of merge keys are pointed out', () => {
    const [first] = parse(
      entry('    typescript: &t { out: x }\n  b:\n    protocol: thrift\n    typescript: { <<: *t }\n'),
    ).diagnostics
    expect(
      renderDiagnostic(first!),
    ).toBe(`volo.yml:7:19: error[config-unknown-key]: unknown key '<<' in 'typescript' of entry 'b'
  |
7 |     typescript: { <<: *t }
  |                   ^^
hint: merge keys are not read; write the keys out, or give the whole value by an alias
`)
  })
})

describe('odd values', () => {
  test.each([
    '0123456',
    '1234567',
    '0x123',
    '1e5',
    '12e4567',
    'true',
    '1.5',
    '2026-01-02',
    '0o777',
    '1_000',
    'null',
    '~',
  ])('an unquoted lock %s stays text', (lock) => {
    const text = entry(`    repos:\n      r: { url: https://example.com/r.git, ref: main, lock: ${lock} }\n`)
    expect(said(text)).toEqual([])
    expect(parse(text).entries['a']?.repos?.['r']?.lock).toBe(lock)
    const edited = addIdl(text, 'a', 'thrift', { path: 'x.thrift', includes: [] })
    expect(edited).toContain(`lock: ${lock} }`)
    expect(parse(edited).entries['a']?.repos?.['r']?.lock).toBe(lock)
  })

  test.each([
    ['a list at the root', '- a\n', 'volo.yml:1:1: error[config-value]: volo.yml must hold keys'],
    ['a text at the root', 'hello\n', 'volo.yml:1:1: error[config-value]: volo.yml must hold keys'],
    [
      'a list of entries',
      'entries: [a]\n',
      "volo.yml:1:10: error[config-value]: 'entries' of volo.yml must hold one key per entry",
    ],
    [
      'a text for an IDL',
      entry('    services: [x.thrift]\n'),
      "volo.yml:4:16: error[config-value]: item 1 of 'services' of entry 'a' must hold keys",
    ],
    [
      'a list for a text',
      entry('    services:\n      - idl: { source: local, path: [x] }\n'),
      "volo.yml:5:37: error[config-value]: 'path' of 'idl' of item 1 of 'services' of entry 'a' must be a single value",
    ],
    [
      'a NUL',
      entry('    services:\n      - idl: { source: local, path: "x\\0.thrift" }\n'),
      "volo.yml:5:37: error[config-value]: 'path' of 'idl' of item 1 of 'services' of entry 'a' must be one line without control characters",
    ],
    [
      'a line break',
      entry('    repos:\n      r: { ref: main, url: "https://example.com/\\nx" }\n'),
      "volo.yml:5:28: error[config-value]: 'url' of repo 'r' must be one line without control characters",
    ],
    [
      'a block of text',
      entry('    typescript:\n      out: |\n        src\n'),
      "volo.yml:5:12: error[config-value]: 'out' of 'typescript' of entry 'a' must be one line without control characters",
    ],
    [
      'an empty path',
      entry("    services:\n      - idl: { source: local, path: '' }\n"),
      "volo.yml:5:37: error[config-value]: 'path' of 'idl' of item 1 of 'services' of entry 'a' is empty",
    ],
    [
      'an empty folder',
      entry("    typescript: { out: '' }\n"),
      "volo.yml:4:24: error[config-value]: 'out' of 'typescript' of entry 'a' is empty",
    ],
    [
      'a missing value',
      entry('    typescript: { out: }\n'),
      "volo.yml:4:19: error[config-value]: 'out' of 'typescript' of entry 'a' has no value",
    ],
    [
      'YAML 1.1 words for true',
      entry('    touch_all: yes\n'),
      "volo.yml:4:16: error[config-value]: 'touch_all' of entry 'a' must be true or false, not 'yes'",
    ],
    [
      'a tag',
      entry('    touch_all: !!int 1\n'),
      "volo.yml:4:22: error[config-value]: 'touch_all' of entry 'a' must be true or false, not '1'",
    ],
  ])('%s', (_, text, message) => {
    expect(said(text)).toEqual([message])
  })

  test('a byte order mark and Windows line breaks do not move the places', () => {
    for (const text of ['\ufeffentries:\n  a:\n    protocol: thrif\n', 'entries:\r\n  a:\r\n    protocol: thrif\r\n']) {
      expect(said(text)).toEqual([
        "volo.yml:3:15: error[config-value]: 'protocol' of entry 'a' must be 'thrift' or 'protobuf', not 'thrif'",
      ])
    }
    const marked = addIdl('\ufeffentries:\r\n  a:\r\n    protocol: thrift\r\n', 'a', 'thrift', {
      path: 'x.thrift',
      includes: [],
    })
    expect(said(marked)).toEqual([])
    expect(marked.startsWith('\ufeffentries:\r\n')).toBe(true)
    expect(marked.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('bytes that are not UTF-8, and a file without end, are said in a sentence', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'volo.yml')
    writeFileSync(path, Buffer.from('entries: {}\n', 'utf16le'))
    expect(readConfig(path, folder).diagnostics.length).toBeGreaterThan(0)
    writeFileSync(path, Buffer.from([0x61, 0xff, 0xfe]))
    expect(() => readConfig(path, folder)).toThrow('volo.yml is not UTF-8 text')
    writeFileSync(path, Buffer.alloc(5_000_000, '#'))
    expect(() => readConfig(path, folder)).toThrow('volo.yml is too long: more than 4 MiB')
  })

  test('any text whatever is read or refused, never thrown at', () => {
    const word = fc.constantFrom(
      'entries',
      'a',
      'protocol',
      'thrift',
      'services',
      'idl',
      '&x',
      '*x',
      '<<',
      '!!int',
      '|',
      '>',
      '-',
      '?',
      ':',
      '{',
      '}',
      '[',
      ']',
      ',',
      '#',
      '"',
      "'",
      '\n',
      '\n  ',
      '\n    ',
      '\t',
      '---',
      '...',
      '%YAML 1.2',
      '\u0000',
      '\u0085',
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 60 }).map((words) => words.join(' ')),
      fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const { span, message } of parse(text).diagnostics) {
          expect(message).not.toBe('')
          expect(span!.start).toBeLessThanOrEqual(text.length)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
