/** etcd() and etcdRegistry() against a scripted etcd: the API as the runtime generates it, served by this package. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generateEtcdApi } from '../../../scripts/etcd-api.mjs'
import * as compiler from '../../../src/compiler.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { etcd } from '../../../src/runtime/discovery/etcd.ts'
import { etcdRegistry } from '../../../src/runtime/discovery/etcd-registry.ts'
import {
  Auth,
  Event_EventType,
  type EventInput,
  KV,
  Lease,
  Watch,
  type WatchResponseInput,
} from '../../../src/runtime/discovery/gen/etcd.ts'
import type { Instance } from '../../../src/runtime/discovery/instance.ts'
import type { Registration } from '../../../src/runtime/discovery/registry.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { freePort } from '../../support/free-port.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)
const value = (address: string, weight = 10): string =>
  JSON.stringify({ network: 'tcp', address, weight, tags: { zone: 'a' } })

interface Follower {
  push(response: WatchResponseInput): void
  fail(error: Error): void
}

/** One member of a cluster, as far as discovery sees it. */
class ScriptedEtcd {
  readonly keys = new Map<string, { value: string; lease: bigint }>()
  readonly leases = new Map<bigint, string[]>()
  readonly followers = new Set<Follower>()
  readonly log: string[] = []
  readonly metadata: Record<string, unknown>[] = []
  revision = 5n
  token: string | undefined

  readonly server: Server = new Server({ onError: () => {} })

  constructor() {
    const header = (): { revision: bigint } => ({ revision: this.revision })
    const check = (token: unknown): void => {
      if (this.token !== undefined && token !== this.token)
        throw new RpcError('UNAUTHENTICATED', 'etcdserver: invalid auth token')
    }
    const etcdOfTest = this
    this.server
      .add(KV, {
        range: ({ key, rangeEnd }, cx) => {
          check(cx.requestHeaders.get('token'))
          this.log.push(`range ${text(key)}`)
          const found = [...this.keys].filter(([name]) =>
            rangeEnd.length > 0 ? name.startsWith(text(key)) : name === text(key),
          )
          return { header: header(), kvs: found.map(([name, one]) => ({ key: bytes(name), value: bytes(one.value) })) }
        },
        put: ({ key, value: put, lease }, cx) => {
          check(cx.requestHeaders.get('token'))
          this.set(text(key), text(put), lease)
          return { header: header() }
        },
        deleteRange: ({ key }) => {
          this.remove(text(key))
          return { header: header() }
        },
      })
      .add(Lease, {
        leaseGrant: ({ TTL }) => {
          const id = BigInt(this.leases.size + 1)
          this.leases.set(id, [])
          this.log.push(`grant ${TTL}`)
          return { ID: id, TTL }
        },
        leaseRevoke: ({ ID }) => {
          this.leases.delete(ID)
          this.log.push(`revoke ${ID}`)
          return {}
        },
        async *leaseKeepAlive(requests) {
          for await (const { ID } of requests) {
            etcdOfTest.log.push(`keep ${ID}`)
            yield { ID, TTL: etcdOfTest.leases.has(ID) ? 60n : 0n }
          }
        },
      })
      .add(Auth, {
        authenticate: ({ name, password }) => {
          this.log.push(`authenticate ${name} ${password}`)
          this.token = `token ${this.log.length}`
          return { token: this.token }
        },
      })
      .add(Watch, {
        async *watch(requests, cx) {
          etcdOfTest.metadata.push(Object.fromEntries(cx.requestHeaders))
          const queue: (WatchResponseInput | Error)[] = []
          let wake = (): void => {}
          const follower: Follower = {
            push: (response) => {
              queue.push(response)
              wake()
            },
            fail: (error) => {
              queue.push(error)
              wake()
            },
          }
          for await (const { requestUnion } of requests) {
            etcdOfTest.log.push(`watch from ${requestUnion?.value.startRevision}`)
            break
          }
          etcdOfTest.followers.add(follower)
          cx.onCancel(() => follower.fail(new RpcError('CANCELLED', 'left')))
          yield { created: true }
          try {
            for (;;) {
              const next = queue.shift()
              if (next instanceof Error) throw next
              if (next !== undefined) yield next
              else
                await new Promise<void>((resolve) => {
                  wake = resolve
                })
            }
          } finally {
            etcdOfTest.followers.delete(follower)
          }
        },
      })
  }

  async listen(port = 0): Promise<string> {
    onCleanup(() => this.server.close({ drainMs: 0 }))
    return (await this.server.listen(`127.0.0.1:${port}`)).address
  }

  set(key: string, put: string, lease = 0n): void {
    this.revision++
    this.keys.set(key, { value: put, lease })
    this.leases.get(lease)?.push(key)
    this.#tell({ type: Event_EventType.PUT, kv: { key: bytes(key), value: bytes(put) } })
  }

  remove(key: string): void {
    if (!this.keys.delete(key)) return
    this.revision++
    this.#tell({ type: Event_EventType.DELETE, kv: { key: bytes(key) } })
  }

  #tell(event: EventInput): void {
    for (const follower of this.followers) follower.push({ header: { revision: this.revision }, events: [event] })
  }
}

function watched(found: ReturnType<typeof etcd>): {
  answers: (readonly Instance[])[]
  failures: string[]
  last(): string[]
} {
  const answers: (readonly Instance[])[] = []
  const failures: string[] = []
  onCleanup(found.watch({ changed: ({ all }) => answers.push(all), failed: ({ message }) => failures.push(message) }))
  return { answers, failures, last: () => (answers.at(-1) ?? []).map(({ address }) => address) }
}

const shop = (address: string): string => `kitex/registry-etcd/shop/${address}`

describe('etcd()', () => {
  it('reads what registry-etcd of Kitex writes, and follows its changes', async () => {
    const member = new ScriptedEtcd()
    member.set(shop('10.0.0.1:80'), value('10.0.0.1:80', 20))
    member.set('kitex/registry-etcd/shopping/10.0.0.9:80', value('10.0.0.9:80'))
    const address = await member.listen()
    const found = etcd(address, { service: 'shop' })
    const { answers, last } = watched(found)
    await expect.poll(last).toEqual(['10.0.0.1:80'])
    expect(answers[0]).toEqual([{ address: '10.0.0.1:80', weight: 20, tags: { zone: 'a' } }])
    expect(found.target).toBe(`etcd://${address}/shop`)
    await expect.poll(() => member.followers.size).toBe(1)
    expect(member.log).toContain('watch from 8')
    expect(member.metadata[0]).toMatchObject({ hasleader: 'true' })
    member.set(shop('10.0.0.2:80'), value('10.0.0.2:80'))
    await expect.poll(last).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    member.remove(shop('10.0.0.1:80'))
    await expect.poll(last).toEqual(['10.0.0.2:80'])
  })

  it('leaves values out that are no instance, with a warning that names the key', async () => {
    const member = new ScriptedEtcd()
    const warnings: string[] = []
    const bad = ['not json', '[]', '{"address": "nowhere"}', '{"weight": 3}', '"10.0.0.1:80"', 'null']
    for (const [i, one] of bad.entries()) member.set(shop(`bad\n${i}`), one)
    member.set(shop('c'), '{"address":"10.0.0.3:80","weight":-1,"tags":{"a":1,"b":"x"}}')
    const { answers } = watched(
      etcd(await member.listen(), { service: 'shop', onWarning: (warning) => warnings.push(warning) }),
    )
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]).toEqual([{ address: '10.0.0.3:80', weight: 10, tags: { b: 'x' } }])
    expect(warnings).toHaveLength(bad.length)
    expect(warnings[0]).toContain('the key "kitex/registry-etcd/shop/bad\\n0" of etcd is left out: ')
  })

  it('reads again after a compaction and after the stream has failed', async () => {
    const member = new ScriptedEtcd()
    member.set(shop('10.0.0.1:80'), value('10.0.0.1:80'))
    const { last, failures } = watched(etcd(await member.listen(), { service: 'shop' }))
    await expect.poll(() => member.followers.size).toBe(1)
    // What happens meanwhile is in the next reading.
    member.keys.set(shop('10.0.0.2:80'), { value: value('10.0.0.2:80'), lease: 0n })
    for (const one of member.followers) one.push({ canceled: true, compactRevision: 9n, cancelReason: 'compacted' })
    await expect.poll(last).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    expect(failures).toEqual([])
    await expect.poll(() => member.followers.size).toBe(1)
    member.keys.delete(shop('10.0.0.1:80'))
    for (const one of member.followers) one.fail(new RpcError('UNAVAILABLE', 'etcdserver: no leader'))
    await expect.poll(last).toEqual(['10.0.0.2:80'])
    expect(failures).toEqual([expect.stringContaining('etcdserver: no leader')])
  })

  it('goes on with another endpoint when one dies, and says so while none answers', async () => {
    const members = [new ScriptedEtcd(), new ScriptedEtcd()] as const
    for (const member of members) member.set(shop('10.0.0.1:80'), value('10.0.0.1:80'))
    const addresses = [await members[0].listen(), await members[1].listen()]
    const { last, failures } = watched(etcd(addresses, { service: 'shop', timeoutMs: 500 }))
    await expect.poll(() => members[0].followers.size).toBe(1)
    await members[0].server.close({ drainMs: 0 })
    await expect.poll(() => members[1].followers.size, { timeout: 5_000 }).toBe(1)
    members[1].set(shop('10.0.0.2:80'), value('10.0.0.2:80'))
    await expect.poll(last).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    const before = failures.length
    await members[1].server.close({ drainMs: 0 })
    await expect.poll(() => failures.length, { timeout: 5_000 }).toBeGreaterThan(before + 1)
    expect(failures.at(-1)).toContain(`etcd://${addresses.join(',')} does not answer: `)
    expect(last()).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
  })

  it('authenticates, and again when its token has ended', async () => {
    const member = new ScriptedEtcd()
    member.token = 'another'
    const address = await member.listen()
    const registry = etcdRegistry(address, { username: 'root', password: 'secret' })
    const one: Registration = { service: 'shop', address: '10.0.0.1:80', weight: 10, tags: {} }
    await registry.register(one)
    expect(member.log[0]).toBe('authenticate root secret')
    member.token = 'ended'
    expect(await registry.isRegistered!(one)).toBe(true)
    expect(member.log.filter((line) => line.startsWith('authenticate'))).toHaveLength(2)
    await registry.deregister(one)
  })

  it('refuses names of services that would be keys of others, and no endpoint', () => {
    for (const service of ['', 'a/b', 'a\nb']) expect(() => etcd('a:1', { service })).toThrow('is no name of a service')
    expect(() => etcd(' , ', { service: 'shop' })).toThrow('there is no endpoint')
  })
})

describe('etcdRegistry()', () => {
  const one: Registration = { service: 'shop', address: '10.0.0.1:80', weight: 20, tags: { zone: 'a' } }

  it('puts a key with a lease, and takes both away', async () => {
    const member = new ScriptedEtcd()
    const registry = etcdRegistry(await member.listen())
    await registry.register(one)
    expect([...member.keys]).toEqual([
      [
        shop('10.0.0.1:80'),
        { value: '{"network":"tcp","address":"10.0.0.1:80","weight":20,"tags":{"zone":"a"}}', lease: 1n },
      ],
    ])
    expect(await registry.isRegistered!(one)).toBe(true)
    await registry.deregister(one)
    expect(member.keys.size).toBe(0)
    expect(member.log.filter((line) => !line.startsWith('range'))).toEqual(['grant 60', 'revoke 1'])
  })

  it('renews its lease, and puts the key again when the lease is lost', async () => {
    const member = new ScriptedEtcd()
    const registry = etcdRegistry(await member.listen(), { leaseSeconds: 1 })
    await registry.register(one)
    await expect.poll(() => member.log, { timeout: 5_000 }).toContain('keep 1')
    member.leases.delete(1n)
    member.keys.clear()
    await expect.poll(() => member.keys.size, { timeout: 5_000 }).toBe(1)
    expect(member.log.filter((line) => line.startsWith('grant'))).toHaveLength(2)
    await registry.deregister(one)
  })

  it('names the cluster that does not answer', async () => {
    const port = await freePort()
    const registry = etcdRegistry(`127.0.0.1:${port}`)
    await expect(registry.register(one)).rejects.toThrow(`etcd://127.0.0.1:${port} does not answer: `)
  })
})

it('the generated API is what etcd.proto gives today', () => {
  const folder = new URL('../../../src/runtime/discovery/gen/', import.meta.url)
  for (const { path, text: generated } of generateEtcdApi(compiler))
    expect(readFileSync(new URL(path, folder), 'utf8')).toBe(generated)
})
