/** Very many connections with many calls open on each at the same moment. */

import { grpc } from '../../dist/grpc.js'
import { createClient } from '../../dist/index.js'
import { testing } from '../interop/grpc/test-service.mjs'
import { held } from './held.mjs'
import { startServer } from './server-process.mjs'

const slackMib = 16

/** Opens them, holds every call until all are there, lets them go; gives what is wrong. */
export async function soakConnections(connections, streams) {
  const server = await startServer()
  const wrong = []
  try {
    const before = { ours: await held(), theirs: await server.ask('held') }
    const transports = Array.from({ length: connections }, () =>
      grpc(`127.0.0.1:${server.port}`, { maxConnections: 1, connectTimeoutMs: 60_000 }),
    )
    for (let from = 0; from < connections; from += 50) {
      await Promise.all(transports.slice(from, from + 50).map((one) => one.connect({ timeoutMs: 60_000 })))
    }
    const idle = { ours: await held(), theirs: await server.ask('held') }
    const total = connections * streams
    server.tell({ keep: total })
    const started = performance.now()
    const all = server.answer()
    const calls = transports.flatMap((transport) => {
      const client = createClient(testing.TestService, transport, { timeoutMs: 300_000 })
      return Array.from({ length: streams }, () => client.emptyCall({}).then(() => undefined))
    })
    const failures = []
    const outcome = Promise.all(calls.map((call) => call.catch((error) => void failures.push(error)))).then(
      () => undefined,
    )
    await Promise.race([all, outcome])
    const openedMs = performance.now() - started
    const open = { ours: await held(), theirs: await server.ask('held') }
    server.tell('release')
    await outcome
    const doneMs = performance.now() - started
    if (failures.length > 0) wrong.push(`${failures.length} calls failed: ${failures[0].message}`)
    if (open.theirs.connections !== connections) wrong.push(`the server had ${open.theirs.connections} connections`)
    if (open.theirs.inFlight !== total) wrong.push(`the server had ${open.theirs.inFlight} calls at once`)
    calls.length = 0
    await Promise.all(transports.splice(0).map((one) => one.close()))
    let after = await server.ask('held')
    for (let i = 0; i < 100 && after.connections > 0; i++) after = await server.ask('held')
    const ours = await held()
    const kib = (now, then, count) => (((now.heap - then.heap) * 1024) / count).toFixed(1)
    console.log(
      [
        `${connections.toLocaleString('en')} connections, ${streams} calls on each, ${total.toLocaleString('en')} at once:`,
        `all open after ${Math.round(openedMs)} ms, all answered after ${Math.round(doneMs)} ms`,
        `KiB of an idle connection: client ${kib(idle.ours, before.ours, connections)}, server ${kib(idle.theirs, before.theirs, connections)}`,
        `KiB of an open call: client ${kib(open.ours, idle.ours, total)}, server ${kib(open.theirs, idle.theirs, total)}`,
        `MiB left: client ${(ours.heap - before.ours.heap).toFixed(1)}, server ${(after.heap - before.theirs.heap).toFixed(1)}`,
      ].join('\n'),
    )
    if (ours.heap - before.ours.heap > slackMib) wrong.push('the client keeps memory of closed connections')
    if (after.heap - before.theirs.heap > slackMib) wrong.push('the server keeps memory of closed connections')
    if (after.connections > 0) wrong.push(`the server still has ${after.connections} connections`)
  } finally {
    await server.stop()
  }
  return wrong
}
