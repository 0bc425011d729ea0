/** Windows, lines, balance and statistics of a pool of threads. */

import { describe, expect, test } from 'vitest'
import type { RpcError } from '../../../src/index.ts'
import { code, rejection } from '../../support/settle.ts'
import { depotOver, poolOf, relayOver, until, useWorker } from './worker/pool.ts'

useWorker()

describe('the window of a worker', () => {
  test('lets so many calls run; others wait in line, first come first served', async () => {
    const pool = poolOf({ window: 2 })
    const depot = depotOver(pool)
    await pool.ready()
    const order: number[] = []
    const calls = Array.from({ length: 6 }, (_, i) => depot['run']!('sleep', 10).then(() => order.push(i)))
    expect([pool.stats().inFlight, pool.stats().queued]).toEqual([2, 4])
    await Promise.all(calls)
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect(pool.stats()).toMatchObject({ inFlight: 0, queued: 0, calls: 6, rejected: 0 })
  })

  test('with a full line refuses calls as RESOURCE_EXHAUSTED, which no worker has seen', async () => {
    const pool = poolOf({ window: 1, queue: 2 })
    const depot = depotOver(pool)
    await pool.ready()
    const calls = [1, 2, 3].map(() => depot['run']!('sleep', 10))
    const refused = (await rejection(depot['run']!('sleep', 10))) as RpcError
    expect([refused.code, refused.bytesSent]).toEqual(['RESOURCE_EXHAUSTED', false])
    expect(await Promise.all(calls)).toEqual(['slept', 'slept', 'slept'])
    expect(pool.stats().rejected).toBe(1)
    expect(await depot['run']!('sleep', 1)).toBe('slept')
  })

  test('counts a call whose deadline passed, whichever side saw it first, until its handler ends', async () => {
    const pool = poolOf({ window: 4, graceMs: 10_000 })
    const depot = depotOver(pool)
    await pool.ready()
    const calls = Array.from({ length: 4 }, () => code(depot['run']!('stubborn', 600, { timeoutMs: 150 })))
    expect(await Promise.all(calls)).toEqual(Array(4).fill('DEADLINE_EXCEEDED'))
    const { inFlight, abandoned } = pool.stats()
    expect(abandoned).toBe(inFlight)
    await expect.poll(() => pool.stats()).toMatchObject({ inFlight: 0, abandoned: 0, queued: 0 })
  })

  test('counts an abandoned call until its handler ends', async () => {
    const pool = poolOf({ window: 1, graceMs: 10_000 })
    const depot = depotOver(pool)
    await pool.ready()
    const stop = new AbortController()
    const call = depot['run']!('stubborn', 300, { signal: stop.signal })
    // Long enough for the worker to have begun it; one that has not would never start.
    await new Promise((resolve) => setTimeout(resolve, 100))
    stop.abort()
    expect(await code(call)).toBe('CANCELLED')
    expect(pool.stats()).toMatchObject({ inFlight: 1, abandoned: 1 })
    const notes = depot['notes']!()
    expect(pool.stats().queued).toBe(1)
    expect(await notes).toContain('stubborn is done')
    expect(pool.stats()).toMatchObject({ inFlight: 0, abandoned: 0, queued: 0 })
  })

  test('lets calls leave the line when they are cancelled or their deadline passes', async () => {
    const pool = poolOf({ window: 1 })
    const depot = depotOver(pool)
    await pool.ready()
    const busy = depot['run']!('sleep', 60)
    const stop = new AbortController()
    const cancelled = depot['note']!('cancelled', { signal: stop.signal })
    const late = depot['note']!('late', { timeoutMs: 10 })
    stop.abort()
    expect([await code(cancelled), await code(late)]).toEqual(['CANCELLED', 'DEADLINE_EXCEEDED'])
    expect(pool.stats().queued).toBe(0)
    await busy
    expect(await depot['notes']!()).toEqual([])
  })

  test('holds for streams as well', async () => {
    const pool = poolOf({ window: 1 })
    const relay = relayOver(pool)
    await pool.ready()
    const stream = relay['list']!({ n: 1000 })[Symbol.asyncIterator]()
    await stream.next()
    const waiting = relay['get']!({ n: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pool.stats().queued).toBe(1)
    await stream.return()
    expect((await waiting).n).toBe(1)
  })
})

describe('balance', () => {
  test('least-inflight spreads calls evenly', async () => {
    const pool = poolOf({ size: 2 })
    const depot = depotOver(pool)
    await pool.ready()
    const threads = await Promise.all(
      Array.from({ length: 10 }, async () => {
        await depot['run']!('sleep', 5)
      }),
    )
    expect(threads.length).toBe(10)
    expect(pool.stats().workers.map(({ calls }) => calls)).toEqual([5, 5])
    for (let i = 0; i < 10; i++) await depot['nothing']!()
    expect(pool.stats().workers.map(({ calls }) => calls)).toEqual([10, 10])
  })

  test('least-inflight goes around a busy worker', async () => {
    const pool = poolOf({ size: 2 })
    const depot = depotOver(pool)
    await pool.ready()
    const busy = depot['run']!('spin', 200)
    for (let i = 0; i < 20; i++) await depot['nothing']!()
    expect(
      pool
        .stats()
        .workers.map(({ calls }) => calls)
        .sort((a, b) => a - b),
    ).toEqual([1, 20])
    await busy
  })

  test('hash sends the calls of a key to one worker, in their order', async () => {
    const pool = poolOf({
      size: 3,
      balance: 'hash',
      window: 1,
      hashBy: (_cx, request) => (request as { text?: string; what?: string }).text ?? 'other',
    })
    const depot = depotOver(pool)
    await pool.ready()
    const before = pool.stats().workers.map(({ calls }) => calls)
    await Promise.all(Array.from({ length: 9 }, () => depot['note']!('same key')))
    await until(() => pool.stats().inFlight === 0)
    const given = pool.stats().workers.map(({ calls }, i) => calls - before[i]!)
    expect(given.sort((a, b) => a - b)).toEqual([0, 0, 9])
    for (let i = 0; i < 60; i++) await depot['note']!(`key ${i}`)
    await until(() => pool.stats().inFlight === 0)
    expect(pool.stats().workers.every(({ calls }) => calls > 5)).toBe(true)
  })

  test('hash: what hashBy throws fails its call', async () => {
    const pool = poolOf({
      balance: 'hash',
      hashBy: () => {
        throw new RangeError('no key')
      },
    })
    expect(await rejection(depotOver(pool)['nothing']!())).toBeInstanceOf(RangeError)
  })
})

describe('the memory of requests in a worker', () => {
  test('is counted by its server, for messages and streams, and refused before it is spent', async () => {
    const pool = poolOf({ workerData: { maxRequestMemoryBytes: 64 * 1024 } })
    const depot = depotOver(pool)
    const relay = relayOver(pool)
    const children = Array.from({ length: 1_000 }, () => ({ name: '' }))
    const refused = (await rejection(depot['echo']!({ name: 'a', children }))) as RpcError
    expect(refused).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('limits.maxRequestMemoryBytes (65536)'),
    })
    const data = new Uint8Array(100_000)
    expect(await code(relay['collect']!([{ n: 1 }, { n: 2, data }]))).toBe('RESOURCE_EXHAUSTED')
    expect(await depot['echo']!({ name: 'a' })).toMatchObject({ name: 'a' })
    expect(await relay['collect']!([{ n: 1 }, { n: 2 }])).toEqual({ total: 3n, count: 2 })
    // The call that asks holds itself.
    expect(Number(await depot['run']!('request memory', 0))).toBeLessThan(200)
  })
})
