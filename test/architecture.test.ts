/** Holds the import rules of ARCHITECTURE.md from the code's own imports. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const src = join(root, 'src')

interface Import {
  readonly from: string
  /** A path below src/, a bare package name, or `node:x`. */
  readonly to: string
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.name.endsWith('.ts') ? [path] : []
  })
}

/** The code of a file with comments and, for the search of names, strings left in. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|[\s;,{}()])\/\/[^\n]*/g, '$1')
}

const importPattern = /(?:\b(?:import|export)\b[^'"`;=()]*?\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)['"]([^'"]+)['"]/g
const files = filesBelow(src).map((path) => relative(src, path).split(sep).join('/'))
const code = new Map(files.map((file) => [file, withoutComments(readFileSync(join(src, file), 'utf8'))]))
/** Generated code and tables of text hold import-like strings; only a line's own start counts there. */
const isText = (file: string): boolean => file === 'compiler/idl/proto/bundled.ts'
const imports: Import[] = files
  .filter((file) => !isText(file))
  .flatMap((from) =>
    [...code.get(from)!.matchAll(importPattern)].map((match) => {
      const to = match[1]!
      return { from, to: to.startsWith('.') ? join(dirname(from), to).split(sep).join('/') : to }
    }),
  )
  .filter((one) => !one.from.startsWith('compiler/gen/') || one.to.endsWith('.ts') || !one.to.includes('/'))

const faces = new Set([
  'index.ts',
  'thrift.ts',
  'grpc.ts',
  'inproc.ts',
  'compiler.ts',
  'gen.ts',
  'web.ts',
  'discovery.ts',
  'opentelemetry.ts',
  'prometheus.ts',
])

/** The part of the house a file belongs to. */
function part(path: string): string {
  if (faces.has(path)) return path === 'compiler.ts' ? 'face:compiler' : path === 'gen.ts' ? 'face:gen' : 'face:runtime'
  const [first, second, third] = path.split('/')
  if (first === 'runtime') return `runtime/${second}`
  if (first === 'compiler' && second === 'idl') return third?.endsWith('.ts') ? 'compiler' : `compiler/idl/${third}`
  if (first === 'compiler' && ['ir', 'gen', 'breaking'].includes(second!)) return `compiler/${second}`
  return first!
}

const runtimeParts = [
  'core',
  'ambient',
  'middleware',
  'net',
  'thrift',
  'protobuf',
  'http2',
  'http1',
  'grpc',
  'inproc',
  'discovery',
  'balance',
  'telemetry',
  'serve',
].map((name) => `runtime/${name}`)
const compilerParts = ['', '/ir', '/gen', '/breaking', '/idl/thrift', '/idl/proto'].map((name) => `compiler${name}`)

/** Which parts a part may import, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['project', 'face:runtime', 'face:compiler', 'face:gen', ...compilerParts],
  project: compilerParts,
  compiler: [...compilerParts, 'runtime/protobuf', 'runtime/core'],
  'compiler/ir': ['compiler', 'runtime/protobuf', 'runtime/core'],
  'compiler/gen': ['compiler', 'compiler/ir', 'runtime/core'],
  'compiler/breaking': ['compiler', 'compiler/ir'],
  'compiler/idl/thrift': ['compiler', 'compiler/ir'],
  'compiler/idl/proto': ['compiler', 'compiler/ir'],
  'face:compiler': compilerParts,
  'face:runtime': runtimeParts,
  'face:gen': ['runtime/core', 'runtime/thrift', 'runtime/protobuf'],
  'runtime/core': [],
  'runtime/ambient': ['runtime/core'],
  'runtime/middleware': ['runtime/core'],
  'runtime/net': ['runtime/core'],
  'runtime/thrift': ['runtime/core', 'runtime/net'],
  'runtime/protobuf': ['runtime/core'],
  'runtime/http2': ['runtime/core', 'runtime/net'],
  'runtime/http1': ['runtime/core', 'runtime/net', 'runtime/http2'],
  'runtime/grpc': ['runtime/core', 'runtime/http2', 'runtime/http1', 'runtime/protobuf'],
  'runtime/inproc': ['runtime/core', 'runtime/ambient', 'runtime/thrift', 'runtime/protobuf', 'runtime/grpc'],
  'runtime/discovery': ['runtime/core', 'runtime/grpc', 'runtime/protobuf'],
  'runtime/balance': ['runtime/core', 'runtime/discovery'],
  'runtime/telemetry': ['runtime/core', 'runtime/middleware', 'runtime/serve'],
  'runtime/serve': runtimeParts.filter((name) => name !== 'runtime/telemetry'),
}

/** The one home of each node: module that opens a door to the world. */
const homes: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['runtime/net'],
  'node:tls': ['runtime/net'],
  'node:http': ['runtime/net'],
  'node:cluster': ['runtime/net'],
  'node:http2': [],
  'node:zlib': ['runtime/grpc'],
  'node:worker_threads': ['runtime/inproc'],
  'node:async_hooks': ['runtime/ambient'],
  'node:fs': ['cli', 'project', 'runtime/net'],
  'node:fs/promises': ['cli', 'project', 'runtime/net'],
  'node:child_process': ['cli', 'project'],
  'node:perf_hooks': ['runtime/telemetry'],
  'node:dns': ['runtime/discovery'],
  'node:dns/promises': ['runtime/discovery'],
}

/** The one home of each optional peer. */
const peerHomes: Readonly<Record<string, string>> = { '@opentelemetry/api': 'runtime/telemetry/opentelemetry' }

/** The folders and files of core, lowest first: each imports only what stands before it. */
const coreOrder = [
  [
    'version',
    'text',
    'copies',
    'error',
    'metadata',
    'metainfo',
    'backoff',
    'option-check',
    'iterator',
    'ids',
    'fifo',
    'queue',
    'waiting-line',
  ],
  ['bytes'],
  ['message'],
  ['method-kind', 'service-type'],
  ['stream'],
  ['context'],
  ['drain', 'router', 'wire', 'refusal', 'layer', 'observe'],
  ['server'],
  ['raw'],
  ['direct'],
  ['transport'],
  ['client'],
  ['json'],
  ['generic'],
]

/** The most files of its own that a folder may have. */
const mostFiles = 20

const show = (list: readonly Import[]): string[] => list.map((one) => `${one.from} -> ${one.to}`)

describe('architecture', () => {
  test('every relative import names an existing file', () => {
    expect(show(imports.filter((one) => one.to.endsWith('.ts') && !code.has(one.to)))).toEqual([])
    expect(show(imports.filter((one) => !one.to.endsWith('.ts') && existsSync(join(src, one.to))))).toEqual([])
  })

  test('imports point down', () => {
    const wrong = imports.filter((one) => {
      if (!code.has(one.to)) return false
      const [from, to] = [part(one.from), part(one.to)]
      return from !== to && !allowed[from]?.includes(to)
    })
    expect(show(wrong)).toEqual([])
  })

  test('the folders of core import only the ones below them', () => {
    const rank = (path: string): number => {
      const name = path.split('/')[2]!.replace(/\.ts$/, '')
      return coreOrder.findIndex((names) => names.includes(name))
    }
    const inCore = (path: string): boolean => path.startsWith('runtime/core/')
    expect(files.filter((file) => inCore(file) && rank(file) === -1)).toEqual([])
    const wrong = imports.filter((one) => inCore(one.from) && inCore(one.to) && rank(one.to) > rank(one.from))
    expect(show(wrong)).toEqual([])
  })

  test('no folder has more files than a reader takes in at once', () => {
    const sizes = new Map<string, number>()
    for (const file of files) if (file.includes('/')) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1)
    expect([...sizes].filter(([, count]) => count > mostFiles)).toEqual([])
  })

  test.each(['runtime/core', 'runtime/http2', 'runtime/serve', 'compiler', 'compiler/gen', 'compiler/ir'])(
    '%s has a README that opens with its name',
    (folder) => {
      const name = folder.split('/').at(-1)
      expect(readFileSync(join(src, folder, 'README.md'), 'utf8').startsWith(`# ${name}\n`)).toBe(true)
    },
  )

  test('every file that ARCHITECTURE.md names exists', () => {
    const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    const named = [...map.matchAll(/`((?:core|compiler|http2|grpc|serve)\/[\w/-]+\.ts)`/g)].map((match) => match[1]!)
    expect(named.length).toBeGreaterThan(10)
    const found = (path: string): boolean => existsSync(join(src, path)) || existsSync(join(src, 'runtime', path))
    expect(named.filter((path) => !found(path))).toEqual([])
  })

  test('generated code reaches only the protocol part of the Thrift runtime', () => {
    const wrong = imports.filter(
      (one) =>
        one.from === 'gen.ts' && one.to.startsWith('runtime/thrift/') && !one.to.startsWith('runtime/thrift/protocol/'),
    )
    expect(show(wrong)).toEqual([])
  })

  test('there is no cycle, type-only imports included', () => {
    const edges = new Map<string, string[]>(files.map((file) => [file, []]))
    for (const one of imports) if (code.has(one.to)) edges.get(one.from)!.push(one.to)
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const walk = (file: string, trail: readonly string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '))
        return
      }
      state.set(file, 'open')
      for (const next of edges.get(file)!) walk(next, [...trail, file])
      state.set(file, 'done')
    }
    for (const file of files) walk(file, [])
    expect(cycles).toEqual([])
  })

  test('each node: module has one home', () => {
    const wrong = imports.filter((one) => {
      if (builtinModules.includes(one.to)) return true
      if (!one.to.startsWith('node:')) return false
      const from = part(one.from)
      if (from === 'runtime/core' || from.startsWith('compiler') || from.startsWith('face:compiler')) return true
      return homes[one.to] !== undefined && !homes[one.to]!.includes(from)
    })
    expect(show(wrong)).toEqual([])
  })

  test('the process is touched only by the command', () => {
    const wrong = files.filter(
      (file) =>
        part(file) !== 'cli' &&
        // Whether a package script runs this process is said by the environment alone.
        file !== 'runtime/serve/on-orphaned.ts' &&
        /\bprocess\.(argv|env|exit|exitCode|cwd|chdir|stdin|stdout|stderr)\b/.test(code.get(file)!),
    )
    expect(wrong.filter((file) => !file.startsWith('compiler/gen/'))).toEqual([])
  })

  test('packages are imported by the command and the project only, optional peers by one folder each', () => {
    const wrong = imports.filter(
      (one) =>
        !code.has(one.to) &&
        !one.to.startsWith('node:') &&
        !['cli', 'project'].includes(part(one.from)) &&
        dirname(one.from) !== peerHomes[one.to],
    )
    expect(show(wrong)).toEqual([])
  })

  test.each(['gen.ts', 'web.ts'])('%s, which browsers load, reaches no node: module', (face) => {
    const seen = new Set<string>()
    const reached: string[] = []
    const walk = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const one of imports.filter((edge) => edge.from === file)) {
        if (one.to.startsWith('node:')) reached.push(`${file} -> ${one.to}`)
        else if (code.has(one.to)) walk(one.to)
      }
    }
    walk(face)
    expect(seen.size).toBeGreaterThan(10)
    expect(reached).toEqual([])
  })

  test('there are no drawers, inner indexes or default exports', () => {
    expect(files.filter((file) => /(^|\/)(utils?|common|helpers?|misc|shared)(\/|\.ts$)/.test(file))).toEqual([])
    expect(files.filter((file) => /.+\/index\.ts$/.test(file))).toEqual([])
    expect(
      files.filter((file) => !file.startsWith('compiler/gen/') && /^export default\b/m.test(code.get(file)!)),
    ).toEqual([])
  })

  test('every file opens with a sentence that says what it is', () => {
    const wrong = files.filter(
      (file) => !/^(#!.*\n)?(\/\*\*|\/\/ Generated by)/.test(readFileSync(join(src, file), 'utf8')),
    )
    expect(wrong).toEqual([])
  })
})
