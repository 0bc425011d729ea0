/** The `grpc-timeout` header (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */

const mostUnits = 99_999_999

/** Units coarser than a millisecond, each with its length in milliseconds. */
const coarser = [
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
] as const

/**
 * The header's value for a time in milliseconds: at most 8 digits, rounded up, so that a peer never gives up before
 * this side does. Whole milliseconds from 10 ms on keep the value the same from call to call, which HPACK rewards.
 */
export function formatTimeout(ms: number): string {
  if (!(ms > 0)) return '1n'
  if (ms < 10) return `${Math.ceil(ms * 1_000)}u`
  if (ms <= mostUnits) return `${Math.ceil(ms)}m`
  for (const [unit, size] of coarser) {
    const count = Math.ceil(ms / size)
    if (count <= mostUnits) return `${count}${unit}`
  }
  return `${mostUnits}H`
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

/** Milliseconds of a header's value; undefined when it is not one. */
export function parseTimeout(text: string): number | undefined {
  if (!/^\d{1,8}[HMSmun]$/.test(text)) return undefined
  return Number(text.slice(0, -1)) * unitMs[text.slice(-1)]!
}
