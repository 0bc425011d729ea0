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

interface Node {
  readonly hash: bigint
  readonly endpoint: Endpoint
}

/**
 * A ring of virtual nodes, each the hash of `address#i` with `i` padded with zeros to the width of their count; a call goes
 * to the first one at or after its hash (`callHash` in its context). Calls without a hash go anywhere.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Policy {
  const { virtualFactor = 100, weighted = true } = options
  const countOf = ({ instance }: Endpoint): number => (weighted ? virtualFactor * instance.weight : virtualFactor)
  // Most endpoints of the next ring are those of this one, so that it is changed instead of made.
  let ring: readonly Node[] = []
  let counts = new Map<Endpoint, number>()
  return (endpoints) => {
    const known = counts
    counts = new Map(endpoints.map((endpoint) => [endpoint, countOf(endpoint)]))
    const kept = ring.filter(({ endpoint }) => known.get(endpoint) === counts.get(endpoint))
    const added = endpoints.filter((endpoint) => known.get(endpoint) !== counts.get(endpoint))
    const nodes = merged(kept, added.flatMap((endpoint) => virtualNodes(endpoint, countOf(endpoint))).sort(byHash))
    ring = nodes
    return (hash) => {
      if (nodes.length === 0) return undefined
      if (hash === undefined) return nodes[Math.floor(Math.random() * nodes.length)]!.endpoint
      const at = firstFrom(nodes, hash, 0)
      return nodes[at === nodes.length ? 0 : at]!.endpoint
    }
  }
}

function virtualNodes(endpoint: Endpoint, count: number): Node[] {
  const { address } = endpoint.instance
  const width = String(count).length
  return Array.from({ length: count }, (_, i) => ({
    hash: hashOf(`${address}#${String(i).padStart(width, '0')}`),
    endpoint,
  }))
}

const byHash = (a: Node, b: Node): number => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)

/** Where the first node at or after a hash stands, from a place on. */
function firstFrom(nodes: readonly Node[], hash: bigint, from: number): number {
  let low = from
  let high = nodes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (nodes[middle]!.hash < hash) low = middle + 1
    else high = middle
  }
  return low
}

/** Two sorted lists as one. The second is expected to be the shorter one: its places are searched for. */
function merged(nodes: readonly Node[], added: readonly Node[]): readonly Node[] {
  if (nodes.length === 0) return added
  if (added.length === 0) return nodes
  const all: Node[] = []
  let from = 0
  for (const node of added) {
    const to = firstFrom(nodes, node.hash, from)
    for (; from < to; from++) all.push(nodes[from]!)
    all.push(node)
  }
  for (; from < nodes.length; from++) all.push(nodes[from]!)
  return all
}
