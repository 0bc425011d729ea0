/** Histogram: counts of values in buckets, for one series. */

import { sample } from './exposition.ts'

/** Values counted by upper bounds. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** Per bucket, not cumulative; the last one is for what is above every bound. */
  readonly #counts: number[]
  #sum = 0
  #count = 0

  /** `bounds` in ascending order. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= bounds[middle]!) high = middle
      else low = middle + 1
    }
    this.#counts[low]!++
    this.#sum += value
    this.#count++
  }

  get count(): number {
    return this.#count
  }

  /** The samples of the series: cumulative buckets, sum and count. */
  *lines(name: string, labels: string): Iterable<string> {
    const before = labels === '' ? '' : `${labels},`
    let total = 0
    for (const [i, bound] of [...this.#bounds, Number.POSITIVE_INFINITY].entries()) {
      total += this.#counts[i]!
      yield sample(`${name}_bucket`, `${before}le="${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}"`, total)
    }
    yield sample(`${name}_sum`, labels, this.#sum)
    yield sample(`${name}_count`, labels, this.#count)
  }
}
