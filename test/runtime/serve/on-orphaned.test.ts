import { afterEach, expect, it, vi } from 'vitest'
import { onOrphaned } from '../../../src/runtime/serve/on-orphaned.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it('hears once of the end of the shell of a package script', () => {
  vi.useFakeTimers()
  vi.stubEnv('npm_lifecycle_event', 'start')
  const parent = vi.spyOn(process, 'ppid', 'get').mockReturnValue(100)
  const listener = vi.fn()
  onOrphaned(listener)
  vi.advanceTimersByTime(1_000)
  expect(listener).not.toHaveBeenCalled()
  parent.mockReturnValue(1)
  vi.advanceTimersByTime(1_000)
  expect(listener).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

it('watches no more when it is told so, and never outside package scripts', () => {
  vi.useFakeTimers()
  vi.stubEnv('npm_lifecycle_event', 'start')
  const stop = onOrphaned(() => {})
  expect(vi.getTimerCount()).toBe(1)
  stop()
  vi.stubEnv('npm_lifecycle_event', undefined)
  onOrphaned(() => {})
  expect(vi.getTimerCount()).toBe(0)
})
