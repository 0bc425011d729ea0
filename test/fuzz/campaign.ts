/** How many cases there are, and what holds for all of them: an end to each, and memory that stays where it was. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'

export const count: number = Number(process.env['FUZZ_COUNT'] ?? 3000)
export const idlCount: number = Number(process.env['FUZZ_IDL_COUNT'] ?? process.env['FUZZ_COUNT'] ?? 1000)
export const seed: number = Number(process.env['FUZZ_SEED'] ?? 20261)
const isLong = process.env['FUZZ_COUNT'] !== undefined
export const timeout: number = isLong ? 6 * 3600_000 : 60_000
const mebibyte = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Runs cases; after each stretch what is still held is compared with what was held at the start. */
export async function fuzz(name: string, total: number, one: (i: number) => string | Promise<string>): Promise<void> {
  const outcomes = new Map<string, number>()
  const start = Date.now()
  let slowest = 0
  let base = 0
  const stretch = Math.max(500, Math.floor(total / 20))
  for (let i = 0; i < total; i++) {
    const before = Date.now()
    const running = one(i)
    const outcome = typeof running === 'string' ? running : await running
    slowest = Math.max(slowest, Date.now() - before)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if ((i + 1) % stretch !== 0) continue
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    if (base === 0) base = heapUsed + arrayBuffers
    else expect(heapUsed + arrayBuffers - base).toBeLessThan(64 * mebibyte)
  }
  if (!isLong) return
  const counts = [...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(', ')
  const seconds = (Date.now() - start) / 1000
  const { maxRSS } = process.resourceUsage()
  process.stdout.write(
    `${name}: ${total} cases: ${counts}; ${seconds.toFixed(0)} s, slowest ${slowest} ms, largest process so far ${(maxRSS / 1024).toFixed(0)} MiB\n`,
  )
}
