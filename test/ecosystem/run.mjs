/** `npm run ecosystem`: the built package on runtimes that are not Node.js. Says what it skips; exits 1 on a failure. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from 'volo-ts/compiler'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { ecosystem } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).runtimes
const idls = {
  'counter.proto': `syntax = "proto3";
package smoke;
message Number { int32 to = 1; }
service Counter { rpc Count(Number) returns (Number); rpc List(Number) returns (stream Number); }`,
  'shop.thrift': 'service Shop { i64 total(1: list<string> ids) }',
}
const expected = JSON.stringify({
  grpc: [7, [1, 2, 3]],
  grpcWeb: [7, [1, 2, 3]],
  thrift: '2',
  inProcess: '3',
  json: { to: 5 },
})

const folder = mkdtempSync(join(tmpdir(), 'volo-ecosystem-'))
const runs = [
  ['Node.js', process.execPath, []],
  ['Bun', 'npx', ['-y', '-p', `bun@${ecosystem.bun}`, 'bun', 'run']],
  ['Deno', 'npx', ['-y', '-p', `deno@${ecosystem.deno}`, 'deno', 'run', '--allow-all', '--node-modules-dir=manual']],
]
let failed = false
try {
  writeFileSync(join(folder, 'package.json'), '{"type":"module","dependencies":{"volo-ts":"*"}}')
  mkdirSync(join(folder, 'node_modules'))
  mkdirSync(join(folder, 'gen'))
  symlinkSync(root, join(folder, 'node_modules/volo-ts'), 'junction')
  const { files } = compile({ entries: Object.keys(idls), includes: ['.'], host: memoryHost(idls) })
  for (const { path, text } of files) {
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 },
    })
    writeFileSync(join(folder, 'gen', path.replace(/ts$/, 'js')), outputText)
  }
  copyFileSync(join(root, 'test/ecosystem/program.mjs'), join(folder, 'program.mjs'))
  for (const [name, command, args] of runs) {
    const version = spawnSync(command, command === 'npx' ? [...args.slice(0, 4), '--version'] : ['--version'], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (version.status !== 0) {
      console.log(`${name}: SKIPPED, npx cannot fetch it`)
      continue
    }
    const run = spawnSync(command, [...args, 'program.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
    const isRight = run.status === 0 && run.stdout.trim() === expected
    failed ||= !isRight
    console.log(`${name} ${version.stdout.trim().split('\n')[0]}: ${isRight ? 'ok' : 'FAILED'}`)
    if (!isRight) console.log(`expected ${expected}\n${run.stdout}${run.stderr}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
