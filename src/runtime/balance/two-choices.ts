/** leastRequest() and peakEwma(): the better of two endpoints that are chosen by chance. */

import type { Endpoint, Policy } from './endpoint.ts'

/** Fewer running calls for its weight wins. Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing". */
export function leastRequest(random: () => number = Math.random): Policy {
  return twoChoices(({ inFlight, weight }) => (inFlight + 1) / weight, random)
}

/**
 * The lower expected wait wins: the peak-sensitive moving average of latency times the calls that run, for its weight.
 * Source: Finagle's `PeakEwma`.
 */
export function peakEwma(random: () => number = Math.random): Policy {
  return twoChoices(({ inFlight, latencyMs, weight }) => ((latencyMs + 1e-6) * (inFlight + 1)) / weight, random)
}

function twoChoices(cost: (endpoint: Endpoint) => number, random: () => number): Policy {
  return (endpoints) => {
    const { length } = endpoints
    if (length < 2) return () => endpoints[0]
    return () => {
      const first = Math.floor(random() * length)
      // Another one, each with the same chance.
      const second = (first + 1 + Math.floor(random() * (length - 1))) % length
      const a = endpoints[first]!
      const b = endpoints[second]!
      return cost(b) < cost(a) ? b : a
    }
  }
}
