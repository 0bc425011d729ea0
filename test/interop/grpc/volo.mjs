/** Volo-gRPC (Rust), both roles. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cache, missingTool, run, startPeer } from '../thrift/peer-process.mjs'
import { asClient, programClient } from './both-roles.mjs'

const manifest = fileURLToPath(new URL('../grpc-volo/Cargo.toml', import.meta.url))
/** The folder of Volo's Thrift peer, so that what both need is built once. */
const folder = join(cache, 'volo')
const program = join(folder, 'debug', 'volo-grpc-peer')
const peer = 'Volo-gRPC'

const wholeCalls = 'it compresses every message of a call or none'
const exceptServer = {
  server_compressed_unary: wholeCalls,
  server_compressed_streaming: wholeCalls,
  custom_metadata: 'its handlers cannot set trailers of a call that ends well',
}
const exceptClient = { client_compressed_streaming: wholeCalls }

/** `{ name, outcome, detail }` for both roles. */
export async function voloGrpc() {
  const problem = (await missingTool('Rust', 'cargo', ['--version'])) ?? (await build())
  if (problem !== undefined) return [{ name: peer, outcome: 'SKIPPED', detail: problem }]
  const server = await startPeer(program, [])
  const outcomes = []
  try {
    outcomes.push(await asClient(peer, Number(server.address.split(':').at(-1)), { except: exceptServer }))
  } finally {
    await server.stop()
  }
  const words = (port, title) => ['--port', String(port), '--case', title]
  outcomes.push(await programClient(peer, program, words, { except: exceptClient }))
  return outcomes
}

/** Builds the peer in the cache, which takes minutes the first time; gives the reason when that cannot be. */
async function build() {
  try {
    await run('cargo', ['build', '--quiet', '--locked', '--manifest-path', manifest], {
      env: { ...process.env, CARGO_TARGET_DIR: folder },
    })
    return undefined
  } catch (error) {
    return `it cannot be built: ${error.message}`
  }
}
