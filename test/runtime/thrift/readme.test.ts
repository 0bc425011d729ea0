/** What the page about Thrift shows is what the built package does, and its tables say what the code says. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { beforeAll, expect, test, vi } from 'vitest'
import { compile } from '../../../src/compiler/compile.ts'
import { memoryHost } from '../../../src/compiler/host.ts'

const root = join(import.meta.dirname, '../../..')
const runtime = join(root, 'src/runtime')
const readme = readFileSync(join(runtime, 'thrift/README.md'), 'utf8')
/** Inside the repository, so that `volo-ts` is found as the package's own name. */
const project = join(root, 'test/tmp/thrift-readme')

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, word]) => word === language)
    .map(([, , text]) => text!)
}

const main = join(project, 'dist/main.js')
const workers = join(project, 'dist/workers.js')

beforeAll(() => {
  rmSync(project, { recursive: true, force: true })
  const host = memoryHost({ 'stock.thrift': blocks('thrift')[0]! })
  const { files, diagnostics } = compile({ entries: ['stock.thrift'], includes: [''], host })
  expect(diagnostics).toEqual([])
  const [first, second] = blocks('ts')
  const sources = [...files.map(({ path, text }) => ({ path: `gen/${path}`, text }))]
  sources.push({ path: 'main.ts', text: first! }, { path: 'workers.ts', text: second! })
  for (const { path, text } of sources) {
    mkdirSync(dirname(join(project, 'src', path)), { recursive: true })
    writeFileSync(join(project, 'src', path), text)
  }
  const program = ts.createProgram(
    sources.map(({ path }) => join(project, 'src', path)),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      rootDir: join(project, 'src'),
      outDir: join(project, 'dist'),
    },
  )
  const problems = ts.getPreEmitDiagnostics(program)
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([])
  program.emit()
})

test('its client and server do what it says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main])
  expect(stdout).toBe(blocks('text')[0])
})

test('its workers share a port and end on SIGTERM', async () => {
  const child: ChildProcess = spawn(process.execPath, [workers], {
    env: { ...process.env, WORKERS: '2' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  const exited = once(child, 'exit')
  await expect.poll(() => output.match(/listens on/g)?.length, { timeout: 30_000 }).toBe(2)
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  const lines = output.trim().split('\n')
  expect(new Set(lines).size).toBe(2)
  expect(new Set(lines.map((line) => line.replace(/^process \d+ /, ''))).size).toBe(1)
})

interface Row {
  readonly option: string
  readonly standard: string
}

/** The rows of the table whose first column has that head. */
function table(head: string): Row[] {
  const at = readme.indexOf(`| \`${head}\` option |`)
  const rows = readme.slice(at).split('\n\n')[0]!.trim().split('\n').slice(2)
  return rows.map((row) => {
    const [, option, standard] = row.split('|').map((cell) => cell.trim().replaceAll('`', ''))
    return { option: option!, standard: standard! }
  })
}

/** The members of an interface with their doc comments. */
function members(file: string, name: string): Map<string, string> {
  const source = ts.createSourceFile(file, readFileSync(join(runtime, file), 'utf8'), ts.ScriptTarget.Latest, true)
  const found = new Map<string, string>()
  ts.forEachChild(source, (node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) return
    for (const member of node.members) {
      const doc = ts.getJSDocCommentsAndTags(member).map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
      found.set((member.name as ts.Identifier).text, doc.join(' ').replaceAll('`', '').replace(/\s+/g, ' '))
    }
  })
  expect(found.size).toBeGreaterThan(0)
  return found
}

const prefixed = (prefix: string, of: Map<string, string>): [string, string][] =>
  [...of].map(([name, doc]) => [`${prefix}.${name}`, doc])

const documented: Record<string, () => [string, string][]> = {
  'thrift()': () => [
    ...[...members('thrift/client/transport.ts', 'ThriftOptions')].filter(([name]) => name !== 'pool'),
    ...prefixed('pool', members('net/pool.ts', 'PoolOptions')),
    ...prefixed('healthCheck', members('thrift/client/connection-maintenance.ts', 'HealthCheckOptions')),
  ],
  'retry()': () => [
    ...[...members('core/client/retry-option.ts', 'RetryOptions')].filter(([name]) => name !== 'backoff'),
    ...prefixed('backoff', members('core/backoff.ts', 'BackoffOptions')),
  ],
  Server: () => [
    ...prefixed('limits', members('serve/port.ts', 'PortLimits')),
    ...prefixed('limits', members('serve/server.ts', 'ServerLimits')),
    ...prefixed('thrift', members('thrift/server/options.ts', 'ThriftWireOptions')),
  ],
  'runWorkers()': () => [...members('serve/workers.ts', 'WorkersOptions')],
}

test.each(Object.keys(documented))(
  'the table of %s has every option, with the default that its comment names',
  (head) => {
    const options = documented[head]!()
    const rows = table(head)
    expect(rows.map(({ option }) => option).toSorted()).toEqual(options.map(([option]) => option).toSorted())
    for (const [option, doc] of options) {
      const { standard } = rows.find((row) => row.option === option)!
      if (doc.includes('Default')) expect(`${option}: ${doc}`).toContain(standard)
      else
        expect([option, ['', 'none', "only the IDL's", 'none, plain TCP'].includes(standard)]).toEqual([option, true])
    }
  },
)

test('the numbers of the tables are those of the code', () => {
  const code = ['core', 'net', 'thrift', 'serve', 'middleware']
    .flatMap((folder) =>
      readdirSync(join(runtime, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(runtime, folder, path),
      ),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  for (const { option, standard } of Object.keys(documented).flatMap(table)) {
    if (!/^[\d.,]+$/.test(standard)) continue
    const name = option.split('.').at(-1)!
    const pattern = new RegExp(`\\b(?:default)?${name}(?::[ \\w]+)?(?::[ \\w]+)? (?:\\?\\?|=) ([\\d_.]+)`, 'gi')
    const numbers = [...code.matchAll(pattern)].map(([, number]) => Number(number!.replaceAll('_', '')))
    expect([option, numbers]).toEqual([option, expect.arrayContaining([Number(standard.replaceAll(',', ''))])])
  }
})
