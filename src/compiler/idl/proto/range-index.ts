/** Finding the range that holds a number, among many. */

import type { ProtoRange } from './ast.ts'

/** A search over ranges, which may overlap: `max` and all. O(log n) for ranges that do not. */
export function rangeIndex(ranges: readonly ProtoRange[]): (number: number) => ProtoRange | undefined {
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  // How far the ranges up to each one reach, so that a search knows when to stop.
  const reach: number[] = []
  for (const { end } of sorted) reach.push(Math.max(end, reach.at(-1) ?? Number.NEGATIVE_INFINITY))
  return (number) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]!.start <= number) low = middle + 1
      else high = middle
    }
    for (let i = low - 1; i >= 0 && reach[i]! >= number; i--) if (sorted[i]!.end >= number) return sorted[i]
    return undefined
  }
}
