/**
 * The compiler race, against its goals: parsing Thrift, generating 1,000 services cold, and `volo generate` with nothing to do.
 * Every figure is of fresh processes, so that nothing is warm: the best of ROUNDS, in CPU time. Needs `npm run build`.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from 'volo-ts/compiler'

const rounds = Number(process.env['ROUNDS'] ?? 5)
const services = 1_000
const megabytes = 10
const me = fileURLToPath(import.meta.url)

const sourceFolder = join(dirname(me), '../src')
const parserFolder = join(dirname(me), 'gen/parser')
const parserModule = join(parserFolder, 'compiler/idl/thrift/parser.mjs')

/** The Thrift parser by itself, which the package does not export: its modules without their types. */
function buildParser() {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const seen = new Set()
  const build = (path) => {
    if (seen.has(path)) return
    seen.add(path)
    const { outputText } = ts.transpileModule(readFileSync(join(sourceFolder, path), 'utf8'), { compilerOptions })
    const text = outputText.replace(/ from '(\..*?)\.ts'/g, (_, name) => {
      build(join(dirname(path), `${name}.ts`))
      return ` from '${name}.mjs'`
    })
    const file = join(parserFolder, path.replace(/\.ts$/, '.mjs'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  build('compiler/idl/thrift/parser.ts')
}

/** A service as people write them: five methods, three structs, comments. */
function serviceText(i) {
  return `namespace js bench.s${i}

include "base.thrift"

/** What is asked of item ${i}. */
struct Request${i} {
  /** Who asks. */
  1: required i64 id,
  2: optional string name,
  3: list<base.Item> items,   // in the order of the page
  4: map<string, i32> counts,
}

struct Response${i} {
  1: required bool ok,
  2: string message = "fine",
  3: optional base.Item item,
}

exception Refused${i} {
  1: required string reason,
}

/** Answers for item ${i}. */
service Service${i} {
  /** Gets one. */
  Response${i} get(1: Request${i} request) throws (1: Refused${i} refused),
  /** Puts one, and says what became of it. */
  Response${i} put(1: Request${i} request, 2: bool force) throws (1: Refused${i} refused),
  void ping(),
  list<Response${i}> find(1: string query, 2: i32 limit = 10),
  oneway void log(1: string line),
}
`
}

function serviceFiles() {
  const files = { 'base.thrift': 'struct Item {\n  1: required string sku,\n  2: i32 count,\n  3: double price,\n}\n' }
  for (let i = 0; i < services; i++) files[`s${i}.thrift`] = serviceText(i)
  return files
}

/** The best of the passes over the same text. */
async function parseMegabytes(passes) {
  let text = ''
  for (let i = 0; text.length < megabytes * 1_000_000; i++) text += serviceText(i)
  // One flat string, as it comes from a file.
  const source = { path: 'big.thrift', logicalPath: 'big.thrift', text: Buffer.from(text).toString() }
  const { parseThrift } = await import(parserModule)
  const pass = () =>
    measured(() => {
      const { definitions } = parseThrift(source, ({ message }) => {
        throw new Error(message)
      })
      if (definitions.length === 0) throw new Error('nothing was parsed')
      return definitions
    }, text.length)
  return Array.from({ length: passes }, pass).reduce((least, one) => (one.wall < least.wall ? one : least))
}

/** What each child process measures; it prints one line of JSON. */
const tasks = {
  parse: () => parseMegabytes(1),
  parseAgain: () => parseMegabytes(10),
  async generate() {
    const files = serviceFiles()
    const length = Object.values(files).reduce((sum, text) => sum + text.length, 0)
    return measured(() => {
      const { files: modules } = compile({ entries: Object.keys(files), host: memoryHost(files) })
      if (modules.length !== services + 1) throw new Error(`${modules.length} modules came out`)
      return modules
    }, length)
  },
}

function measured(run, length) {
  const rss = process.memoryUsage().rss
  const before = process.cpuUsage()
  const start = performance.now()
  const result = run()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  const memory = process.memoryUsage().rss - rss
  return { wall, cpu: (user + system) / 1000, length, memory, size: result.length }
}

function child(task) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [me, task], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** CPU and wall time of a command; it reports the CPU itself when it ends. */
function volo(folder, ...args) {
  const report = `process.on('exit', () => { const { user, system } = process.cpuUsage(); process._rawDebug('cpu', (user + system) / 1000) })`
  const preload = `data:text/javascript,${encodeURIComponent(report)}`
  const bin = join(dirname(me), '../bin/volo.js')
  const start = performance.now()
  const { stderr, stdout, status } = spawnSync(process.execPath, ['--import', preload, bin, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${stderr}${stdout}`)
  return { wall: performance.now() - start, cpu: Number(/cpu (\d+(?:\.\d+)?)/.exec(stderr)[1]) }
}

function best(run) {
  const results = Array.from({ length: rounds }, run)
  return results.reduce((least, one) => (one.cpu < least.cpu ? one : least))
}

function project() {
  const folder = mkdtempSync(join(tmpdir(), 'volo-bench-'))
  mkdirSync(join(folder, 'idl'))
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const lines = [
    'entries:',
    '  default:',
    '    protocol: thrift',
    '    typescript: { handlers: false }',
    '    services:',
  ]
  for (const [path, text] of Object.entries(serviceFiles())) {
    writeFileSync(join(folder, 'idl', path), text)
    lines.push(`      - idl: { source: local, path: idl/${path} }`)
  }
  writeFileSync(join(folder, 'volo.yml'), `${lines.join('\n')}\n`)
  return folder
}

function main() {
  const parse = best(() => child('parse'))
  const again = best(() => child('parseAgain'))
  const generate = best(() => child('generate'))
  const folder = project()
  try {
    const start = best(() => volo(folder, '--version'))
    volo(folder, 'generate')
    const nothing = best(() => volo(folder, 'generate'))
    const ms = (value) => `${Math.round(value)} ms`
    const speed = ({ length, cpu, wall }) => [
      `${ms(cpu)}, ${(length / 1e3 / cpu).toFixed(1)} MB/s`,
      `${ms(wall)}, ${(length / 1e3 / wall).toFixed(1)} MB/s`,
    ]
    const size = `${(parse.length / 1e6).toFixed(1)} MB`
    const rows = [
      ['what', 'CPU', 'wall', 'goal'],
      ['---', '---', '---', '---'],
      [`parse ${size} of Thrift in one file, first pass of a process`, ...speed(parse), ''],
      [`parse ${size} of Thrift in one file, later passes`, ...speed(again), '30 MB/s'],
      ['memory for it', `${(parse.memory / parse.length).toFixed(1)} times the text`, '', 'a small multiple'],
      [`generate ${services} services in as many files`, ms(generate.cpu), ms(generate.wall), '2,000 ms'],
      ['`volo generate` of them, nothing changed', ms(nothing.cpu), ms(nothing.wall), ''],
      ['of which the command starting', ms(start.cpu), ms(start.wall), ''],
      ['of which work', ms(nothing.cpu - start.cpu), ms(nothing.wall - start.wall), '150 ms'],
    ]
    console.log(`## Compiler\n\nNode ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}.`)
    console.log(`Fresh processes, the best of ${rounds}; CPU counts the threads that collect garbage and optimize.\n`)
    console.log(rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const task = process.argv[2]
if (task === undefined) {
  buildParser()
  main()
} else console.log(JSON.stringify(await tasks[task]()))
