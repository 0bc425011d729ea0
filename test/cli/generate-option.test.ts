import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const idls = {
  'idl/shop.thrift': `
include "common.thrift"
/** What is sold. */
enum Kind { BOOK = 1 }
struct Item { 1: i64 item_id, 2: Kind kind, 3: map<string, binary> parts }
struct Spare {}
service Shop { Item find_item(1: i64 item_id) }
`,
  'idl/stock.thrift':
    'include "common.thrift" struct Pile { 1: common.Size size } struct Rest {} service Stock { Pile pile() }',
  'idl/common.thrift': 'struct Size { 1: i32 n } struct Unused {}',
}

/** Generates from a volo.yml whose entry has these lines; `codegen` by IDL. */
async function project(
  entry: string,
  codegen: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stderr: string; files: readonly string[]; read: (path: string) => string }> {
  const folder = temporaryFolder()
  const services = ['shop', 'stock'].map((name) => {
    const own = codegen[name] === undefined ? '' : `\n        codegen_option: ${codegen[name]}`
    return `      - idl: { source: local, path: idl/${name}.thrift }${own}`
  })
  const config = `entries:\n  default:\n    protocol: thrift\n${entry}    services:\n${services.join('\n')}\n`
  writeTree(folder, { ...idls, 'volo.yml': config })
  const { code, stderr } = await runVolo(folder, ['generate'])
  const files = listTree(folder).filter((path) => !path.startsWith('idl/') && path !== 'volo.yml')
  return { code, stderr, files, read: (path) => readFileSync(join(folder, path), 'utf8') }
}

describe('typescript: of an entry', () => {
  test('says how its modules are printed', async () => {
    const typescript = `{ out: lib, int64: string, bytes: view, map: map, enum: string, unknown_fields: keep, comments: false,
      naming: camel, initialisms: [ID], import_extension: .ts }`
    const { code, stderr, files, read } = await project(`    typescript: ${typescript}\n`)
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    expect(files).toEqual(['lib/common.ts', 'lib/shop.ts', 'lib/stock.ts'])
    const shop = read('lib/shop.ts')
    expect(shop).toContain('itemID: string')
    expect(shop).toContain('parts: Map<string, Uint8Array>')
    expect(shop).toContain("BOOK: 'BOOK'")
    expect(shop).toContain('r.binaryView()')
    expect(shop).toContain('$unknown?: UnknownFields')
    expect(shop).toContain('findItem(itemID: string, options?: CallOptions)')
    expect(shop).not.toContain('What is sold')
    expect(read('lib/stock.ts')).toContain("from './common.ts'")
  })

  test('may ask for services alone, and for some of them', async () => {
    const all = await project('    typescript: { roots: services }\n')
    expect(all.read('src/gen/shop.ts')).not.toContain('Spare')
    expect(all.read('src/gen/stock.ts')).not.toContain('Rest')
    const one = await project('    typescript: { services: [Stock] }\n')
    expect(one.read('src/gen/shop.ts')).not.toContain('ShopClient')
    expect(one.read('src/gen/stock.ts')).toContain('StockClient')
  })

  test('may join the files of a namespace', async () => {
    const { files } = await project('    typescript: { modules: namespace }\n')
    expect(files).toEqual(['src/gen/common.ts', 'src/gen/shop.ts', 'src/gen/stock.ts'])
  })
})

describe("Rust Volo's keys", () => {
  test('touch, no_service and keep_unknown_fields act on their own file', async () => {
    const { read } = await project('    typescript: { roots: services }\n', {
      shop: '{ touch: [Spare], config: { mine: 1 } }',
      stock: '{ keep_unknown_fields: true, config: { no_service: true } }',
    })
    expect(read('src/gen/shop.ts')).toContain('export const Spare')
    expect(read('src/gen/shop.ts')).toContain('ShopClient')
    expect(read('src/gen/shop.ts')).not.toContain('$unknown')
    expect(read('src/gen/stock.ts')).toContain('export const Rest')
    expect(read('src/gen/stock.ts')).toContain('$unknown')
    expect(read('src/gen/common.ts')).toContain('$unknown')
    expect(read('src/gen/common.ts')).not.toContain('Unused')
  })

  test('touch_all generates every file whole', async () => {
    expect((await project('    touch_all: true\n')).read('src/gen/common.ts')).toContain('Unused')
    expect((await project('')).read('src/gen/common.ts')).not.toContain('Unused')
  })

  test('with_comments and special_namings stand in for comments and initialisms', async () => {
    const { read } = await project(
      '    with_comments: false\n    special_namings: [ID]\n    typescript: { naming: camel }\n',
    )
    expect(read('src/gen/shop.ts')).not.toContain('What is sold')
    expect(read('src/gen/shop.ts')).toContain('itemID')
    expect((await project('')).read('src/gen/shop.ts')).toContain('/** What is sold. */')
  })

  test('a name that touch does not find is an error that says so', async () => {
    const { code, stderr, files } = await project('', { shop: '{ touch: [Spade] }' })
    expect(code).toBe(1)
    expect(stderr).toContain("'idl/shop.thrift' declares no 'Spade', which 'touch' names")
    expect(stderr).toContain("did you mean 'Spare'?")
    expect(files).toEqual([])
  })

  test('a no_service that is neither true nor false is reported at its place', async () => {
    const { code, stderr } = await project('', { shop: '{ config: { no_service: maybe } }' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/volo\.yml:\d+:\d+.*\n?.*no_service.*must be true or false/)
  })
})

test('a module ends its imports as tsconfig.json asks', async () => {
  const folder = temporaryFolder()
  const config =
    'entries: { default: { protocol: thrift, services: [{ idl: { source: local, path: idl/stock.thrift } }] } }\n'
  for (const [compilerOptions, ending] of [
    ['{}', './common.js'],
    ['{ "allowImportingTsExtensions": true, "noEmit": true }', './common.ts'],
    ['{ "rewriteRelativeImportExtensions": true }', './common.ts'],
  ] as const) {
    writeTree(folder, { ...idls, 'volo.yml': config, 'tsconfig.json': `{ "compilerOptions": ${compilerOptions} }` })
    expect((await runVolo(folder, ['generate'])).code).toBe(0)
    expect(readFileSync(join(folder, 'src/gen/stock.ts'), 'utf8')).toContain(`from '${ending}'`)
  }
})
