/** weightedRandom(): each endpoint by chance, in proportion to its weight; the default, as in Volo. */

import type { Policy } from './endpoint.ts'

/** A pick is a binary search in prefix sums. `random` gives numbers from 0 to 1 and is there for tests. */
export function weightedRandom(random: () => number = Math.random): Policy {
  return (endpoints) => {
    const sums: number[] = []
    let total = 0
    for (const { weight } of endpoints) {
      total += weight
      sums.push(total)
    }
    return () => {
      const wanted = random() * total
      let low = 0
      let high = sums.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if (wanted < sums[middle]!) high = middle
        else low = middle + 1
      }
      return endpoints[low]
    }
  }
}
