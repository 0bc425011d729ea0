/** A real cluster of three etcd members: registration, discovery and balancing through kills, compaction and lost leases. */

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { balance, etcd, etcdRegistry, roundRobin } from '../../../dist/discovery.js'
import { createClient, retry, Server } from '../../../dist/index.js'
import { thrift } from '../../../dist/thrift.js'
import { generatedModule } from '../generated-module.mjs'
import { outcomeOf } from '../outcome.mjs'
import { missingTool } from '../thrift/peer-process.mjs'

const startMs = 30_000

/** One outcome for the checks of the cluster. */
export async function etcdCluster() {
  for (const tool of ['etcd', 'etcdctl']) {
    const missing = await missingTool('etcd', tool, tool === 'etcd' ? ['--version'] : ['version'])
    if (missing !== undefined) return [{ name: 'etcd', outcome: 'SKIPPED', detail: missing }]
  }
  const { Shop } = await generatedModule('shop.thrift', 'service Shop { string who() (idempotent = "true") }')
  const folder = mkdtempSync(join(tmpdir(), 'volo-etcd-'))
  const cluster = await start(folder)
  const cleanups = []
  const serve = async (name) => {
    const server = new Server({
      registry: etcdRegistry(cluster.endpoints, { leaseSeconds: 5 }),
      advertise: { service: 'shop', weight: 10, tags: { name }, settleMs: 300 },
      onError: () => {},
    }).add(Shop, { who: () => name })
    await server.listen('127.0.0.1:0')
    cleanups.push(() => server.close({ drainMs: 0 }))
    return server
  }
  const transport = balance(etcd(cluster.endpoints, { service: 'shop', emptyAfterMs: 500 }), {
    connect: ({ address }) => thrift(address),
    policy: roundRobin(),
  })
  cleanups.push(() => transport.close({ drainMs: 0 }))
  const shop = createClient(Shop, transport, { layers: [retry()], timeoutMs: 5_000 })
  try {
    return [await outcomeOf('etcd, three members', checks, { cluster, serve, transport, shop })]
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const servers = []

const checks = {
  async 'servers register, clients find them'({ serve, transport, shop, cluster }) {
    for (const name of ['a', 'b', 'c']) servers.push(await serve(name))
    await until('three instances', () => names(transport, shop, 3))
    const listed = cluster.ctl('get', '--prefix', 'kitex/registry-etcd/shop/', '--print-value-only')
    for (const name of ['a', 'b', 'c']) {
      if (!listed.includes(`"tags":{"name":"${name}"}`)) throw new Error(`etcd has ${listed}`)
    }
  },
  async 'a change is seen within a second'({ serve, transport }) {
    const before = performance.now()
    const extra = await serve('d')
    await until('four instances', () => transport.stats().instances.length === 4)
    await extra.close()
    await until('three instances', () => transport.stats().instances.length === 3)
    if (performance.now() - before > 3_000) throw new Error('it took longer than three seconds')
  },
  async 'a rolling replacement loses no call'({ serve, shop }) {
    const failures = []
    let isOver = false
    let calls = 0
    const load = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        await shop.who().catch((error) => failures.push(error))
        calls++
      }
    })
    for (const [i, name] of ['e', 'f', 'g'].entries()) {
      const next = await serve(name)
      await servers[i].close()
      servers[i] = next
    }
    isOver = true
    await Promise.all(load)
    if (failures.length > 0) throw new Error(`${failures.length} of ${calls} calls failed: ${failures[0].message}`)
  },
  async 'the cluster loses its leader, and changes are still seen'({ cluster, serve, transport }) {
    await cluster.killLeader()
    const extra = await serve('h')
    await until('four instances', () => transport.stats().instances.length === 4)
    await extra.close()
    await until('three instances', () => transport.stats().instances.length === 3)
  },
  async 'a key that is lost with its lease is put again'({ cluster, transport }) {
    const leases = cluster
      .ctl('lease', 'list')
      .split('\n')
      .filter((line) => /^[0-9a-f]{8,}$/.test(line))
    cluster.ctl('lease', 'revoke', leases[0])
    await until('an instance less', () => transport.stats().instances.length === 2)
    await until('three instances again', () => transport.stats().instances.length === 3)
  },
  async 'a compaction costs no change'({ cluster, serve, transport }) {
    const revision = JSON.parse(cluster.ctl('get', 'x', '--write-out=json')).header.revision
    cluster.ctl('compact', String(revision))
    const extra = await serve('i')
    await until('four instances', () => transport.stats().instances.length === 4)
    await extra.close()
    await until('three instances', () => transport.stats().instances.length === 3)
  },
  async 'calls go on while all of etcd is away'({ cluster, shop, transport }) {
    await cluster.stop()
    await until('the registry to be away', () => transport.stats().discoverError !== undefined)
    for (let i = 0; i < 20; i++) await shop.who()
  },
}

async function names(transport, shop, count) {
  if (transport.stats().instances.length === 0) await shop.who().catch(() => {})
  const found = new Set()
  for (let i = 0; i < count * 2; i++) found.add(await shop.who().catch(() => '?'))
  return found.size === count && !found.has('?')
}

async function until(what, condition) {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(20)) if (await condition()) return
  throw new Error(`waited twenty seconds for ${what}`)
}

async function start(folder) {
  const ports = await Promise.all(Array.from({ length: 6 }, freePort))
  const client = (i) => `http://127.0.0.1:${ports[i]}`
  const peer = (i) => `http://127.0.0.1:${ports[i + 3]}`
  const initial = [0, 1, 2].map((i) => `m${i}=${peer(i)}`).join(',')
  const members = [0, 1, 2].map((i) =>
    spawn(
      'etcd',
      [
        ...['--name', `m${i}`, '--data-dir', join(folder, `m${i}`), '--initial-cluster', initial],
        ...['--listen-client-urls', client(i), '--advertise-client-urls', client(i)],
        ...['--listen-peer-urls', peer(i), '--initial-advertise-peer-urls', peer(i)],
      ],
      { stdio: 'ignore' },
    ),
  )
  const exited = members.map((member) => new Promise((resolve) => member.once('exit', resolve)))
  const alive = () => [0, 1, 2].filter((i) => members[i].exitCode === null && members[i].signalCode === null)
  const ctl = (...args) =>
    execFileSync(
      'etcdctl',
      [
        '--endpoints',
        alive()
          .map((i) => `127.0.0.1:${ports[i]}`)
          .join(','),
        ...args,
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, ETCDCTL_API: '3' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
  const stop = async () => {
    for (const member of members) member.kill('SIGKILL')
    await Promise.all(exited)
  }
  for (const end = performance.now() + startMs; ; await sleep(200)) {
    try {
      ctl('endpoint', 'health')
      break
    } catch (error) {
      if (performance.now() < end) continue
      await stop()
      throw error
    }
  }
  return {
    endpoints: [0, 1, 2].map((i) => `127.0.0.1:${ports[i]}`),
    ctl,
    stop,
    async killLeader() {
      const status = JSON.parse(ctl('endpoint', 'status', '--write-out=json'))
      const leader = status.findIndex(({ Status }) => Status.leader === Status.header.member_id)
      const [i] = [alive()[leader]]
      members[i].kill('SIGKILL')
      await exited[i]
    },
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
