import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../../src/project/config/config.ts'
import { newConfig } from '../../../src/project/config/config-text.ts'
import { runVolo } from '../../cli/run-volo.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const root = join(import.meta.dirname, '../../..')
const schema = JSON.parse(readFileSync(join(root, 'schema/volo.schema.json'), 'utf8')) as object
const validate: ValidateFunction = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema)

/** What an editor would underline. */
function complaints(text: string): string[] {
  validate(parse(text))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Files as Rust Volo's command writes them, with every key of its schema. */
const rustFiles = {
  thrift: `# Please refer to https://www.cloudwego.io/docs/volo/guide/config/ for the configuration file format.
entries:
  default:
    filename: volo_gen.rs
    protocol: thrift
    repos:
      idls:
        url: git@example.com:team/idls.git
        ref: HEAD
        lock: 59fbe3c98cec54455b72f5fd4c46d3466cdfc221
      pinned:
        url: https://example.com/team/more.git
        ref: 1.0
        lock: 0123456
    services:
    - idl:
        source: git
        repo: idls
        path: shop/shop.thrift
        includes:
        - .
      codegen_option:
        touch:
        - Product
        keep_unknown_fields: true
        crate_name: shop
        config:
          no_service: true
          anything:
          - goes: here
    - idl:
        source: local
        path: ../idl/user.thrift
      codegen_option:
        config: null
    touch_all: false
    dedups: [Status]
    special_namings: [IDs]
    split_generated_files: true
    with_descriptor: true
    with_field_mask: true
    with_comments: true
`,
  protobuf: `entries:
  default:
    filename: volo_gen.rs
    protocol: protobuf
    services:
    - idl:
        source: local
        path: ../idl/collaboration.proto
        includes:
        - ../idl
`,
}

/** Every volo.yml below a folder of the repository. */
function configsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(({ name, parentPath }) => name === 'volo.yml' && !parentPath.includes('node_modules'))
    .map(({ parentPath }) => join(parentPath, 'volo.yml'))
}

describe('the JSON Schema', () => {
  test.each(Object.entries(rustFiles))('and the reader take what Rust Volo writes: %s', (_, text) => {
    expect(complaints(text)).toEqual([])
    const { diagnostics, entries } = parseConfig(text, '/p/volo.yml', 'volo.yml')
    expect(diagnostics).toEqual([])
    expect(entries['default']).toMatchObject(
      text === rustFiles.thrift ? { with_comments: true, special_namings: ['IDs'] } : {},
    )
  })

  test('takes what the command writes', async () => {
    const folder = temporaryFolder()
    expect(
      (await runVolo(folder, ['init', 'shop', '-p', 'grpc', '--no-install', '--no-git', '--runtime', '1.0.0'])).code,
    ).toBe(0)
    const text = readFileSync(join(folder, 'shop/volo.yml'), 'utf8')
    expect(complaints(text)).toEqual([])
    expect(text).toContain('# yaml-language-server: $schema=node_modules/volo-ts/schema/volo.schema.json\n')
    expect(complaints(newConfig([]))).toEqual([])
  })

  test.each(configsBelow('examples'))('takes %s', (path) => {
    expect(complaints(readFileSync(path, 'utf8'))).toEqual([])
  })

  test.each([
    'entries:\n  a: { protocol: thrift, servces: [] }\n',
    'entries:\n  a: { protocol: grpc }\n',
    'entries:\n  a: {}\n',
    'entry: {}\n',
    '- a\n',
    'entries: [a]\n',
    'entries:\n  a: { protocol: thrift, services: [x] }\n',
    'entries:\n  a: { protocol: thrift, services: [{ idl: { source: local } }] }\n',
    'entries:\n  a: { protocol: thrift, services: [{ idl: { source: http, path: x } }] }\n',
    'entries:\n  a: { protocol: thrift, services: [{ idl: { source: local, path: "" } }] }\n',
    'entries:\n  a: { protocol: thrift, repos: { r: { url: u } } }\n',
    'entries:\n  a: { protocol: thrift, touch_all: "yes" }\n',
    'entries:\n  a: { protocol: thrift, typescript: { int64: bigInt } }\n',
    'entries:\n  a: { protocol: thrift, typescript: { handlers: true, out: [x] } }\n',
    'entries:\n  a: { protocol: thrift, services: [{ idl: { source: local, path: x }, codegen_option: { config: { no_service: 1 } } }] }\n',
  ])('refuses what the reader refuses: %j', (text) => {
    expect(complaints(text)).not.toEqual([])
    if (!text.includes('handlers: true'))
      expect(parseConfig(text, '/p/volo.yml', 'volo.yml').diagnostics).not.toEqual([])
  })
})
