/**
 * Type-checks every golden, and the declarations of the package behind it, with the versions of TypeScript that users may have.
 * `npm run build` first, then `npm run ts-matrix [version…]`; exits 1 when a version finds an error. Versions that the registry does not have are said.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const { runtimes } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const versions = process.argv.length > 2 ? process.argv.slice(2) : runtimes.typescript
const golden = join(repository, 'test/golden')
const folder = mkdtempSync(join(tmpdir(), 'volo-ts-matrix-'))

const files = readdirSync(golden, { recursive: true, withFileTypes: true })
  .filter((one) => one.isFile() && one.name.endsWith('.ts') && one.parentPath.split(/[\\/]/).includes('expected'))
  .map((one) => join(one.parentPath, one.name))

/** The strictest options that a version knows. */
function options(version) {
  const [major, minor] = version.split('.').map(Number)
  return {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    moduleDetection: 'force',
    types: ['node'],
    typeRoots: [join(repository, 'node_modules/@types')],
    paths: { 'volo-ts/gen': [join(repository, 'dist/gen.d.ts')] },
    noEmit: true,
    declaration: true,
    // Goldens import each other as the entry's options ask for.
    allowImportingTsExtensions: true,
    skipLibCheck: false,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noFallthroughCasesInSwitch: true,
    noPropertyAccessFromIndexSignature: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    allowUnreachableCode: false,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    isolatedDeclarations: true,
    ...(major > 5 || minor >= 8 ? { erasableSyntaxOnly: true } : {}),
  }
}

const rows = []
try {
  for (const version of versions) {
    const config = join(folder, `tsconfig.${version}.json`)
    writeFileSync(config, JSON.stringify({ compilerOptions: options(version), files }))
    const tsc = (args) =>
      spawnSync('npx', ['-y', '-p', `typescript@${version}`, 'tsc', ...args], { encoding: 'utf8', cwd: folder })
    const said = tsc(['--version'])
    const name = /Version (\S+)/.exec(said.stdout ?? '')?.[1]
    if (said.status !== 0 || name === undefined) {
      rows.push([version, 'SKIPPED: the registry does not have it'])
      continue
    }
    const started = performance.now()
    const { status, stdout } = tsc(['-p', config])
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (status !== 0) process.stdout.write(stdout)
    const errors = stdout.split('\n').filter((line) => line.includes('error TS')).length
    rows.push([name, status === 0 ? `ok (${seconds} s)` : `FAILED: ${errors} errors`])
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${files.length} generated modules`)
for (const [version, outcome] of rows) console.log(`TypeScript ${version.padEnd(8)} ${outcome}`)
process.exitCode = rows.some(([, outcome]) => outcome.startsWith('FAILED')) ? 1 : 0
