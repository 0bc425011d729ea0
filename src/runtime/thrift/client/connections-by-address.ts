/** The connections of a client to every address that its calls name. */

import { RpcError } from '../../core/error.ts'
import { type Address, parseAddress } from '../../net/address.ts'
import type { PoolStats } from '../../net/pool.ts'
import type { ThriftClientCall } from './call.ts'

/** The connections to one address. */
export interface Connections {
  readonly stats: PoolStats
  start(call: ThriftClientCall): void
  warmUp(count: number): Promise<void>
  close(reason: RpcError): void
}

/** Addresses beside the transport's own that are kept; those that have been quiet for longest make room. */
const mostOthers = 1_024

/** Makes connections to an address when a call first names it. */
export class ConnectionsByAddress {
  readonly own: Connections
  readonly #open: (target: Address) => Connections
  /** The one that was named last is the last. */
  readonly #others = new Map<string, Connections>()

  constructor(target: Address, open: (target: Address) => Connections) {
    this.#open = open
    this.own = open(target)
  }

  /** The connections to an address. Throws RpcError INVALID_ARGUMENT on one that cannot be read. */
  at(address: string): Connections {
    let found = this.#others.get(address)
    if (found === undefined) {
      found = this.#open(parseAddress(address))
      this.#makeRoom()
    } else this.#others.delete(address)
    this.#others.set(address, found)
    return found
  }

  get stats(): PoolStats {
    const sum: { -readonly [K in keyof PoolStats]: number } = { ...this.own.stats }
    for (const { stats } of this.#others.values()) {
      for (const key of Object.keys(sum) as (keyof PoolStats)[]) sum[key] += stats[key]
    }
    return sum
  }

  close(reason: RpcError): void {
    this.own.close(reason)
    for (const connections of this.#others.values()) connections.close(reason)
  }

  #makeRoom(): void {
    if (this.#others.size < mostOthers) return
    for (const [address, connections] of this.#others) {
      const { busy, connecting, waiting } = connections.stats
      if (busy + connecting + waiting > 0) continue
      this.#others.delete(address)
      connections.close(quiet)
      return
    }
  }
}

const quiet = new RpcError('UNAVAILABLE', 'other addresses are called now', { bytesSent: false, stack: false })
