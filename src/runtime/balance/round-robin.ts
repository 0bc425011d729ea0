/** roundRobin() and smoothWeightedRoundRobin(): one endpoint after the other. */

import type { Policy } from './endpoint.ts'

/** One after the other, whatever their weights; it begins anywhere, so that many clients do not begin at the same one. */
export function roundRobin(random: () => number = Math.random): Policy {
  return (endpoints) => {
    let next = Math.floor(random() * endpoints.length)
    return () => {
      if (next >= endpoints.length) next = 0
      return endpoints[next++]
    }
  }
}

/**
 * In proportion to the weights, evenly spread: weights 5, 1, 1 give a a b a c a a, as in nginx. A pick looks at every
 * endpoint.
 */
export function smoothWeightedRoundRobin(random: () => number = Math.random): Policy {
  return (endpoints) => {
    const total = endpoints.reduce((sum, { weight }) => sum + weight, 0)
    const current = endpoints.map(({ weight }) => (endpoints.length === 1 ? 0 : random() * weight))
    return () => {
      let best = -1
      for (let i = 0; i < endpoints.length; i++) {
        current[i]! += endpoints[i]!.weight
        if (best < 0 || current[i]! > current[best]!) best = i
      }
      if (best < 0) return undefined
      current[best]! -= total
      return endpoints[best]
    }
  }
}
