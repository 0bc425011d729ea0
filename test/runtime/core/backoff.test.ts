import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exponentialBackoff } from '../../../src/runtime/core/backoff.ts'

describe('exponentialBackoff', () => {
  it('doubles from wait to wait up to the longest', () => {
    const backoff = exponentialBackoff({ initialMs: 10, maxMs: 100, jitter: 0 })
    expect([1, 2, 3, 4, 5, 50, 5_000].map(backoff)).toEqual([10, 20, 40, 80, 100, 100, 100])
  })

  it('leaves to chance the part that it is told', () => {
    const at = (random: number): number => exponentialBackoff({ initialMs: 100, jitter: 0.2 }, () => random)(1)
    expect([at(0), at(0.5), at(1)]).toEqual([80, 100, 120])
  })

  it('has defaults that begin at 50 ms and never wait more than 5 s', () => {
    const longest = exponentialBackoff({}, () => 1)
    expect(longest(1)).toBe(75)
    expect(longest(100)).toBe(5_000)
    expect(exponentialBackoff({}, () => 0)(1)).toBe(25)
  })

  it('can be told not to wait', () => {
    expect([1, 2, 2_000].map(exponentialBackoff({ initialMs: 0 }))).toEqual([0, 0, 0])
  })

  it('stays within its bounds whatever it is asked', () => {
    const range = { noNaN: true, min: 0 }
    fc.assert(
      fc.property(
        fc.double({ ...range, max: 1e6 }),
        fc.double({ ...range, max: 1e6 }),
        fc.double({ noNaN: true, min: 1, max: 10 }),
        fc.double({ ...range, max: 1 }),
        fc.nat(),
        fc.double({ ...range, max: 1 }),
        (initialMs, maxMs, factor, jitter, failures, random) => {
          const ms = exponentialBackoff({ initialMs, maxMs, factor, jitter }, () => random)(failures)
          expect(ms).toBeGreaterThanOrEqual(0)
          expect(ms).toBeLessThanOrEqual(maxMs)
        },
      ),
    )
  })

  it('refuses options that cannot be', () => {
    expect(() => exponentialBackoff({ initialMs: -1 })).toThrow(RangeError)
    expect(() => exponentialBackoff({ maxMs: Number.NaN })).toThrow('maxMs NaN is not at least 0')
    expect(() => exponentialBackoff({ factor: 0.5 })).toThrow('factor 0.5 is not at least 1')
    expect(() => exponentialBackoff({ jitter: 2 })).toThrow('jitter 2 is not between 0 and 1')
  })
})
