/** A peer in both roles: our client calls its server, and our client calls its server that calls ours. */

import assert from 'node:assert/strict'
import { thrift } from '../../../dist/thrift.js'
import { outcomeOf } from '../outcome.mjs'
import { cloudChecks, everythingChecks, pause } from './checks.mjs'
import { ourClients, ourServer } from './our-side.mjs'
import { startPeer } from './peer-process.mjs'

/** The time limit of the peers' clients. */
const peerLimitMs = 8_000

/**
 * Runs the checks. `form`: `{ title, options }`, options of our client; `peer`: `{ name, command, args, env }`; `cloud`: whether
 * its headers are there; `except`: titles of checks that the peer cannot pass, with the reason.
 */
export async function bothRoles(peer, form, { cloud = false, exceptServer = {}, exceptClient = {} } = {}) {
  const checks = cloud ? { ...everythingChecks, ...cloudChecks } : everythingChecks
  const { server, port } = await ourServer()
  try {
    return [
      await withPeer(peer, form, [], `${peer.name}'s server, ${form.title}`, (name, clients) =>
        outcomeOf(name, checks, clients, exceptServer),
      ),
      await withPeer(
        peer,
        form,
        ['--upstream', `127.0.0.1:${port}`],
        `${peer.name}'s client, ${form.title}`,
        (
          name,
          clients, // What its client sends is its own time limit, not the rest of its caller's.
        ) => outcomeOf(name, checks, { ...clients, limitMs: peerLimitMs }, exceptClient),
      ),
    ]
  } finally {
    await server.close({ drainMs: 0 })
  }
}

/** 64 slow calls of the peer's multiplexed client run side by side on its one connection to our server. */
export async function sharedConnection(peer, form) {
  const { server, port, mostAsleep } = await ourServer()
  try {
    const title = `${peer.name}'s client, one connection, ${form.title}`
    return await withPeer(peer, form, ['--upstream', `127.0.0.1:${port}`], title, (name, clients) => {
      const check = async ({ everything }) => {
        await everything.echoInt(1)
        await Promise.all(Array.from({ length: 64 }, () => everything.sleep(1_000)))
        assert.equal(mostAsleep(), 64)
      }
      return outcomeOf(name, { '64 slow calls side by side': check }, clients)
    })
  } finally {
    await server.close({ drainMs: 0 })
  }
}

/** Ends the peer's server under calls of ours, and our server under calls of the peer. */
export async function shutdowns(peer, form) {
  const theirs = await withPeer(
    peer,
    form,
    [],
    `${peer.name}'s server ends, ${form.title}`,
    async (name, clients, stop) => {
      const running = clients.everything.sleep(500)
      await pause(150)
      const [stopped] = [stop()]
      const outcome = await outcomeOf(
        name,
        { 'the call in flight is answered': async () => assert.equal(await running, 500) },
        clients,
      )
      await stopped
      return outcome
    },
  )
  const { server, port } = await ourServer()
  const ours = await withPeer(
    peer,
    form,
    ['--upstream', `127.0.0.1:${port}`],
    `our server ends under ${peer.name}'s client, ${form.title}`,
    async (name, clients) => {
      // Connections that stand must be left for others: each reply says that its connection is about to end.
      await clients.everything.echoInt(1)
      const running = clients.everything.sleep(500)
      await pause(150)
      const closed = server.close()
      const check = async () => {
        assert.equal(await running, 500)
        await closed
        const again = await ourServer({ address: `127.0.0.1:${port}` })
        try {
          await pause(200)
          assert.equal(await clients.everything.echoInt(2), 2)
        } finally {
          await again.server.close({ drainMs: 0 })
        }
      }
      return outcomeOf(name, { 'the call in flight is answered, and the next finds the server again': check }, clients)
    },
  )
  await server.close({ drainMs: 0 })
  return [theirs, ours]
}

async function withPeer({ command, args, env }, { options, peerArgs = [] }, more, name, test) {
  let peer
  let wire
  try {
    peer = await startPeer(command, [...args, ...peerArgs, ...more], { env: { ...process.env, ...env } })
    wire = thrift(peer.address, { caller: 'volo-ts', ...options })
    return await test(name, ourClients(wire), () => peer.stop())
  } catch (error) {
    return { name, outcome: 'FAILED', detail: error.message }
  } finally {
    await wire?.close()
    await peer?.stop()
  }
}
