/** Apache Thrift for Python, both roles: a server that answers itself, and one that passes calls on to ours with Apache's client. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { thrift } from '../../../dist/thrift.js'
import { everythingChecks, outcomeOf } from './checks.mjs'
import { idl, ourClients, ourServer } from './our-side.mjs'
import { cache, missingTool, run, startPeer } from './peer-process.mjs'

const program = fileURLToPath(new URL('../apache-python/peer.py', import.meta.url))
const tls = fileURLToPath(new URL('../../support/tls', import.meta.url))
const python = process.env['PYTHON'] ?? '/usr/bin/python3'

/** `{ name, outcome, detail }` for every combination. */
export async function apachePython() {
  const missing =
    (await missingTool('Apache’s thrift compiler', 'thrift', ['--version'])) ??
    (await missingTool('python3-thrift', python, ['-c', 'import thrift']))
  if (missing !== undefined) return [{ name: 'Apache Thrift for Python', outcome: 'SKIPPED', detail: missing }]
  const generated = join(cache, 'apache-python')
  mkdirSync(generated, { recursive: true })
  await run('thrift', ['--gen', 'py', '-out', generated, idl])
  const folder = mkdtempSync(join(tmpdir(), 'volo-interop-'))
  const outcomes = []
  try {
    for (const protocol of ['binary', 'compact']) {
      for (const transport of ['buffered', 'framed']) {
        outcomes.push(...(await bothRoles({ generated, protocol, transport }, `${protocol} ${transport}`)))
      }
    }
    const form = { generated, protocol: 'binary', transport: 'framed' }
    outcomes.push(...(await bothRoles({ ...form, tls }, 'binary framed over TLS')))
    outcomes.push(...(await bothRoles({ ...form, folder }, 'binary framed over a Unix socket')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return outcomes
}

async function bothRoles(form, title) {
  const { server, address, port } = await ourServer({
    address: form.folder === undefined ? '127.0.0.1:0' : `unix:${join(form.folder, 'ours.sock')}`,
    ...(form.tls && { tls: { cert: { file: join(tls, 'server.pem') }, key: { file: join(tls, 'server-key.pem') } } }),
  })
  const upstream =
    form.folder === undefined ? ['--upstream', String(port)] : ['--upstream-unix', address.slice('unix:'.length)]
  try {
    return [
      await through(form, `Apache Python's server, ${title}`, []),
      await through(form, `Apache Python's client, ${title}`, upstream),
    ]
  } finally {
    await server.close({ drainMs: 0 })
  }
}

async function through({ generated, protocol, transport, tls: secure, folder }, name, more) {
  const args = [program, generated, '--protocol', protocol, '--transport', transport, ...more]
  if (secure !== undefined) args.push('--tls', secure)
  if (folder !== undefined) args.push('--unix', join(folder, 'peer.sock'))
  let peer
  let wire
  try {
    peer = await startPeer(python, args)
    const address = folder === undefined ? `127.0.0.1:${peer.address}` : `unix:${peer.address}`
    wire = thrift(address, {
      transport,
      protocol,
      ...(secure && { tls: { ca: { file: join(secure, 'ca.pem') }, servername: 'localhost' } }),
    })
    return await outcomeOf(name, everythingChecks, ourClients(wire))
  } catch (error) {
    return { name, outcome: 'FAILED', detail: error.message }
  } finally {
    await wire?.close()
    await peer?.stop()
  }
}
