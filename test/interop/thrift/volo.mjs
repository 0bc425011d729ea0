/** CloudWeGo's Volo (Rust), both roles. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bothRoles, sharedConnection, shutdowns } from './both-roles.mjs'
import { cache, missingTool, run } from './peer-process.mjs'

const manifest = fileURLToPath(new URL('../volo/Cargo.toml', import.meta.url))
const folder = join(cache, 'volo')

const form = (transport, protocol, connections = 'pool') => ({
  title: `${transport} ${protocol}${connections === 'pool' ? '' : ' multiplexed'}`,
  peerArgs: ['--transport', transport, '--protocol', protocol, ...(connections === 'pool' ? [] : ['--mux'])],
  options: { transport, protocol, connections },
})

const panics = 'pilota 0.13.1 panics on a bool field in the compact protocol'
const compact = {
  bools: panics,
  structs: panics,
  containers: panics,
  unions: panics,
  requiredness: panics,
  doubles: 'pilota 0.13.1 writes doubles of the compact protocol big-endian, and reads them little-endian',
}
const compactClient = { ...compact, 'a second declared exception with a struct inside': panics }
const multiplexedClient = {
  'a biz error': 'Volo’s multiplexed client decodes the empty result before it looks at the headers, and gives up',
}

/** `{ name, outcome, detail }` for every combination. */
export async function volo() {
  const problem = (await missingTool('Rust', 'cargo', ['--version'])) ?? (await build())
  if (problem !== undefined) return [{ name: 'Volo', outcome: 'SKIPPED', detail: problem }]
  const peer = { name: 'Volo', command: join(folder, 'debug', 'volo-peer'), args: [] }
  const cloud = { cloud: true }
  const compactExcept = { exceptServer: compact, exceptClient: compactClient }
  return [
    ...(await bothRoles(peer, form('ttheader', 'binary'), cloud)),
    ...(await bothRoles(peer, form('ttheader', 'compact'), { cloud: true, ...compactExcept })),
    ...(await bothRoles(peer, form('ttheader', 'binary', 'multiplexed'), {
      ...cloud,
      exceptClient: multiplexedClient,
    })),
    ...(await bothRoles(peer, form('framed', 'binary'))),
    ...(await bothRoles(peer, form('framed', 'compact'), compactExcept)),
    ...(await bothRoles(peer, form('buffered', 'binary'))),
    ...(await bothRoles(peer, form('buffered', 'compact'), compactExcept)),
    await sharedConnection(peer, form('ttheader', 'binary', 'multiplexed')),
    ...(await shutdowns(peer, form('ttheader', 'binary'))),
    ...(await shutdowns(peer, form('ttheader', 'binary', 'multiplexed'))),
  ]
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
