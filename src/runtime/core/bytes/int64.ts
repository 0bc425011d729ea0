/** 64-bit integers: between the two halves on a wire and their TypeScript forms. */

const words64 = new BigInt64Array(1)
const unsigned64 = new BigUint64Array(words64.buffer)
const words = new Int32Array(words64.buffer)
const floats = new Float64Array(words64.buffer)
// The order of the halves depends on the machine.
words64[0] = 1n
const lowIndex = words[0] === 1 ? 0 : 1
const highIndex = 1 - lowIndex
const two32 = 4294967296

/** The signed integer of a low and a high half. */
export function int64FromHalves(low: number, high: number): bigint {
  words[lowIndex] = low
  words[highIndex] = high
  return words64[0]!
}

/** The unsigned integer of a low and a high half. */
export function uint64FromHalves(low: number, high: number): bigint {
  words[lowIndex] = low
  words[highIndex] = high
  return unsigned64[0]!
}

/** The signed integer as a number, which is not exact beyond 2^53. */
export function int64ToNumber(low: number, high: number): number {
  return (high | 0) * two32 + (low >>> 0)
}

/** The unsigned integer as a number, which is not exact beyond 2^53. */
export function uint64ToNumber(low: number, high: number): number {
  return (high >>> 0) * two32 + (low >>> 0)
}

/** The double of a low and a high half. */
export function doubleFromHalves(low: number, high: number): number {
  words[lowIndex] = low
  words[highIndex] = high
  return floats[0]!
}

/**
 * The bigint of any TypeScript form of a signed 64-bit integer; undefined when it is none or does not fit.
 * Numbers must be safe integers, strings decimal.
 */
export function toInt64(value: unknown): bigint | undefined {
  const big = toBigInt(value)
  return big !== undefined && BigInt.asIntN(64, big) === big ? big : undefined
}

/** Like {@link toInt64} for an unsigned one. */
export function toUint64(value: unknown): bigint | undefined {
  const big = toBigInt(value)
  return big !== undefined && BigInt.asUintN(64, big) === big ? big : undefined
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value === 'string') return /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
  return undefined
}
