import { expect, it } from 'vitest'
import { delayOf, longestDelayMs } from '../../../src/runtime/core/context/delay.ts'

it('a delay is what timers keep, also where it is without end', async () => {
  expect([delayOf(0), delayOf(25), delayOf(longestDelayMs)]).toEqual([0, 25, longestDelayMs])
  expect([delayOf(longestDelayMs + 1), delayOf(Number.POSITIVE_INFINITY)]).toEqual([longestDelayMs, longestDelayMs])
  let ended = false
  const timer = setTimeout(() => {
    ended = true
  }, delayOf(Number.POSITIVE_INFINITY))
  await new Promise((resolve) => setTimeout(resolve, 20))
  clearTimeout(timer)
  expect(ended).toBe(false)
})
