/** CloudWeGo's Kitex (Go), both roles. It speaks no compact protocol. */

import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bothRoles, sharedConnection, shutdowns } from './both-roles.mjs'
import { idl } from './our-side.mjs'
import { cache, missingTool, run } from './peer-process.mjs'

const source = fileURLToPath(new URL('../kitex/', import.meta.url))
const folder = join(cache, 'kitex')
const binary = join(folder, 'kitex-peer')

const forms = {
  ttheader: { title: 'TTHeader', peerArgs: ['--transport', 'ttheader'], options: { connections: 'pool' } },
  multiplexed: { title: 'TTHeader multiplexed', peerArgs: ['--mux'], options: { connections: 'multiplexed' } },
  both: { title: 'TTHeader, its own frames inside', peerArgs: ['--transport', 'ttheader-framed'], options: {} },
  framed: { title: 'framed', peerArgs: ['--transport', 'framed'], options: { transport: 'framed' } },
  buffered: { title: 'buffered', peerArgs: ['--transport', 'buffered'], options: { transport: 'buffered' } },
}

const exceptClient = {
  'a deadline on the caller’s side':
    'the peer’s deadline is the same, and it may be the first to say so, as INTERNAL_ERROR',
}

/** `{ name, outcome, detail }` for every combination. */
export async function kitex() {
  const problem = (await missingTool('Go', 'go', ['version'])) ?? (await build())
  if (problem !== undefined) return [{ name: 'Kitex', outcome: 'SKIPPED', detail: problem }]
  const peer = { name: 'Kitex', command: binary, args: [] }
  const cloud = { cloud: true, exceptClient }
  return [
    ...(await bothRoles(peer, forms.ttheader, cloud)),
    ...(await bothRoles(peer, forms.both, cloud)),
    ...(await bothRoles(peer, forms.multiplexed, cloud)),
    ...(await bothRoles(peer, forms.framed, { exceptClient })),
    ...(await bothRoles(peer, forms.buffered, { exceptClient })),
    await sharedConnection(peer, forms.multiplexed),
    ...(await shutdowns(peer, forms.ttheader)),
    ...(await shutdowns(peer, forms.multiplexed)),
  ]
}

/** Builds the peer in the cache; gives the reason when that cannot be. */
async function build() {
  const module = join(folder, 'peer')
  mkdirSync(module, { recursive: true })
  for (const name of ['main.go', 'go.mod', 'go.sum']) copyFileSync(join(source, name), join(module, name))
  try {
    const inModule = { cwd: module }
    // The module names the tool, so that it generates for the version which the program is built with.
    await run('go', ['tool', 'kitex', '-module', 'volo-interop', idl], inModule)
    await run('go', ['build', '-o', binary, '.'], inModule)
    return undefined
  } catch (error) {
    return `it cannot be built: ${error.message}`
  }
}
