/** The declarations of the package as the projects of users check them, library checks included. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const { runtimes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly runtimes: { readonly typescript: readonly string[] }
}

const browser = `import { createClient, RpcError, contextKey } from 'volo-ts/web'
import { grpcWeb } from 'volo-ts/web'
import { Duration, fileSchema, thriftStruct } from 'volo-ts/gen'
export const all = [createClient, RpcError, contextKey, grpcWeb, Duration, fileSchema, thriftStruct]
`
const everything = `${browser}
import { Metadata, Server } from 'volo-ts'
import { compile } from 'volo-ts/compiler'
import { grpc } from 'volo-ts/grpc'
import { threads } from 'volo-ts/inproc'
import { thrift } from 'volo-ts/thrift'
const server = new Server({ http: {} })
export const close = (): Promise<void> => server.close()
export const text: string = new RpcError('NOT_FOUND', 'gone', { metadata: new Metadata() }).message
// @ts-expect-error the types are there: a port is not a boolean
server.listen(true)
export const rest = [compile, grpc, threads, thrift]
`

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'volo-types-'))
  for (const project of ['bare', 'node']) {
    const target = join(folder, project, 'node_modules/volo-ts')
    for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(target, part), { recursive: true })
    writeFileSync(join(folder, project, 'browser.ts'), browser)
    writeFileSync(join(folder, project, 'everything.mts'), everything)
    writeFileSync(join(folder, project, 'everything.ts'), everything)
    writeFileSync(
      join(folder, project, 'everything.cts'),
      everything.replace("import { compile } from 'volo-ts/compiler'", 'const compile = 0'),
    )
  }
  const types = join(folder, 'node/node_modules/@types')
  mkdirSync(types)
  symlinkSync(join(root, 'node_modules/@types/node'), join(types, 'node'), 'junction')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What TypeScript says of one file, nothing taken from outside the project. */
function errors(project: 'bare' | 'node', file: string, options: ts.CompilerOptions): string[] {
  const path = join(folder, project, file)
  const host = ts.createCompilerHost(options)
  host.getCurrentDirectory = () => join(folder, project)
  const program = ts.createProgram({
    rootNames: [path],
    options: { target: ts.ScriptTarget.ES2022, strict: true, noEmit: true, skipLibCheck: false, ...options },
    host,
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file: at, messageText }) => `${at?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

const { ModuleKind, ModuleResolutionKind } = ts
const nodeNext = { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext }
const node16 = { module: ModuleKind.Node16, moduleResolution: ModuleResolutionKind.Node16 }
const bundler = { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler }
const node10 = {
  module: ModuleKind.CommonJS,
  moduleResolution: ModuleResolutionKind.Node10,
  ignoreDeprecations: '6.0',
}
const es2022 = ['lib.es2022.d.ts']
const dom = ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts']

describe('the types', () => {
  test.each([
    ['neither DOM nor @types/node', es2022],
    ['DOM', dom],
    ['the newest ECMAScript', ['lib.esnext.d.ts']],
  ])('of volo-ts/web and volo-ts/gen stand alone with %s', (_, lib) => {
    for (const options of [bundler, nodeNext, node10]) {
      expect(errors('bare', 'browser.ts', { ...options, lib, types: [] })).toEqual([])
    }
  })

  test.each([
    ['bundler', 'everything.ts', bundler],
    ['nodenext, an ES module', 'everything.mts', nodeNext],
    ['nodenext, CommonJS', 'everything.cts', nodeNext],
    ['node16, an ES module', 'everything.mts', node16],
    ['node16, CommonJS', 'everything.cts', node16],
    ['node10', 'everything.ts', node10],
  ])('of every face resolve under %s, and load @types/node without "types": ["node"]', (_, file, options) => {
    expect(errors('node', file, { ...options, lib: es2022, types: [] })).toEqual([])
    if (options === bundler) expect(errors('node', file, { ...options, lib: dom, types: [] })).toEqual([])
  })

  test('of the faces for Node.js ask for @types/node where it is missing', () => {
    const found = errors('bare', 'everything.mts', { ...nodeNext, lib: es2022, types: [] })
    expect(found.join('\n')).toContain("Cannot find type definition file for 'node'")
  })
})

test('the README states the versions of TypeScript that npm run ts-matrix checks, and the modes that are checked here', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, section = ''] = /^### TypeScript\n([\s\S]*?)(?=\n#|$(?![\s\S]))/m.exec(readme) ?? []
  const [, versions] = /^\| versions \| ([^|]+) \|$/m.exec(section) ?? []
  expect(versions).toBe(runtimes.typescript.join(', '))
  const [, modes] = /^\| `moduleResolution` \| ([^|]+) \|$/m.exec(section) ?? []
  expect(modes).toBe('`bundler`, `nodenext`, `node16` (ES modules and CommonJS), `node10`')
})
