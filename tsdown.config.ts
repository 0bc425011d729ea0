import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'
import { packagesOf, sbom } from './scripts/sbom.mjs'

/** The runtime: no dependencies but the optional peers of the faces named for them, nothing of the command. */
const runtime = {
  index: 'src/index.ts',
  thrift: 'src/thrift.ts',
  grpc: 'src/grpc.ts',
  inproc: 'src/inproc.ts',
  gen: 'src/gen.ts',
  web: 'src/web.ts',
  discovery: 'src/discovery.ts',
  opentelemetry: 'src/opentelemetry.ts',
  prometheus: 'src/prometheus.ts',
}

const shared: UserConfig = {
  tsconfig: 'tsconfig.build.json',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  hash: false,
}

/**
 * Types that the declarations name and no ECMAScript library before 2026 has. DOM and @types/node declare the same
 * interfaces, which merge with these; where neither is there, these are enough.
 */
const platform = `declare global {
  interface AbortSignal {}
  interface URL {}
  interface AsyncDisposable {}
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}
export {}
`

/** Makes the declarations stand without DOM; those that name types of Node.js load @types/node by themselves. */
function completeDeclarations(): void {
  for (const name of readdirSync('dist/cjs').filter((one) => one.endsWith('.d.cts'))) {
    const text = readFileSync(`dist/cjs/${name}`, 'utf8')
    const node = /from "node:|\bNodeJS\./.test(text) ? '/// <reference types="node" />\n' : ''
    writeFileSync(`dist/cjs/${name}`, `${node}/// <reference path="./platform.d.cts" />\n${text}`)
  }
  writeFileSync('dist/cjs/platform.d.cts', platform)
}

/** A file of a build, as the bundler tells of it. */
interface OutputFile {
  readonly fileName: string
  readonly imports?: readonly string[]
  readonly moduleIds?: readonly string[]
}

/** Writes the bill of materials of what is bundled, and for tests which modules each file holds. */
const billOfMaterials = {
  name: 'bill-of-materials',
  generateBundle(_: unknown, bundle: Readonly<Record<string, OutputFile>>): void {
    const files = Object.values(bundle)
    writeFileSync('dist/sbom.cdx.json', sbom(packagesOf(files.flatMap(({ moduleIds = [] }) => moduleIds))))
    const modules = files.map(({ fileName, imports = [], moduleIds = [] }) => [
      fileName,
      { imports, modules: moduleIds.map((id) => relative('.', id).replaceAll('\\', '/')) },
    ])
    writeFileSync('dist/modules.json', JSON.stringify(Object.fromEntries(modules)))
  },
}

/** For code that nobody reads in an editor: the package is smaller by a tenth. */
const withoutDocs = <Options extends object>(options: Options): Options => ({ ...options, comments: { jsdoc: false } })

export default defineConfig([
  {
    ...shared,
    entry: runtime,
    format: 'esm',
    clean: true,
    dts: false,
    outputOptions: withoutDocs,
    hooks: {
      // One set of declarations for both formats: a class of the one is assignable to the class of the other.
      'build:done': () => {
        for (const face of Object.keys(runtime))
          writeFileSync(`dist/${face}.d.ts`, `export * from './cjs/${face}.cjs'\n`)
      },
    },
  },
  {
    ...shared,
    entry: runtime,
    format: 'cjs',
    outDir: 'dist/cjs',
    clean: false,
    dts: { oxc: true },
    hooks: { 'build:done': completeDeclarations },
    outputOptions: (options, _, { cjsDts }) => (cjsDts ? options : withoutDocs(options)),
  },
  // A build of its own: what its dependencies need of Node (`import.meta`, `createRequire`) stays out of the runtime.
  {
    ...shared,
    entry: { compiler: 'src/compiler.ts', cli: 'src/cli/main.ts' },
    format: 'esm',
    outDir: 'dist/command',
    clean: false,
    dts: false,
    plugins: [billOfMaterials],
    // Names of functions stay, so that the stack of a fault can be read.
    minify: { compress: true, mangle: { toplevel: false, keepNames: { function: true, class: true } } },
    outputOptions: withoutDocs,
  },
  {
    ...shared,
    entry: { compiler: 'src/compiler.ts' },
    format: 'esm',
    outDir: 'dist/command',
    clean: false,
    dts: { oxc: true, emitDtsOnly: true },
  },
])
