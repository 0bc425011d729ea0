/** Apache Thrift for C++ and for Python, both roles: a server that answers itself, and one that passes calls on to ours with Apache's client. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { thrift } from '../../../dist/thrift.js'
import { outcomeOf } from '../outcome.mjs'
import { everythingChecks } from './checks.mjs'
import { idl, ourClients, ourServer } from './our-side.mjs'
import { cache, missingTool, run, startPeer } from './peer-process.mjs'

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const tls = path('../support/tls')

/** Python, from Debian's python3-thrift. */
export async function apachePython() {
  const python = process.env['PYTHON'] ?? '/usr/bin/python3'
  const generated = join(cache, 'apache-python')
  return everyForm('Apache Python', [python, path('apache-python/peer.py'), generated], async () => {
    const missing = await missingTool('python3-thrift', python, ['-c', 'import thrift'])
    if (missing === undefined) await generate('py', generated)
    return missing
  })
}

/** C++, from Debian's libthrift-dev and libboost-dev. */
export async function apacheCpp() {
  const generated = join(cache, 'apache-cpp')
  const binary = join(generated, 'peer')
  return everyForm('Apache C++', [binary], async () => {
    const missing = await missingTool('g++', 'g++', ['--version'])
    if (missing !== undefined) return missing
    await generate('cpp:no_skeleton', generated)
    const sources = [
      path('apache-cpp/peer.cpp'),
      join(generated, 'Everything.cpp'),
      join(generated, 'interop_types.cpp'),
    ]
    const flags = ['-std=c++17', '-I', generated, '-o', binary]
    return run('g++', [...flags, ...sources, '-lthrift', '-pthread']).then(
      () => undefined,
      (error) => `it cannot be built: ${error.message}`,
    )
  })
}

async function generate(language, folder) {
  mkdirSync(folder, { recursive: true })
  await run('thrift', ['--gen', language, '-out', folder, idl])
}

/** `{ name, outcome, detail }` for every combination. */
async function everyForm(name, command, build) {
  const missing = (await missingTool('Apache’s thrift compiler', 'thrift', ['--version'])) ?? (await build())
  if (missing !== undefined) return [{ name, outcome: 'SKIPPED', detail: missing }]
  const folder = mkdtempSync(join(tmpdir(), 'volo-interop-'))
  const outcomes = []
  try {
    for (const protocol of ['binary', 'compact']) {
      for (const transport of ['buffered', 'framed']) {
        outcomes.push(...(await bothRoles(name, command, { protocol, transport }, `${protocol} ${transport}`)))
      }
    }
    const form = { protocol: 'binary', transport: 'framed' }
    outcomes.push(...(await bothRoles(name, command, { ...form, tls }, 'binary framed over TLS')))
    outcomes.push(...(await bothRoles(name, command, { ...form, folder }, 'binary framed over a Unix socket')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return outcomes
}

async function bothRoles(peer, command, form, title) {
  const { server, address, port } = await ourServer({
    address: form.folder === undefined ? '127.0.0.1:0' : `unix:${join(form.folder, 'ours.sock')}`,
    ...(form.tls && { tls: { cert: { file: join(tls, 'server.pem') }, key: { file: join(tls, 'server-key.pem') } } }),
  })
  const upstream =
    form.folder === undefined ? ['--upstream', String(port)] : ['--upstream-unix', address.slice('unix:'.length)]
  try {
    return [
      await through(command, form, `${peer}'s server, ${title}`, []),
      await through(command, form, `${peer}'s client, ${title}`, upstream),
    ]
  } finally {
    await server.close({ drainMs: 0 })
  }
}

async function through([program, ...first], { protocol, transport, tls: secure, folder }, name, more) {
  const args = [...first, '--protocol', protocol, '--transport', transport, ...more]
  if (secure !== undefined) args.push('--tls', secure)
  const socket = folder && join(folder, `peer${more.length}.sock`)
  if (socket !== undefined) args.push('--unix', socket)
  let peer
  let wire
  try {
    peer = await startPeer(program, args)
    const address = socket === undefined ? `127.0.0.1:${peer.address}` : `unix:${peer.address}`
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
