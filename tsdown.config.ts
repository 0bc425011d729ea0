import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    thrift: 'src/thrift.ts',
    grpc: 'src/grpc.ts',
    inproc: 'src/inproc.ts',
    compiler: 'src/compiler.ts',
    gen: 'src/gen.ts',
    web: 'src/web.ts',
    cli: 'src/cli/main.ts',
  },
  tsconfig: 'tsconfig.build.json',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  dts: { oxc: true },
  fixedExtension: false,
  clean: true,
  hash: false,
})
