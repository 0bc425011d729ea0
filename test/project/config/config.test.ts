import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'
import { findConfig, parseConfig } from '../../../src/project/config/config.ts'
import type { Shape } from '../../../src/project/config/config-shape.ts'
import { configShape } from '../../../src/project/config/config-shape.ts'
import { temporaryFolder, writeTree } from '../temporary-folder.ts'

const parse = (text: string): ReturnType<typeof parseConfig> => parseConfig(text, '/p/volo.yml', 'volo.yml')
const shown = (text: string): string =>
  parse(text)
    .diagnostics.map((one) => renderDiagnostic(one))
    .join('')

describe('reading volo.yml', () => {
  test("a file that Rust Volo's command wrote is read as it is", () => {
    const config = parse(`# Please refer to the guide
entries:
  default:
    filename: volo_gen.rs
    protocol: thrift
    repos:
      idls:
        url: https://example.com/team/idls.git
        ref: main
        lock: 0123456
    services:
    - idl:
        source: local
        path: ../idl/shop.thrift
        includes:
        - ../idl
      codegen_option:
        touch: [Product]
        keep_unknown_fields: true
        crate_name: shop
        config:
          no_service: true
          anything: [goes, {here: 1}]
    touch_all: false
    dedups: []
    special_namings:
    - IDs
    split_generated_files: false
    with_descriptor: false
    with_field_mask: false
    with_comments: true
`)
    expect(config.diagnostics).toEqual([])
    expect(config.entries['default']).toMatchObject({
      protocol: 'thrift',
      repos: { idls: { lock: '0123456' } },
      services: [
        {
          idl: { source: 'local', path: '../idl/shop.thrift', includes: ['../idl'] },
          codegen_option: { keep_unknown_fields: true },
        },
      ],
    })
  })

  test('an unknown key is shown with its place and the key that was meant', () => {
    expect(
      shown('entries:\n  default:\n    protocol: thrift\n    servces: []\n'),
    ).toBe(`volo.yml:4:5: error[config-unknown-key]: unknown key 'servces' in entry 'default'
  |
4 |     servces: []
  |     ^^^^^^^
hint: did you mean 'services'?
`)
  })

  test('wrong types and words are all reported in one run', () => {
    const text = shown(`entries:
  a:
    protocol: grpc
    services: idl/a.proto
    touch_all: yes
    typescript:
      int64: bigInt
  b:
    services:
      - idl: { path: x.thrift }
`)
    expect(text).toContain(
      "volo.yml:3:15: error[config-value]: 'protocol' of entry 'a' must be 'thrift' or 'protobuf', not 'grpc'",
    )
    expect(text).toContain("did you mean 'protobuf'?")
    expect(text).toContain("volo.yml:4:15: error[config-value]: 'services' of entry 'a' must be a list")
    expect(text).toContain("'touch_all' of entry 'a' must be true or false, not 'yes'")
    expect(text).toContain("did you mean 'bigint'?")
    expect(text).toContain("entry 'b' has no 'protocol'")
    expect(text).toContain("has no 'source'")
  })

  test('a quoted false is a folder name and an unquoted one switches handlers off', () => {
    const handlers = (value: string): unknown =>
      parse(`entries:\n  a:\n    protocol: thrift\n    typescript: { handlers: ${value} }\n`).entries['a']?.typescript
        ?.handlers
    expect(handlers('false')).toBe(false)
    expect(handlers('src/rpc')).toBe('src/rpc')
  })

  test('broken YAML and duplicate keys have a place', () => {
    expect(shown('entries:\n  a: [1, 2\n')).toMatch(/^volo\.yml:\d+:\d+: error\[config-syntax\]: /)
    expect(shown('entries:\n  a:\n    protocol: thrift\n    protocol: thrift\n')).toMatch(
      /^volo\.yml:4:5: error\[config-syntax\]: .*said twice/,
    )
  })

  test('an IDL from an unknown repo is reported at its name', () => {
    const text = shown(`entries:
  a:
    protocol: thrift
    repos:
      company-idls: { url: u, ref: main }
    services:
      - idl: { source: git, repo: company-idl, path: x.thrift }
`)
    expect(text).toContain("volo.yml:7:35: error[config-unknown-repo]: entry 'a' has no repo 'company-idl'")
    expect(text).toContain("did you mean 'company-idls'?")
  })

  test('an empty file lacks its entries', () => {
    expect(shown('')).toContain("volo.yml:1:1: error[config-value]: volo.yml has no 'entries'")
    expect(parse('entries:\n').diagnostics).toEqual([])
  })

  test('hostile input becomes diagnostics', () => {
    for (const text of [
      '\u0000',
      '- a\n- b\n',
      'entries: 1',
      'entries: &a { x: *a }',
      'entries:\n  __proto__:\n    protocol: thrift\n',
      '{'.repeat(3000),
      '? [a]\n: b\n',
    ]) {
      expect(() => parse(text)).not.toThrow()
    }
    expect(({} as { protocol?: unknown }).protocol).toBeUndefined()
  })
})

describe('finding volo.yml', () => {
  test('the nearest one above is used, or the one that is named', () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'volo.yml': '', 'a/b/c.txt': '', 'other/volo.yml': '' })
    expect(findConfig(join(folder, 'a/b'))).toBe(join(folder, 'volo.yml'))
    expect(findConfig(join(folder, 'a'), '../other')).toBe(join(folder, 'other/volo.yml'))
    expect(findConfig(join(folder, 'a'), '../other/volo.yml')).toBe(join(folder, 'other/volo.yml'))
    expect(() => findConfig(folder, 'nowhere.yml')).toThrow('there is no nowhere.yml')
  })
})

describe('the JSON Schema', () => {
  interface JsonSchema {
    readonly $ref?: string
    readonly type?: string | readonly string[]
    readonly enum?: readonly string[]
    readonly minLength?: number
    readonly anyOf?: readonly unknown[]
    readonly properties?: Readonly<Record<string, JsonSchema>>
    readonly additionalProperties?: JsonSchema | boolean
    readonly items?: JsonSchema
    readonly required?: readonly string[]
    readonly definitions?: Readonly<Record<string, JsonSchema>>
  }
  const root = JSON.parse(
    readFileSync(new URL('../../../schema/volo.schema.json', import.meta.url), 'utf8'),
  ) as JsonSchema

  function toShape(schema: JsonSchema, what: string): unknown {
    if (schema.$ref !== undefined) return toShape(root.definitions![schema.$ref.split('/').at(-1)!]!, what)
    if (schema.enum !== undefined) return { kind: 'choice', values: schema.enum }
    if (schema.anyOf !== undefined) return { kind: 'text-or-false' }
    const type = [schema.type].flat()[0]
    if (type === 'string') return schema.minLength === 1 ? { kind: 'text' } : { kind: 'text', mayBeEmpty: true }
    if (type === 'boolean') return { kind: 'boolean' }
    if (type === 'array') return { kind: 'list', of: toShape(schema.items!, what) }
    if (schema.properties === undefined)
      return { kind: 'record', of: toShape(schema.additionalProperties as JsonSchema, what) }
    const keys = Object.entries(schema.properties).map(([key, value]) => [key, toShape(value, key)])
    if (schema.additionalProperties !== false) return { kind: 'open', keys: Object.fromEntries(keys) }
    return { kind: 'object', keys: Object.fromEntries(keys), required: schema.required ?? [] }
  }

  function withoutNames(shape: Shape): unknown {
    if (shape.kind === 'record') return { kind: 'record', of: withoutNames(shape.of) }
    if (shape.kind === 'list') return { kind: 'list', of: withoutNames(shape.of) }
    if (shape.kind !== 'object') return shape
    const keys = Object.entries(shape.keys).map(([key, value]) => [key, withoutNames(value)])
    return { ...shape, keys: Object.fromEntries(keys) }
  }

  test('says the same as the reader', () => {
    expect(toShape(root, '')).toEqual(withoutNames(configShape))
  })
})
