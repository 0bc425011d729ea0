/** h2spec, which Go can build, against the HTTP/2 of this package's server and `grpc()`. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cache } from '../../interop/thrift/peer-process.mjs'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const here = fileURLToPath(new URL('./', import.meta.url))
const bin = join(cache, 'h2spec')
/** The commit with every case first; where a module proxy does not have it, the last release that is a module. */
const versions = ['af83a65', 'v2.2.1+incompatible']
/**
 * Cases of h2specd that a gRPC client cannot pass: they expect a request without a body, and take the DATA frame of the call, or
 * the RST_STREAM that answers a response without gRPC's content type, for the answer to what they sent.
 */
const knownFailing = [
  'closed: Sends a DATA frame after sending RST_STREAM frame',
  'closed: Sends a HEADERS frame after sending RST_STREAM frame',
  'Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream',
  'Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream',
]
const buildMs = 300_000
const runMs = 600_000

/** Runs both; gives `{ name, outcome, detail }` for each. */
export async function h2spec() {
  const missing = await build()
  if (missing !== undefined) {
    return ['server', 'client'].map((name) => ({ name, outcome: 'SKIPPED', detail: missing }))
  }
  const modules = mkdtempSync(join(tmpdir(), 'volo-interop-'))
  try {
    await compile(modules)
    return [await testServer(modules), await testClient()]
  } finally {
    rmSync(modules, { recursive: true, force: true })
  }
}

/** Builds the tools; gives the reason when that cannot be. */
async function build() {
  if (existsSync(join(bin, 'h2spec')) && existsSync(join(bin, 'h2specd'))) return undefined
  try {
    await execute('go', ['version'])
  } catch {
    return 'Go is not installed'
  }
  let reason = ''
  for (const version of versions) {
    try {
      for (const tool of ['h2spec', 'h2specd']) {
        await execute('go', ['install', `github.com/summerwind/h2spec/cmd/${tool}@${version}`], {
          env: { ...process.env, GOBIN: bin },
          timeout: buildMs,
        })
      }
      return undefined
    } catch (error) {
      reason = String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)
    }
  }
  return `Go could not build it: ${reason}`
}

/** The HTTP/2 folder as JavaScript, for it is no part of the package's faces. */
async function compile(folder) {
  const sources = ['http2/server/connection.ts']
  await execute(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...sources.map((file) => join(root, 'src/runtime', file)),
      ...['--ignoreConfig', '--noCheck', '--rewriteRelativeImportExtensions', '--types', 'node'],
      ...['--module', 'nodenext', '--target', 'es2022', '--rootDir', join(root, 'src'), '--outDir', folder],
    ],
    { cwd: root },
  )
}

async function testServer(modules) {
  const server = spawn(process.execPath, [join(here, 'server.mjs'), modules], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(server.stdout, 'data')
    const { stdout } = await run('h2spec', ['--strict', '-h', '127.0.0.1', '-p', String(port).trim()])
    return judge('server', stdout, [])
  } finally {
    server.kill()
  }
}

async function testClient() {
  const client = [process.execPath, join(here, 'client.mjs')].join(' ')
  // Ports below those that the system gives to outgoing connections.
  const { stdout } = await run('h2specd', ['--exec', client, '--from-port', '21100'])
  return judge('client', stdout, knownFailing)
}

/** A tool fails with its exit code when a case does; its words say which. */
async function run(tool, words) {
  return execute(join(bin, tool), words, { timeout: runMs, maxBuffer: 16 << 20 }).catch((error) => error)
}

function judge(name, stdout, known) {
  const text = String(stdout ?? '')
  const summary = text.match(/^\d+ tests, \d+ passed, \d+ skipped, \d+ failed$/m)
  if (summary === null) return { name, outcome: 'FAILED', detail: text.trim().split('\n').at(-1) || 'no result' }
  const failed = new Set([...text.matchAll(/^.*× \d+: (.*)$/gm)].map(([, title]) => title))
  const wrong = [...failed].filter((title) => !known.includes(title))
  const mended = known.filter((title) => !failed.has(title)).map((title) => `passes now: ${title}`)
  const lines = [summary[0], ...(known.length > 0 ? [`${known.length} known`] : []), ...wrong, ...mended]
  return { name, outcome: wrong.length + mended.length === 0 ? 'passed' : 'FAILED', detail: lines.join('\n        ') }
}
