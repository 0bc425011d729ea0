import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addDeadline, type DeadlineEntry, removeDeadline } from '../../../src/runtime/core/context/deadline-timer.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function entry(onExpire: () => void): DeadlineEntry {
  return { deadlineBucket: undefined, deadlineNext: undefined, deadlinePrevious: undefined, expire: onExpire }
}

function after(delay: number, onExpire: () => void): DeadlineEntry {
  const now = performance.now()
  const one = entry(onExpire)
  addDeadline(one, now + delay, now)
  return one
}

test('never early, and late by at most a millisecond or two percent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 30 }),
      (delays) => {
        const start = performance.now()
        const late: number[] = []
        for (const delay of delays) after(delay, () => late.push(performance.now() - start - delay, delay))
        vi.advanceTimersByTime(110_000)
        expect(late).toHaveLength(delays.length * 2)
        for (let i = 0; i < late.length; i += 2) {
          expect(late[i]).toBeGreaterThanOrEqual(0)
          // The clock of setTimeout counts whole milliseconds from now, which adds less than one.
          expect(late[i]).toBeLessThanOrEqual(Math.max(1, late[i + 1]! * 0.02) + 1)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('any removed entry stays silent and the others expire', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ delay: fc.integer({ min: 1, max: 300 }), removeAt: fc.option(fc.integer({ min: 0, max: 299 })) }),
      ),
      (plans) => {
        const expired = new Set<number>()
        const entries = plans.map(({ delay }, i) => after(delay, () => expired.add(i)))
        for (let now = 0; now < 310; now++) {
          plans.forEach(({ removeAt }, i) => {
            if (removeAt === now) removeDeadline(entries[i]!)
          })
          vi.advanceTimersByTime(1)
        }
        plans.forEach(({ delay, removeAt }, i) => {
          if (removeAt === null || removeAt > delay + delay * 0.02 + 2) expect(expired.has(i)).toBe(true)
          else if (removeAt < delay) expect(expired.has(i)).toBe(false)
        })
      },
    ),
    { numRuns: 50 },
  )
})

test('delays beyond what setTimeout keeps are waited for', () => {
  const expired = vi.fn()
  after(2 ** 31 * 3, expired)
  vi.advanceTimersByTime(2 ** 31 * 2)
  expect(expired).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2 ** 31 * 1.1)
  expect(expired).toHaveBeenCalledOnce()
})

test('an infinite deadline sets no timer', () => {
  after(Number.POSITIVE_INFINITY, () => {})
  expect(vi.getTimerCount()).toBe(0)
})

test('thousands of entries share one timer, and none is left when they are gone', () => {
  const entries = Array.from({ length: 5000 }, (_, i) => after(100 + (i % 900), () => {}))
  expect(vi.getTimerCount()).toBe(1)
  for (const one of entries) removeDeadline(one)
  vi.advanceTimersByTime(2000)
  expect(vi.getTimerCount()).toBe(0)
})

test('an entry that expires may add and remove others', () => {
  const seen: string[] = []
  const second = after(10, () => seen.push('removed'))
  after(5, () => {
    seen.push('first')
    removeDeadline(second)
    after(5, () => seen.push('added'))
  })
  vi.advanceTimersByTime(30)
  expect(seen).toEqual(['first', 'added'])
})

test('removing an entry twice or one that never waited does nothing', () => {
  const one = after(5, () => {})
  removeDeadline(one)
  removeDeadline(one)
  removeDeadline(entry(() => {}))
  vi.advanceTimersByTime(20)
})
