/** grpcio (Python over gRPC's C core), both roles; it is installed into an environment of its own. */

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cache, missingTool, run, startPeer } from '../thrift/peer-process.mjs'
import { asClient, programClient } from './both-roles.mjs'
import { protoPath, protoRoot } from './test-service.mjs'

const program = fileURLToPath(new URL('../grpc-python/peer.py', import.meta.url))
const python = process.env['PYTHON'] ?? 'python3'
const folder = join(cache, 'grpcio')
const generated = join(folder, 'generated')
const interpreter = join(folder, 'venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

const exceptClient = {
  client_compressed_streaming: 'it cannot send one message of a compressed stream uncompressed',
}

/** `{ name, outcome, detail }` for both roles. */
export async function grpcio() {
  const problem = (await missingTool('Python', python, ['--version'])) ?? (await build())
  if (problem !== undefined) return [{ name: 'grpcio', outcome: 'SKIPPED', detail: problem }]
  const version = (await run(interpreter, ['-c', 'import grpc; print(grpc.__version__)'])).trim()
  const peer = `grpcio ${version}`
  const server = await startPeer(interpreter, [program, generated])
  const outcomes = []
  try {
    outcomes.push(await asClient(peer, Number(server.address.split(':').at(-1))))
  } finally {
    await server.stop()
  }
  const words = (port, title) => [program, generated, '--port', String(port), '--case', title]
  outcomes.push(await programClient(peer, interpreter, words, { except: exceptClient }))
  return outcomes
}

/** Installs grpcio and generates its code in the cache; gives the reason when that cannot be. */
async function build() {
  try {
    if (!existsSync(interpreter)) await run(python, ['-m', 'venv', join(folder, 'venv')])
    const installed = await missingTool('grpcio', interpreter, ['-c', 'import grpc, grpc_tools'])
    if (installed !== undefined) await run(interpreter, ['-m', 'pip', 'install', '--quiet', 'grpcio', 'grpcio-tools'])
    mkdirSync(generated, { recursive: true })
    const file = fileURLToPath(new URL(protoPath, protoRoot))
    const include = fileURLToPath(new URL('./grpc/testing/', protoRoot))
    const outputs = ['--python_out', generated, '--grpc_python_out', generated]
    await run(interpreter, ['-m', 'grpc_tools.protoc', '-I', include, ...outputs, file])
    return undefined
  } catch (error) {
    return `it cannot be installed: ${error.message}`
  }
}
