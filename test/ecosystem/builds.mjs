/** The bundlers, loaders and test runners of `npm run ecosystem`: what each runs, beside program.mjs and gen/. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const bin = (path) => join('node_modules', path)
const esbuild = (format, out) => [
  bin('esbuild/bin/esbuild'),
  'program.mjs',
  '--bundle',
  '--platform=node',
  `--format=${format}`,
  `--outfile=${out}`,
]

/** Each runs its commands by Node.js in the folder; the last one prints the outcome, where `prints` is set. */
export const builds = [
  { name: 'esbuild, ES module', commands: [esbuild('esm', 'out/esbuild.mjs'), ['out/esbuild.mjs']], prints: true },
  { name: 'esbuild, CommonJS', commands: [esbuild('cjs', 'out/esbuild.cjs'), ['out/esbuild.cjs']], prints: true },
  {
    name: 'webpack, ES module imports',
    commands: [['webpack.cjs', './program.mjs'], ['out/webpack/main.cjs']],
    prints: true,
  },
  {
    name: 'webpack, CommonJS requires',
    commands: [['webpack.cjs', './cjs/program.js'], ['out/webpack/main.cjs']],
    prints: true,
  },
  {
    name: 'Vite SSR',
    commands: [
      [bin('vite/bin/vite.js'), 'build', '--ssr', 'program.mjs', '--outDir', 'out/vite'],
      ['out/vite/program.mjs'],
    ],
    prints: true,
  },
  {
    name: 'Rollup',
    commands: [
      [
        bin('rollup/dist/bin/rollup'),
        'program.mjs',
        '-p',
        'node-resolve={preferBuiltins:true}',
        '-f',
        'es',
        '-d',
        'out/rollup',
        '--entryFileNames',
        '[name].mjs',
        '--chunkFileNames',
        '[name].mjs',
      ],
      ['out/rollup/program.mjs'],
    ],
    prints: true,
  },
  { name: 'tsx', commands: [[bin('tsx/dist/cli.mjs'), 'ts/program.ts']], prints: true },
  {
    name: 'CommonJS without require(esm)',
    commands: [['--no-experimental-require-module', 'cjs/program.js']],
    prints: true,
  },
  {
    name: 'Jest with ts-jest, CommonJS',
    commands: [[bin('jest/bin/jest.js'), '--config', 'ts/jest.config.cjs']],
    prints: false,
  },
]

/** Writes the configurations, and the program and the generated `files` as TypeScript (ts/) and as CommonJS (cjs/). */
export function writeConfigs(folder, files, toCommonJs) {
  for (const name of ['ts/gen', 'cjs/gen']) mkdirSync(join(folder, name), { recursive: true })
  copyFileSync(join(folder, 'program.mjs'), join(folder, 'ts/program.ts'))
  writeFileSync(join(folder, 'cjs/program.js'), toCommonJs(readFileSync(join(folder, 'program.mjs'), 'utf8')))
  for (const { path, text } of files) {
    writeFileSync(join(folder, 'ts/gen', path), text)
    writeFileSync(join(folder, 'cjs/gen', path.replace(/ts$/, 'js')), toCommonJs(text))
  }
  writeFileSync(join(folder, 'cjs/package.json'), '{"type":"commonjs"}')
  writeFileSync(
    join(folder, 'ts/program.test.ts'),
    `import { main } from './program'
test('the calls give what they should', async () => {
  expect(await main()).toBe(process.env.EXPECTED)
})
`,
  )
  writeFileSync(
    join(folder, 'ts/jest.config.cjs'),
    `module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  moduleNameMapper: { '^([.]{1,2}/.*)[.]js$': '$1' },
  transform: { '[.]ts$': ['ts-jest', { diagnostics: false, tsconfig: { target: 'es2022', module: 'commonjs', esModuleInterop: true, isolatedModules: true } }] },
}
`,
  )
  writeFileSync(
    join(folder, 'webpack.cjs'),
    `require('webpack')(
  {
    mode: 'production',
    target: 'node',
    entry: process.argv[2],
    output: { path: __dirname + '/out/webpack', filename: 'main.cjs', chunkFilename: '[id].cjs' },
  },
  (error, stats) => {
    if (error || stats.hasErrors()) {
      console.error(String(error ?? stats.toString('errors-only')))
      process.exitCode = 1
    }
  },
)
`,
  )
  writeFileSync(
    join(folder, 'vite.config.mjs'),
    `export default {
  ssr: { noExternal: true },
  build: { rollupOptions: { output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' } } },
  logLevel: 'error',
}
`,
  )
}
