/** grpc-go, both roles: its own interoperability programs. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cache, missingTool, run } from '../thrift/peer-process.mjs'
import { asClient, freePort, listening, programClient } from './both-roles.mjs'
import { cases } from './cases.mjs'

const version = 'v1.83.2'
const folder = join(cache, 'grpc-go', version)
const peer = `grpc-go ${version}`

const noCompression = 'its interoperability programs know no compression'
const compressed = Object.fromEntries(
  Object.keys(cases)
    .filter((title) => title.includes('compressed'))
    .map((title) => [title, noCompression]),
)

/** `{ name, outcome, detail }` for both roles. */
export async function grpcGo() {
  const problem = (await missingTool('Go', 'go', ['version'])) ?? (await build())
  if (problem !== undefined) return [{ name: 'grpc-go', outcome: 'SKIPPED', detail: problem }]
  const titles = [...Object.keys(cases), 'rpc_soak', 'channel_soak']
  const words = (port, title) => [
    ...['--server_host', '127.0.0.1', '--server_port', String(port), '--test_case', title],
    ...['--soak_iterations', '200', '--soak_num_threads', '4', '--soak_overall_timeout_seconds', '25'],
  ]
  return [
    await withServer((port) => asClient(peer, port, { except: compressed })),
    await programClient(peer, join(folder, 'client'), words, { titles, except: compressed }),
  ]
}

async function withServer(test) {
  const port = await freePort()
  const server = spawn(join(folder, 'server'), ['--port', String(port)], { stdio: 'ignore' })
  const exited = once(server, 'exit')
  try {
    await listening(port)
    return await test(port)
  } finally {
    server.kill('SIGKILL')
    await exited
  }
}

/** Builds both programs in the cache; gives the reason when that cannot be. */
async function build() {
  if (existsSync(join(folder, 'client')) && existsSync(join(folder, 'server'))) return undefined
  mkdirSync(folder, { recursive: true })
  const programs = ['client', 'server'].map((name) => `google.golang.org/grpc/interop/${name}@${version}`)
  try {
    await run('go', ['install', ...programs], { env: { ...process.env, GOBIN: folder } })
    return undefined
  } catch (error) {
    return `it cannot be built: ${error.message}`
  }
}
