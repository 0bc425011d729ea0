/** What the README shows is what the built package does. */

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { beforeAll, expect, test, vi } from 'vitest'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '..')
const volo = join(root, 'bin/volo.js')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
/** Inside the repository, so that `volo-ts` is found as the package's own name. */
const project = join(import.meta.dirname, 'tmp/readme')

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  rootDir: join(project, 'src'),
  outDir: join(project, 'dist'),
}

/** The blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, word]) => word === language)
    .map(([, , text]) => text!)
}

/** Where a block stands in the starter project; its imports tell. */
function place(block: string): string {
  return block.includes("from '../gen/hello.js'") ? 'src/handlers/hello.ts' : 'src/readme.ts'
}

vi.setConfig({ testTimeout: 60_000 })

let program: ts.Program

beforeAll(async () => {
  rmSync(project, { recursive: true, force: true })
  const starter = join(root, 'templates/starter/thrift')
  mkdirSync(project, { recursive: true })
  cpSync(join(starter, 'idl'), join(project, 'idl'), { recursive: true })
  writeFileSync(
    join(project, 'volo.yml'),
    'entries: { default: { protocol: thrift, services: [{ idl: { source: local, path: idl/hello.thrift } }] } }\n',
  )
  await execute(process.execPath, [volo, 'generate'], { cwd: project })
  const files = blocks('ts').map((block) => {
    const file = join(project, place(block))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, block)
    return file
  })
  program = ts.createProgram(files, compilerOptions)
}, 60_000)

test('its code compiles against the declarations of the package', () => {
  expect(new Set(blocks('ts').map(place))).toEqual(new Set(['src/handlers/hello.ts', 'src/readme.ts']))
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? '' : `${file.fileName}:${file.getLineAndCharacterOfPosition(start!).line + 1}: `
    return line + ts.flattenDiagnosticMessageText(messageText, ' ')
  })
  expect(problems).toEqual([])
})

test('its server answers its clients', async () => {
  program.emit()
  const { stdout } = await execute(process.execPath, [join(project, 'dist/readme.js')])
  const greetings = stdout.split('\n').filter((line) => / Ada[.!]$/.test(line))
  expect(greetings).toEqual(['Hello, Ada!', 'Good day, Ada.'])
  expect(stdout.match(/^server Hello\.greet unary OK /gm)).toHaveLength(2)
})

test('the mistake in an IDL is reported as it shows', async () => {
  const shown = blocks('').find((block) => block.includes('error[unknown-type]'))!
  const [, file, line] = /^([\w.]+):(\d+):/.exec(shown)!
  const [, source] = new RegExp(`^${line} \\| {3}(.+)`, 'm').exec(shown)!
  const text = ['struct Item { 1: string sku }', '', '/** Sells. */', '', 'service Shop {', `  ${source}`, '}', '']
  writeFileSync(join(project, file!), text.join('\n'))
  const failed = await execute(process.execPath, [volo, 'check', file!], { cwd: project }).catch((error) => error)
  expect(`${failed.stdout}${failed.stderr}`).toContain(shown.trimEnd())
})

test('a new project begins as it shows', async () => {
  const shown = blocks('').find((block) => block.startsWith('$ volo init'))!
  const [, words] = /^\$ volo (.+)/.exec(shown)!
  const folder = mkdtempSync(join(tmpdir(), 'volo-readme-'))
  try {
    const args = [volo, ...words!.split(' '), '--yes', '--no-git', '--no-install']
    const { stdout } = await execute(process.execPath, args, { cwd: folder })
    for (const line of shown.split('\n').slice(1, 4)) expect(stdout.split('\n')).toContain(line)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the commands it names exist', async () => {
  const { stdout: help } = await execute(process.execPath, [volo, '--help'])
  for (const [, command] of readme.matchAll(/^\$ volo (\w+)/gm)) expect(help).toContain(`  ${command}`)
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  for (const [, script] of readme.matchAll(/`npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script)
})
