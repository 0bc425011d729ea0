/** Whatever happens to calls, workers and the pool, in whatever order: every call settles once and nothing is left. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BizError, isBizError, isRpcError } from '../../../src/index.ts'
import type { ThreadsOptions } from '../../../src/inproc.ts'
import { depotOver, fixture, poolOf, relayOver, until, useWorker } from './worker/pool.ts'

useWorker()

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      what: fc.constantFrom('sleep', 'wait', 'stubborn', 'spin'),
      ms: fc.integer({ min: 0, max: 4 }),
      timeoutMs: fc.option(fc.constantFrom(0, 1, 5), { nil: undefined }),
      abortAfter: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      how: fc.constantFrom('declared', 'biz', 'rpc', 'unknown'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'note' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('list' as const, 'collect' as const, 'chat' as const),
      n: fc.integer({ min: 0, max: 40 }),
      leaveAfter: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
      timeoutMs: fc.option(fc.constantFrom(1, 5), { nil: undefined }),
      end: fc.constantFrom('end', 'fail', 'hang'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('die' as const),
      how: fc.constantFrom('exit', 'throw', 'exit after others'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 3 }) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const settings: fc.Arbitrary<ThreadsOptions> = fc.record({
  size: fc.constantFrom(1, 2),
  window: fc.constantFrom(1, 3, 256),
  queue: fc.constantFrom(0, 2, 1024),
  streamWindow: fc.constantFrom(1, 4, 16),
  payload: fc.constantFrom('codec', 'clone'),
  restart: fc.constantFrom(false, { minMs: 1, maxMs: 2 }),
})

const known = [
  'ok',
  'Sold',
  'BIZ',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
  'RESOURCE_EXHAUSTED',
  'INTERNAL',
  'NOT_FOUND',
  'DATA_LOSS',
  'source',
]
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function nameOf(error: unknown): string {
  if (isRpcError(error)) return error.code
  if (isBizError(error)) return error instanceof BizError ? 'BIZ' : 'foreign BizError'
  if (error instanceof fixture.depot['Sold']) return 'Sold'
  return (error as Error).message
}

/** Requests of a stream: they end, fail, or go silent until they are left. */
async function* requests(n: number, end: string): AsyncIterable<{ n: number }> {
  for (let i = 0; i < n; i++) yield { n: i }
  if (end === 'fail') throw new Error('source')
  if (end === 'hang') await new Promise(() => {})
}

async function read(stream: AsyncIterable<unknown>, leaveAfter: number | undefined): Promise<void> {
  let count = 0
  for await (const _ of stream) if (count++ === leaveAfter) return
}

test('random calls, cancellations, deadlines, streams, deaths and a close', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      settings,
      fc.constantFrom(0, 20),
      fc.boolean(),
      async (steps, options, drainMs, isReady) => {
        const pool = poolOf({ graceMs: 200, ...options })
        const depot = depotOver(pool)
        const relay = relayOver(pool)
        if (isReady) await pool.ready()
        const outcomes: string[] = []
        let started = 0
        let settledTwice = 0
        const track = (running: Promise<unknown>): void => {
          started++
          let settled = 0
          const settle = (name: string): void => {
            if (++settled > 1) settledTwice++
            outcomes.push(name)
          }
          running.then(
            () => settle('ok'),
            (error) => settle(nameOf(error)),
          )
        }
        const run = async (one: Step): Promise<void> => {
          if (one.kind === 'pause') await pause(one.ms)
          else if (one.kind === 'fail') track(depot['fail']!(one.how))
          else if (one.kind === 'note') track(depot['note']!('x'))
          else if (one.kind === 'die') track(depot['run']!(one.how, 0, { timeoutMs: 2_000 }))
          else if (one.kind === 'call') {
            const stop = new AbortController()
            // What nothing else ends is ended by the close.
            track(depot['run']!(one.what, one.ms, { timeoutMs: one.timeoutMs, signal: stop.signal }))
            if (one.abortAfter !== undefined) setTimeout(() => stop.abort(), one.abortAfter)
          } else if (one.kind === 'list') {
            const body = { case: 'text', value: one.end }
            track(read(relay['list']!({ n: one.n, body }, { timeoutMs: one.timeoutMs }), one.leaveAfter))
          } else if (one.kind === 'collect')
            track(relay['collect']!(requests(one.n, one.end), { timeoutMs: one.timeoutMs }))
          else track(read(relay['chat']!(requests(one.n, one.end), { timeoutMs: one.timeoutMs }), one.leaveAfter))
        }
        for (const one of steps) await run(one)
        await pool.close({ drainMs })
        await until(() => outcomes.length === started)
        await pause(2)
        expect([outcomes.length, settledTwice]).toEqual([started, 0])
        expect(outcomes.filter((name) => !known.includes(name))).toEqual([])
        expect(pool.stats()).toMatchObject({ queued: 0, inFlight: 0, abandoned: 0 })
        expect(pool.stats().workers.every(({ state }) => state === 'ended')).toBe(true)
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 30), endOnFailure: true },
  )
}, 120_000)
