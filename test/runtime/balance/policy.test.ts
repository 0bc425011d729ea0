/** The policies: whom they pick, and how evenly. */

import { describe, expect, it } from 'vitest'
import { consistentHash, hashOf } from '../../../src/runtime/balance/consistent-hash.ts'
import type { Endpoint, Picker, Policy } from '../../../src/runtime/balance/endpoint.ts'
import { roundRobin, smoothWeightedRoundRobin } from '../../../src/runtime/balance/round-robin.ts'
import { leastRequest, peakEwma } from '../../../src/runtime/balance/two-choices.ts'
import { weightedRandom } from '../../../src/runtime/balance/weighted-random.ts'
import { instance } from '../../../src/runtime/discovery/instance.ts'

interface Changeable extends Endpoint {
  inFlight: number
  latencyMs: number
}

function endpoint(name: string, weight = 1): Changeable {
  return { instance: instance(`${name}:1`, weight), weight, inFlight: 0, latencyMs: 0 }
}

/** A generator of numbers that is the same in every run. */
function seeded(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}

const nameOf = (one: Endpoint | undefined): string => one?.instance.address.slice(0, -2) ?? 'none'

function counts(pick: Picker, times: number): Record<string, number> {
  const found: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const name = nameOf(pick(undefined))
    found[name] = (found[name] ?? 0) + 1
  }
  return found
}

const all: Record<string, () => Policy> = {
  weightedRandom: () => weightedRandom(),
  roundRobin: () => roundRobin(),
  smoothWeightedRoundRobin: () => smoothWeightedRoundRobin(),
  leastRequest: () => leastRequest(),
  peakEwma: () => peakEwma(),
  consistentHash: () => consistentHash(),
}

describe.each(Object.keys(all))('%s()', (name) => {
  it('picks nobody of nobody, and the only one of one', () => {
    const policy = all[name]!()
    expect(policy([])(undefined)).toBeUndefined()
    const only = endpoint('a')
    expect(policy([only])(undefined)).toBe(only)
    expect(policy([only])(7n)).toBe(only)
  })

  it('picks each of many', () => {
    const many = Array.from({ length: 10 }, (_, i) => endpoint(`e${i}`))
    expect(Object.keys(counts(all[name]!()(many), 2_000))).toHaveLength(10)
  })
})

describe('the weights', () => {
  const [a, b, c] = [endpoint('a', 5), endpoint('b', 1), endpoint('c', 4)]

  it('are shares of weightedRandom()', () => {
    const found = counts(weightedRandom(seeded())([a, b, c]), 10_000)
    expect(found['a']! / 10_000).toBeCloseTo(0.5, 1)
    expect(found['b']! / 10_000).toBeCloseTo(0.1, 1)
    expect(found['c']! / 10_000).toBeCloseTo(0.4, 1)
  })

  it('are exact shares of smoothWeightedRoundRobin(), evenly spread', () => {
    const pick = smoothWeightedRoundRobin(() => 0)([endpoint('a', 5), endpoint('b', 1), endpoint('c', 1)])
    const order = Array.from({ length: 7 }, () => nameOf(pick(undefined))).join('')
    expect(order).toBe('aabacaa')
  })

  it('are nothing to roundRobin()', () => {
    const pick = roundRobin(() => 0)([a, b, c])
    expect(Array.from({ length: 6 }, () => nameOf(pick(undefined))).join('')).toBe('abcabc')
  })
})

describe('the better of two', () => {
  it('is the one with fewer calls for its weight, for leastRequest()', () => {
    const [a, b] = [endpoint('a', 2), endpoint('b', 1)]
    a.inFlight = 2
    b.inFlight = 1
    expect(counts(leastRequest(seeded())([a, b]), 50)).toEqual({ a: 50 })
    a.inFlight = 4
    expect(counts(leastRequest(seeded())([a, b]), 50)).toEqual({ b: 50 })
  })

  it('is the one with the shorter wait, for peakEwma()', () => {
    const [a, b] = [endpoint('a'), endpoint('b')]
    a.latencyMs = 10
    b.latencyMs = 30
    expect(counts(peakEwma(seeded())([a, b]), 50)).toEqual({ a: 50 })
    a.inFlight = 9
    expect(counts(peakEwma(seeded())([a, b]), 50)).toEqual({ b: 50 })
  })

  it('is never the same one twice', () => {
    const [idle, busy] = [endpoint('idle'), endpoint('busy')]
    busy.inFlight = 1_000
    expect(counts(leastRequest(seeded(9))([busy, idle]), 1_000)).toEqual({ idle: 1_000 })
  })
})

describe('consistentHash()', () => {
  it('hashes as MurmurHash3_x64_128 does', () => {
    // The first 64 bits of the reference implementation.
    expect(hashOf('')).toBe(0n)
    expect(hashOf('hello')).toBe(0xcbd8a7b341bd9b02n)
    expect(hashOf('hello, world')).toBe(0x342fac623a5ebc8en)
    expect(hashOf('19 Jan 2038 at 3:14:07 AM')).toBe(0xb89e5988b737affcn)
    expect(hashOf('The quick brown fox jumps over the lazy dog.')).toBe(0xcd99481f9ee902c9n)
  })

  it('sends a hash to the next virtual node of the ring', () => {
    const [a, b] = [endpoint('a'), endpoint('b')]
    const pick = consistentHash({ virtualFactor: 2 })([a, b])
    const nodes = [a, b].flatMap((one) => [0, 1].map((i) => ({ one, hash: hashOf(`${one.instance.address}#${i}`) })))
    nodes.sort((x, y) => (x.hash < y.hash ? -1 : 1))
    for (const { one, hash } of nodes) expect(pick(hash)).toBe(one)
    expect(pick(nodes[0]!.hash + 1n)).toBe(nodes[1]!.one)
    expect(pick(nodes.at(-1)!.hash + 1n)).toBe(nodes[0]!.one)
  })

  it('pads the numbers of virtual nodes to the width of their count', () => {
    const [a, b] = [endpoint('a', 1), endpoint('b', 1)]
    const pick = consistentHash()([a, b])
    expect(pick(hashOf('a:1#007'))).toBe(a)
    expect(pick(hashOf('b:1#099'))).toBe(b)
  })

  it('moves few hashes when an endpoint comes or goes', () => {
    const many = Array.from({ length: 10 }, (_, i) => endpoint(`e${i}`))
    const policy = consistentHash()
    const hashes = Array.from({ length: 1_000 }, (_, i) => hashOf(`user ${i}`))
    const before = hashes.map(policy(many))
    const after = hashes.map(policy(many.slice(1)))
    const moved = hashes.filter((_, i) => before[i] !== after[i])
    expect(moved.length).toBe(before.filter((one) => one === many[0]).length)
    expect(moved.length).toBeLessThan(250)
  })

  it('changes its ring into the one that it would make anew', () => {
    const all = Array.from({ length: 12 }, (_, i) => endpoint(`e${i}`, 1 + (i % 3)))
    const policy = consistentHash({ virtualFactor: 20 })
    const random = seeded(7)
    for (let round = 0; round < 50; round++) {
      const some = all.filter(() => random() < 0.6)
      const reweighted = some.map((one) =>
        random() < 0.1
          ? Object.assign(one, { instance: { ...one.instance, weight: 1 + Math.floor(random() * 3) } })
          : one,
      )
      const changed = policy(reweighted)
      const made = consistentHash({ virtualFactor: 20 })(reweighted)
      for (let i = 0; i < 40; i++) expect(changed(hashOf(`user ${i}`))).toBe(made(hashOf(`user ${i}`)))
    }
  })

  it('gives an endpoint a part of the ring in proportion to its weight', () => {
    const pick = consistentHash()([endpoint('a', 9), endpoint('b', 1)])
    const hits = Array.from({ length: 2_000 }, (_, i) => nameOf(pick(hashOf(`user ${i}`)))).filter(
      (name) => name === 'a',
    )
    expect(hits.length / 2_000).toBeGreaterThan(0.8)
  })
})
