/** What the pages beside the code of gRPC show is what the built package does. */

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { beforeAll, expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const pageOf = (name: string): string => readFileSync(join(root, 'src/runtime/grpc', name), 'utf8')
const pages = [
  { name: 'from-grpc-js.md', main: 'client' },
  { name: 'README.md', main: 'page' },
  { name: 'client.md', main: 'caller' },
]
/** Inside the repository, so that `volo-ts` is found as the package's own name. */
const project = join(root, 'test/tmp/grpc-pages')

function blocks(name: string, language: string): string[] {
  const all = [...pageOf(name).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  return all.flatMap(([, word, text]) => (word === language ? [text!] : []))
}

let program: ts.Program

beforeAll(async () => {
  rmSync(project, { recursive: true, force: true })
  mkdirSync(join(project, 'idl'), { recursive: true })
  writeFileSync(join(project, 'idl/fleet.proto'), blocks('from-grpc-js.md', 'proto')[0]!)
  writeFileSync(
    join(project, 'volo.yml'),
    'entries: { default: { protocol: protobuf, services: [{ idl: { source: local, path: idl/fleet.proto } }] } }\n',
  )
  await execute(process.execPath, [join(root, 'bin/volo.js'), 'generate'], { cwd: project })
  const files = pages
    .flatMap(({ name }) => blocks(name, 'ts'))
    .map((text) => {
      const file = join(project, 'src', /^\/\/ (\S+)\n/.exec(text)![1]!)
      writeFileSync(file, text)
      return file
    })
  program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    rootDir: join(project, 'src'),
    outDir: join(project, 'dist'),
  })
}, 60_000)

test('the pages compile', () => {
  const text = ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => project,
    getNewLine: () => '\n',
  })
  expect(text).toBe('')
})

test.each(pages)('$name prints what it says', async ({ name, main }) => {
  program.emit()
  const { stdout } = await execute(process.execPath, [`dist/${main}.js`], { cwd: project, timeout: 30_000 })
  const said = /^What it prints: (.*)\.$/m.exec(pageOf(name))![1]!
  expect(stdout.trim().split('\n')).toEqual([...said.matchAll(/`([^`]+)`/g)].map(([, line]) => line))
})
