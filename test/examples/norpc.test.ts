/** The examples of norpc do what theirs do, or better. */

import { expect, test, vi } from 'vitest'
import { example, lines } from './lesson.ts'

// Each run is a process of its own.
vi.setConfig({ testTimeout: 60_000 })

test('hello answers', async () => {
  expect(await example('norpc', 'hello')).toBe('Hello, Akira\n')
})

test('kvstore keeps what two clients wrote', async () => {
  expect(lines(await example('norpc', 'kvstore'))).toEqual([
    'one two',
    "Map(3) { 1 => 'one', 2 => 'two', 3 => 'three' }",
    'there is nothing at 4',
  ])
})

test('a client needs no runtime', async () => {
  expect(await example('norpc', 'no-runtime')).toBe('3\n')
})

test('10,000 calls go through a limit of 100', async () => {
  const [all, some] = lines(await example('norpc', 'concurrency-limit'))
  expect(all).toBe('room for all: 10000 answered, 0 refused, at most 100 at once')
  expect(some).toBe('room for 900: 1000 answered, 9000 refused, at most 100 at once')
})

test('calls beyond a rate wait or are refused', async () => {
  const [patient, hasty, reason] = lines(await example('norpc', 'rate-limit'))
  const [, ms] = /^40 answered, the last of them after (\d+) ms$/.exec(patient!)!
  expect(Number(ms)).toBeGreaterThanOrEqual(299)
  expect(hasty).toMatch(/^1\d answered, [23]\d refused$/)
  expect(reason).toBe('RESOURCE_EXHAUSTED: more than 1 calls per second (burst 10)')
})

test('a caller that goes away cancels its call and no other', async () => {
  expect(lines(await example('norpc', 'client-drop'))).toEqual([
    'work of 60000 ms: cancelled as CANCELLED',
    'first: CANCELLED: the caller aborted the call',
    'second: 10',
    'work of 50000 ms: cancelled as DEADLINE_EXCEEDED',
    'third: DEADLINE_EXCEEDED: the deadline of Work.work has passed',
    'work of 40000 ms: cancelled as UNAVAILABLE',
    'fourth: UNAVAILABLE: the in-process transport is closed',
  ])
})

test('a handler that throws by mistake fails its call and nothing else', async () => {
  expect(lines(await example('norpc', 'panic'))).toEqual([
    'told to the server: add: Error: I do not do that number',
    'told to the caller: INTERNAL: internal error',
    'its cause stays in this process: Error: I do not do that number',
    '3',
  ])
})
