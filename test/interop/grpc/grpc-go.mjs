/** grpc-go, both roles: its own interoperability programs. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cache, missingTool, run } from '../thrift/peer-process.mjs'
import { asClient, freePort, listening, programClient } from './both-roles.mjs'
import { cases } from './cases.mjs'
import { tlsFile } from './test-service.mjs'

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
  const client = join(folder, 'client')
  return [
    await withServer([], (port) => asClient(peer, port, { except: compressed })),
    await programClient(peer, client, words, { titles, except: compressed }),
    await withServer(serverTls, (port) => asClient(peer, port, { except: compressed, tls: true })),
    await programClient(peer, client, (port, title) => [...words(port, title), ...clientTls], {
      titles,
      except: compressed,
      tls: true,
    }),
  ]
}

const words = (port, title) => [
  ...['--server_host', '127.0.0.1', '--server_port', String(port), '--test_case', title],
  ...['--soak_iterations', '200', '--soak_num_threads', '4', '--soak_overall_timeout_seconds', '25'],
]
const clientTls = ['--use_tls', '--use_test_ca', '--ca_file', tlsFile('ca.pem'), '--server_host_override', 'localhost']
const serverTls = ['--use_tls', '--tls_cert_file', tlsFile('server.pem'), '--tls_key_file', tlsFile('server-key.pem')]

async function withServer(more, test) {
  const port = await freePort()
  const server = spawn(join(folder, 'server'), ['--port', String(port), ...more], { stdio: 'ignore' })
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
