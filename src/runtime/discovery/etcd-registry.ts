/** etcdRegistry(): servers register with etcd v3 as Kitex's registry-etcd does: a key with a lease that is kept alive. */

import { delayOf } from '../core/context/delay.ts'
import { bytesOf, EtcdClient, type EtcdOptions, etcdFailure } from './etcd-client.ts'
import { defaultPrefix, entryOf, servicePrefix } from './etcd-entry.ts'
import type { Registration, Registry } from './registry.ts'

/** Options of {@link etcdRegistry}. */
export interface EtcdRegistryOptions extends EtcdOptions {
  /** What keys begin with. Default `kitex/registry-etcd`. */
  readonly prefix?: string | undefined
  /** Seconds after which a server that has died is forgotten. Default 60, as in Kitex. */
  readonly leaseSeconds?: number | undefined
}

interface Kept {
  readonly lease: bigint
  readonly timer: ReturnType<typeof setInterval>
}

/**
 * Registers below `prefix/service/host:port` with the cluster at `endpoints` (`10.0.0.1:2379,10.0.0.2:2379`, or a list).
 * The lease is renewed three times in its life; when it is lost, the key is put again with a new one. Throws TypeError
 * where there is no endpoint.
 */
export function etcdRegistry(endpoints: string | readonly string[], options: EtcdRegistryOptions = {}): Registry {
  const { prefix = defaultPrefix, leaseSeconds = 60 } = options
  const client = new EtcdClient(endpoints, options)
  const kept = new Map<string, Kept>()
  const keyOf = ({ service, address }: Registration): string => `${servicePrefix(prefix, service)}${address}`
  const ask: EtcdClient['ask'] = async (run) => {
    try {
      return await client.ask(run)
    } catch (error) {
      throw etcdFailure(client.target, error)
    }
  }
  const forget = (key: string): Kept | undefined => {
    const one = kept.get(key)
    clearInterval(one?.timer)
    kept.delete(key)
    return one
  }
  const put = async (key: string, registration: Registration): Promise<void> => {
    forget(key)
    const { ID: lease } = await ask(({ lease: service }, call) =>
      service.leaseGrant({ TTL: BigInt(leaseSeconds) }, call),
    )
    await ask(({ kv }, call) => kv.put({ key: bytesOf(key), value: bytesOf(entryOf(registration)), lease }, call))
    const renew = async (): Promise<void> => {
      const left = await client.ask(async ({ lease: service }, call) => {
        for await (const { TTL } of service.leaseKeepAlive([{ ID: lease }], call)) return TTL
        return 0n
      })
      if (left <= 0n && kept.get(key)?.lease === lease) await put(key, registration)
    }
    // A renewal that fails is made again by the next one: three of them must fail before the lease is lost.
    const timer = setInterval(() => void renew().catch(() => {}), delayOf((leaseSeconds * 1000) / 3))
    ;(timer as { unref?(): void }).unref?.()
    kept.set(key, { lease, timer })
  }
  return {
    target: client.target,
    register: (registration) => put(keyOf(registration), registration),
    async deregister(registration) {
      const key = keyOf(registration)
      const one = forget(key)
      try {
        await ask(({ kv }, call) => kv.deleteRange({ key: bytesOf(key) }, call))
        if (one !== undefined) await ask(({ lease }, call) => lease.leaseRevoke({ ID: one.lease }, call))
      } finally {
        if (kept.size === 0) await client.close()
      }
    },
    async isRegistered(registration) {
      const { kvs } = await ask(({ kv }, call) => kv.range({ key: bytesOf(keyOf(registration)) }, call))
      return kvs.length > 0
    },
  }
}
