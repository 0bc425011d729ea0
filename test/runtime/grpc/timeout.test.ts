import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTimeout, parseTimeout } from '../../../src/runtime/grpc/timeout.ts'

describe('grpc-timeout', () => {
  it.each([
    [0, '1n'],
    [-5, '1n'],
    [0.0001, '1u'],
    [1.5, '1500u'],
    [500, '500m'],
    [499.2, '500m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [1e12, '16666667M'],
    [1e20, '99999999H'],
    [Number.POSITIVE_INFINITY, '99999999H'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(formatTimeout(ms)).toBe(text)
  })

  it.each([
    ['1n', 1e-6],
    ['250u', 0.25],
    ['7m', 7],
    ['2S', 2000],
    ['3M', 180_000],
    ['1H', 3_600_000],
    ['00000000m', 0],
    ['99999999H', 99_999_999 * 3_600_000],
  ])('reads %s', (text, ms) => {
    expect(parseTimeout(text)).toBeCloseTo(ms, 9)
  })

  it('has at most 8 digits and is never shorter than what was asked for', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 3e14, noNaN: true }), (ms) => {
        const text = formatTimeout(ms)
        expect(text).toMatch(/^\d{1,8}[HMSmun]$/)
        expect(parseTimeout(text)! + 1e-9).toBeGreaterThanOrEqual(ms)
      }),
    )
  })

  it('takes no other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d{1,8}[HMSmun]$/.test(text))
        expect(parseTimeout(text)).toBeUndefined()
      }),
    )
    for (const text of ['', 'm', '123456789m', '1.5S', '+1m', '1 m', '1m\n', '٣m'])
      expect(parseTimeout(text)).toBeUndefined()
  })
})
