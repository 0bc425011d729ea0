/** consistentHash(): calls of one hash go to one endpoint, and few move when endpoints come and go; the ring of Volo. */

import type { Endpoint, Policy } from './endpoint.ts'
import { murmur3 } from './murmur3.ts'

/** Options of {@link consistentHash}, with Volo's defaults. */
export interface ConsistentHashOptions {
  /** Virtual nodes of an endpoint. Default 100. */
  readonly virtualFactor?: number | undefined
  /** Whether an endpoint has its weight times as many. Default true. */
  readonly weighted?: boolean | undefined
}

const encoder = new TextEncoder()

/** The hash of a text, for `callHash`. */
export function hashOf(text: string): bigint {
  return murmur3(encoder.encode(text))
}

/**
 * A ring of virtual nodes, each the hash of `address#i` with `i` padded with zeros to the width of their count; a call goes
 * to the first one at or after its hash (`callHash` in its context). Calls without a hash go anywhere.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Policy {
  const { virtualFactor = 100, weighted = true } = options
  /** Hashes of an address, which outlive the rings: most endpoints of the next ring are those of this one. */
  let hashes = new Map<string, BigUint64Array>()
  return (endpoints) => {
    const known = hashes
    hashes = new Map()
    const nodes: { readonly hash: bigint; readonly endpoint: Endpoint }[] = []
    for (const endpoint of endpoints) {
      const { address, weight } = endpoint.instance
      const count = weighted ? virtualFactor * weight : virtualFactor
      const key = `${address} ${count}`
      const own = known.get(key) ?? virtualNodes(address, count)
      hashes.set(key, own)
      for (const hash of own) nodes.push({ hash, endpoint })
    }
    nodes.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    return (hash) => {
      if (nodes.length === 0) return undefined
      if (hash === undefined) return nodes[Math.floor(Math.random() * nodes.length)]!.endpoint
      let low = 0
      let high = nodes.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (nodes[middle]!.hash < hash) low = middle + 1
        else high = middle
      }
      return nodes[low === nodes.length ? 0 : low]!.endpoint
    }
  }
}

function virtualNodes(address: string, count: number): BigUint64Array {
  const width = String(count).length
  return BigUint64Array.from({ length: count }, (_, i) => hashOf(`${address}#${String(i).padStart(width, '0')}`))
}
