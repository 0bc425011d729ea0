import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  doubleFromHalves,
  int64FromHalves,
  int64ToNumber,
  toInt64,
  toUint64,
  uint64FromHalves,
  uint64ToNumber,
} from '../../../src/runtime/core/bytes/int64.ts'

const view = new DataView(new ArrayBuffer(8))

describe('64-bit integers', () => {
  it('come from their halves', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
        view.setBigUint64(0, bits)
        const high = view.getInt32(0)
        const low = view.getInt32(4)
        expect(uint64FromHalves(low, high)).toBe(bits)
        expect(int64FromHalves(low, high)).toBe(BigInt.asIntN(64, bits))
        expect(uint64ToNumber(low, high)).toBe(Number(bits))
        expect(int64ToNumber(low, high)).toBe(Number(BigInt.asIntN(64, bits)))
        expect(doubleFromHalves(low, high)).toBe(view.getFloat64(0))
      }),
    )
  })

  it('are taken in every form that fits, and in no other', () => {
    for (const value of [5n, 5, '5', -5n, -5, '-5', 2n ** 63n - 1n, '-9223372036854775808']) {
      expect(toInt64(value)).toBe(BigInt(value))
    }
    for (const value of [
      2n ** 63n,
      '9223372036854775808',
      1.5,
      2 ** 53,
      Number.NaN,
      '0x5',
      ' 5',
      '',
      null,
      undefined,
      {},
    ]) {
      expect(toInt64(value)).toBeUndefined()
    }
    expect(toUint64(2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
    for (const value of [-1, -1n, '-1', 2n ** 64n, '18446744073709551616']) expect(toUint64(value)).toBeUndefined()
  })
})
