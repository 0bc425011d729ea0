/** `npm run ecosystem`: the built package on other runtimes than Node.js, and through the bundlers and test runners of its users. Says what it skips; exits 1 on a failure. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { compile, memoryHost } from 'volo-ts/compiler'
import { builds, writeConfigs } from './builds.mjs'

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
  const target = join(folder, 'node_modules/volo-ts')
  for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(target, part), { recursive: true })
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
  const tools = Object.entries(ecosystem.tools).map(([name, version]) => `${name}@${version}`)
  const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...tools]
  rmSync(join(folder, 'package.json'))
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  if (spawnSync('npm', install, { cwd: folder, encoding: 'utf8' }).status !== 0) {
    console.log(`${builds.map(({ name }) => name).join(', ')}: SKIPPED, npm cannot install them`)
  } else {
    // npm removes what it did not install.
    for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(target, part), { recursive: true })
    writeFileSync(join(folder, 'gen/package.json'), '{"type":"module"}')
    writeConfigs(folder, files, (text) => {
      const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
      return ts.transpileModule(text, { compilerOptions }).outputText
    })
    for (const { name, commands, prints } of builds) {
      let last
      for (const args of commands) {
        last = spawnSync(process.execPath, args, {
          cwd: folder,
          encoding: 'utf8',
          timeout: 120_000,
          env: { ...process.env, EXPECTED: expected },
        })
        if (last.status !== 0) break
      }
      const isRight = last.status === 0 && (!prints || last.stdout.trim() === expected)
      failed ||= !isRight
      console.log(`${name}: ${isRight ? 'ok' : 'FAILED'}`)
      if (!isRight) console.log(`expected ${expected}\n${last.stdout}${last.stderr}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
