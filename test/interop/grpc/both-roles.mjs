/** One peer in both roles: every case by our client against its server, and by its client against our server. */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { outcomeOf } from '../outcome.mjs'
import { run } from '../thrift/peer-process.mjs'
import { cases } from './cases.mjs'
import { ourTestClient, ourTestServer } from './test-service.mjs'
import { wireTap } from './wire-tap.mjs'

const caseMs = 30_000
const readyMs = 30_000

/** What our client gets from a peer's server at `port`; `except`: cases that it cannot pass, with the reason. */
export function asClient(peer, port, options = {}) {
  return throughTap(`gRPC: our client, ${peer}'s server${over(options)}`, port, ourTestClient, options)
}

function over({ tls = false }) {
  return tls ? ', over TLS' : ''
}

/** Runs the cases of cases.mjs by a client against a server, with a tap between them. */
async function throughTap(name, port, makeClient, { judges = false, except = {}, tls = false, onTap = () => {} } = {}) {
  // Nobody can read what passes over TLS.
  const tap = tls ? undefined : await wireTap(port)
  onTap(tap)
  const client = makeClient(tap?.port ?? port, tls)
  try {
    const checks = Object.entries(cases).map(([title, attempt]) => [title, (world) => within(attempt(world))])
    return await outcomeOf(name, Object.fromEntries(checks), { client, tap, judges }, except)
  } finally {
    await client.close()
    await tap?.close()
  }
}

/** A client of JavaScript against our server. */
export async function jsClient(peer, makeClient, except = {}) {
  let tap
  const server = await ourTestServer(() => tap)
  try {
    return await throughTap(`gRPC: ${peer}'s client, our server`, server.port, makeClient, {
      judges: true,
      except,
      onTap: (made) => {
        tap = made
      },
    })
  } finally {
    await server.close()
  }
}

/** A client that is a program against our server: `args(port, title)` are its words for one case. */
export async function programClient(
  peer,
  command,
  args,
  { titles = Object.keys(cases), except = {}, tls = false } = {},
) {
  let tap
  const server = await ourTestServer(() => tap, tls)
  if (!tls) tap = await wireTap(server.port)
  try {
    const attempt = (title) => async () => {
      await run(command, args(tap?.port ?? server.port, title), { timeout: caseMs })
      if (tap !== undefined) checkWire(title, tap)
    }
    const checks = Object.fromEntries(titles.map((title) => [title, attempt(title)]))
    return await outcomeOf(`gRPC: ${peer}'s client, our server${over({ tls })}`, checks, undefined, except)
  } finally {
    await tap?.close()
    await server.close()
  }
}

const wireOf = {
  client_compressed_unary: ['requests', [false]],
  client_compressed_streaming: ['requests', [true, false]],
  server_compressed_unary: ['responses', [false]],
  server_compressed_streaming: ['responses', [true, false]],
}

/** What the last call of a case must look like between the two. */
function checkWire(title, tap) {
  if (wireOf[title] === undefined) return
  const [direction, expected] = wireOf[title]
  const flags = tap[direction]().map((one) => one.compressed)
  if (String(flags) !== String(expected)) throw new Error(`${direction} compressed: ${flags}, not ${expected}`)
}

function within(work) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${caseMs} ms`)), caseMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** A port that nobody listens on, for a program that must be told one. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a program listens. */
export async function listening(port) {
  const until = Date.now() + readyMs
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    if (Date.now() > until) throw new Error('the peer does not get ready')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
