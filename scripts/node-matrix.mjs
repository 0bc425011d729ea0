/**
 * Runs the tests of the runtime, the browser client and the package on the versions of Node that package.json pins under
 * `runtimes`. `npm run node-matrix [version…]`; exits 1 when a test fails on one of them. The version that runs this
 * script is left out: `npm test` runs there. `npx` fetches the binaries, and only here.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const { runtimes } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const [own] = process.versions.node.split('.')
const versions = process.argv.length > 2 ? process.argv.slice(2) : runtimes.node

/** What depends on the version of Node: sockets, HTTP, TLS, threads, processes, modules. The rest runs by `npm test`. */
const tests = [
  'test/runtime/ambient',
  'test/runtime/balance',
  'test/runtime/discovery',
  'test/runtime/telemetry',
  'test/runtime/grpc',
  'test/runtime/http2',
  'test/runtime/inproc',
  'test/runtime/middleware',
  'test/runtime/net',
  'test/runtime/serve',
  'test/runtime/thrift',
  'test/runtime/core',
  'test/behaviour',
  'test/examples',
  'test/inproc.test.ts',
  'test/web.test.ts',
]
/** The same among the tests of `npm run e2e`. */
const endToEnd = [
  'test/package.e2e.test.ts',
  'test/package-copies.e2e.test.ts',
  'test/runtime/serve/workers.e2e.test.ts',
]
/** Computations, which take long and do not depend on it. */
const without = ['test/runtime/core/doc-example.test.ts', 'test/runtime/thrift/protocol/**']

const rows = []
const folder = mkdtempSync(join(tmpdir(), 'volo-node-matrix-'))
try {
  for (const version of versions) {
    if (version.split('.')[0] === own && process.argv.length === 2) {
      rows.push([version, `this Node (${process.versions.node}): the whole suite runs by npm test`])
      continue
    }
    const found = spawnSync('npx', ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'], {
      encoding: 'utf8',
      cwd: folder,
    })
    const node = found.stdout.trim()
    if (found.status !== 0 || node === '') {
      process.stderr.write(found.stderr)
      rows.push([version, 'FAILED: npx cannot fetch it'])
      continue
    }
    // Tests that start a program by the name `node` get this version, too.
    const bin = join(folder, version)
    symlinkSync(join(node, '..'), bin)
    const path = `${bin}${delimiter}${process.env.PATH}`
    console.log(`\n== Node ${version}`)
    const started = performance.now()
    const vitest = (...args) =>
      spawnSync(node, [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=dot', ...args], {
        cwd: repository,
        stdio: 'inherit',
        env: { ...process.env, PATH: path },
      }).status === 0
    const unit = vitest(...without.map((one) => `--exclude=${one}`), ...tests)
    const whole = vitest('--config', 'vitest.e2e.config.ts', ...endToEnd)
    rows.push([version, `${unit && whole ? 'ok' : 'FAILED'} (${((performance.now() - started) / 1000).toFixed(0)} s)`])
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log()
for (const [version, outcome] of rows) console.log(`Node ${version.padEnd(9)} ${outcome}`)
process.exitCode = rows.some(([, outcome]) => outcome.startsWith('FAILED')) ? 1 : 0
