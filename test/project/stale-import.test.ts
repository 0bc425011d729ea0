import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/project/config/config.ts'
import { planGeneration, writeGeneration } from '../../src/project/generate/generate.ts'
import { staleImports } from '../../src/project/handler/stale-import.ts'
import { temporaryFolder } from './temporary-folder.ts'

const config = (idl: string): string =>
  `entries:\n  default:\n    protocol: thrift\n    services:\n      - idl: { source: local, path: ${idl} }\n`
const idl = 'struct Cart { 1: string id }\nservice Shop { Cart get(1: string id) }\n'
const handler = `import type { Cart, ShopHandler } from '../gen/shop.js'
export const shopHandler: ShopHandler = { async get(id): Promise<Cart> { return { id } } }
`

function project(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

function found(folder: string): { path: string; message: string; fix: string }[] {
  const plan = planGeneration(readConfig(join(folder, 'volo.yml'), folder), folder)
  const before = staleImports(plan)
  writeGeneration(plan)
  const again = staleImports(planGeneration(readConfig(join(folder, 'volo.yml'), folder), folder))
  expect(again, 'the same once it is written').toEqual(before)
  return before.map((one) => ({ ...one, path: one.path.slice(folder.length + 1) }))
}

test('a handler that imports what there is has nothing to be said of', () => {
  const folder = project({ 'volo.yml': config('shop.thrift'), 'shop.thrift': idl, 'src/handlers/shop.ts': handler })
  expect(found(folder)).toEqual([])
})

test('a handler of a service that was renamed is named, with the rename', () => {
  const folder = project({ 'volo.yml': config('shop.thrift'), 'shop.thrift': idl, 'src/handlers/shop.ts': handler })
  found(folder)
  writeFileSync(join(folder, 'shop.thrift'), idl.replace('service Shop', 'service Store'))
  expect(found(folder)).toEqual([
    {
      path: 'src/handlers/shop.ts',
      message: "imports 'ShopHandler' from '../gen/shop.js', which has no such name any more",
      fix: "if its service is called 'Store' now, write StoreHandler for ShopHandler; else delete the file",
    },
  ])
})

test('a handler that imports the module of an IDL that was renamed is told the new one', () => {
  const folder = project({ 'volo.yml': config('shop.thrift'), 'shop.thrift': idl, 'src/handlers/shop.ts': handler })
  found(folder)
  writeFileSync(join(folder, 'volo.yml'), config('store.thrift'))
  writeFileSync(join(folder, 'store.thrift'), idl)
  expect(found(folder)).toEqual([
    {
      path: 'src/handlers/shop.ts',
      message: "imports '../gen/shop.js', which no IDL gives any more",
      fix: "import ShopHandler from '../gen/store.js'",
    },
  ])
})
