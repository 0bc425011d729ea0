import { writeFileSync } from 'node:fs'
import { defineConfig, type UserConfig } from 'tsdown'

/** The runtime: no dependencies, nothing of the command. */
const runtime = {
  index: 'src/index.ts',
  thrift: 'src/thrift.ts',
  grpc: 'src/grpc.ts',
  inproc: 'src/inproc.ts',
  gen: 'src/gen.ts',
  web: 'src/web.ts',
}

const shared: UserConfig = {
  tsconfig: 'tsconfig.build.json',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  hash: false,
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
    outputOptions: (options, _, { cjsDts }) => (cjsDts ? options : withoutDocs(options)),
  },
  // A build of its own: what its dependencies need of Node (`import.meta`, `createRequire`) stays out of the runtime.
  {
    ...shared,
    entry: { compiler: 'src/compiler.ts', cli: 'src/cli/main.ts' },
    format: 'esm',
    outDir: 'dist/command',
    clean: false,
    dts: { oxc: true },
  },
])
