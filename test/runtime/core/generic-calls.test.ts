/** The page about generic calls shows what is so: its code compiles, runs and prints what it says. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test, vi } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'src/runtime/core/generic/generic-calls.md'), 'utf8')
const folder = join(root, 'test/tmp/generic-calls')

vi.setConfig({ testTimeout: 60_000 })

function block(language: string): string {
  const found = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].filter(([, word]) => word === language)
  expect(found).toHaveLength(1)
  return found[0]![2]!
}

test('its example does what it says', async () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const idl = join(folder, 'stock.thrift')
  writeFileSync(idl, block('thrift'))
  const main = join(folder, 'main.ts')
  const source = block('ts')
    .replace(/'volo-ts(?:\/(\w+))?'/g, (_, face: string | undefined) => `'../../../src/${face ?? 'index'}.ts'`)
    .replace("readFileSync('stock.thrift'", `readFileSync(${JSON.stringify(idl)}`)
  writeFileSync(main, source)
  const program = ts.createProgram([main], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  })
  const problems = ts.getPreEmitDiagnostics(program, program.getSourceFile(main))
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([])
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(words.join(' ')))
  await import(/* @vite-ignore */ main).finally(() => log.mockRestore())
  expect(`${printed.join('\n')}\n`).toBe(block('text'))
})
