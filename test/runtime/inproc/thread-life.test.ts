/** The lives of worker threads: starting, dying, hanging, being closed; no call is lost with them. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MessagePort } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import type { RpcError } from '../../../src/index.ts'
import { all, code, rejection } from '../../support/settle.ts'
import { depotOver, fixture, poolOf, relayOver, until, useWorker } from './worker/pool.ts'

useWorker()

const file = (name: string): URL => new URL(`./worker/${name}`, import.meta.url)

describe('a worker that dies', () => {
  const deaths = [
    ['exits', 'exit', /has ended: exit code 3/],
    ['throws outside of any call', 'throw', /has ended: thrown outside of any call/],
    ['runs out of memory', 'memory', /has ended: .*memory/],
  ] as const

  test.each(deaths)(
    'because it %s fails its calls as UNAVAILABLE and is started again',
    async (_, what, message) => {
      const pool = poolOf({ restart: { minMs: 1 }, resourceLimits: { maxOldGenerationSizeMb: 24 }, graceMs: 20_000 })
      const depot = depotOver(pool)
      await pool.ready()
      const first = pool.stats().workers[0]?.address
      const neighbour = rejection(depot['run']!('sleep', 60_000)) as Promise<RpcError>
      const stream = rejection(all(relayOver(pool)['list']!({ n: 1, body: { case: 'text', value: 'hang' } })))
      await depot['nothing']!()
      const error = (await rejection(depot['run']!(what, 0))) as RpcError
      expect(error.code).toBe('UNAVAILABLE')
      expect(error.message).toMatch(message)
      expect(error.message).toContain('depot.mjs')
      expect(error.bytesSent).toBe(true)
      expect((await neighbour).code).toBe('UNAVAILABLE')
      expect(((await stream) as RpcError).code).toBe('UNAVAILABLE')
      expect(await depot['run']!('data', 0)).toBe('undefined')
      expect(pool.stats()).toMatchObject({ inFlight: 0, restarts: 1 })
      expect(pool.stats().workers[0]?.address).not.toBe(first)
    },
    60_000,
  )

  test('before a call has left for it: the call is marked as one that no worker has seen', async () => {
    const pool = poolOf({ window: 1, restart: false })
    const depot = depotOver(pool)
    await pool.ready()
    const seen = rejection(depot['run']!('exit', 0))
    const waiting = rejection(depot['nothing']!())
    expect([await seen, await waiting]).toMatchObject([
      { code: 'UNAVAILABLE', bytesSent: true },
      { code: 'UNAVAILABLE', bytesSent: false },
    ])
    expect(await rejection(depot['nothing']!())).toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(pool.stats().workers[0]).toMatchObject({ state: 'ended', restarts: 0, calls: 1 })
  })

  test('leaves the calls of others alone, and they take its place', async () => {
    const pool = poolOf({ size: 2, restart: false })
    const depot = depotOver(pool)
    await pool.ready()
    const calls = [depot['run']!('sleep', 100), rejection(depot['run']!('exit', 0))]
    expect(await Promise.all(calls)).toMatchObject(['slept', { code: 'UNAVAILABLE' }])
    for (let i = 0; i < 5; i++) await depot['nothing']!()
    expect(
      pool
        .stats()
        .workers.map(({ state }) => state)
        .sort(),
    ).toEqual(['ended', 'ready'])
  })

  test('hands its keys to the next one where it is not restarted', async () => {
    const pool = poolOf({ size: 2, balance: 'hash', hashBy: () => 'always the same', restart: false })
    const depot = depotOver(pool)
    await pool.ready()
    expect(await code(depot['run']!('exit', 0))).toBe('UNAVAILABLE')
    expect(await depot['run']!('sleep', 0)).toBe('slept')
  })

  test('is ended when a message of it cannot be read, for nobody knows what was in it', async () => {
    const pool = poolOf({ restart: false })
    const depot = depotOver(pool)
    await pool.ready()
    const running = rejection(depot['run']!('sleep', 60_000)) as Promise<RpcError>
    const post = MessagePort.prototype.postMessage
    const ports: MessagePort[] = []
    const spy = vi.spyOn(MessagePort.prototype, 'postMessage').mockImplementation(function (
      this: MessagePort,
      ...args: unknown[]
    ) {
      ports.push(this)
      post.apply(this, args as Parameters<typeof post>)
    })
    await depot['nothing']!()
    spy.mockRestore()
    const event = Object.assign(new Event('messageerror'), { data: new Error('garbled') })
    ports[0]?.dispatchEvent(event)
    expect((await running).message).toMatch(/has ended: a message of it could not be read/)
    expect((await running).code).toBe('UNAVAILABLE')
  })

  test('keeps what it answered before its end', async () => {
    const pool = poolOf({ restart: false })
    const depot = depotOver(pool)
    await pool.ready()
    const calls = [depot['run']!('exit after others', 0), ...Array.from({ length: 50 }, () => depot['nothing']!())]
    const [last, ...others] = await Promise.allSettled(calls)
    expect(last?.status).toBe('rejected')
    expect(others.every(({ status }) => status === 'fulfilled')).toBe(true)
  })

  test('again and again is restarted more and more slowly', async () => {
    const pool = poolOf({ restart: { minMs: 20, maxMs: 40 } })
    const depot = depotOver(pool)
    for (let i = 0; i < 4; i++) expect(await code(depot['run']!('exit', 0))).toBe('UNAVAILABLE')
    expect(pool.stats().workers[0]?.state).toBe('waiting')
    await depot['nothing']!()
    expect(pool.stats().restarts).toBe(4)
  })
})

describe('a worker that does not start', () => {
  const starts = [
    ['because its file throws', 'broken.mjs', /could not start: no database/],
    ['because there is no such file', 'nowhere.mjs', /could not start: Cannot find module/],
    ['because it never serves', 'silent.mjs', /could not start: it did not call serveThread\(\) within 200 ms/],
    ['because it ends without serving', 'empty.mjs', /could not start: exit code 0: its file must call serveThread/],
  ] as const

  test.each(starts)(
    '%s fails the calls that wait and those that come',
    async (_, name, message) => {
      const url = name === 'empty.mjs' ? new URL('data:text/javascript,') : file(name)
      const pool = poolOf({ readyTimeoutMs: name === 'silent.mjs' ? 200 : 60_000, restart: { minMs: 60_000 } }, url)
      const depot = depotOver(pool)
      const ready = rejection(pool.ready())
      for (const error of (await Promise.all([ready, rejection(depot['nothing']!())])) as RpcError[]) {
        expect(error.code).toBe('UNAVAILABLE')
        expect(error.message).toMatch(message)
        expect(error.bytesSent).toBe(false)
      }
      expect(((await rejection(depot['nothing']!())) as Error).message).toMatch(message)
      expect(pool.stats().workers[0]?.state).toBe('waiting')
    },
    60_000,
  )
})

describe('cancellation', () => {
  test('reaches the handler, by signal, by deadline and by parent', async () => {
    const pool = poolOf()
    const depot = depotOver(pool)
    const stop = new AbortController()
    const aborted = depot['run']!('wait', 0, { signal: stop.signal })
    await depot['nothing']!()
    stop.abort()
    expect(await code(aborted)).toBe('CANCELLED')
    expect(await code(depot['run']!('wait', 0, { timeoutMs: 20 }))).toBe('DEADLINE_EXCEEDED')
    const notes: string[] = []
    await until(async () => {
      notes.push(...(await depot['notes']!()))
      return notes.length === 2
    })
    expect(notes).toEqual(['cancelled: CANCELLED', 'cancelled: DEADLINE_EXCEEDED'])
    await until(() => pool.stats().inFlight === 0)
  })

  test('lets a handler that ignores it go on, and its worker live, while the event loop answers', async () => {
    const pool = poolOf({ graceMs: 30 })
    const depot = depotOver(pool)
    await pool.ready()
    expect(await code(depot['run']!('stubborn', 200, { timeoutMs: 10 }))).toBe('DEADLINE_EXCEEDED')
    await until(() => pool.stats().inFlight === 0)
    expect(await depot['notes']!()).toContain('stubborn is done')
    expect(pool.stats().restarts).toBe(0)
  })

  test('terminates a worker whose event loop hears of nothing within the grace; its other calls are UNAVAILABLE', async () => {
    const pool = poolOf({ graceMs: 100, restart: { minMs: 1 } })
    const depot = depotOver(pool)
    await pool.ready()
    const other = rejection(depot['run']!('sleep', 60_000)) as Promise<RpcError>
    await depot['nothing']!()
    const hanging = depot['run']!('spin', 60_000, { timeoutMs: 50 })
    expect(await code(hanging)).toBe('DEADLINE_EXCEEDED')
    const lost = await other
    expect(lost.code).toBe('UNAVAILABLE')
    expect(lost.message).toMatch(/did not answer for 100 ms after a call of it had been cancelled/)
    expect(await depot['run']!('sleep', 1)).toBe('slept')
    expect(pool.stats().restarts).toBe(1)
  }, 30_000)

  test('leaves alone a worker that is busy for less than the grace', async () => {
    const pool = poolOf({ graceMs: 5_000 })
    const depot = depotOver(pool)
    await pool.ready()
    expect(await code(depot['run']!('spin', 150, { timeoutMs: 10 }))).toBe('DEADLINE_EXCEEDED')
    await until(() => pool.stats().inFlight === 0)
    expect(pool.stats().restarts).toBe(0)
  })
})

describe('close', () => {
  test('refuses new calls, fails those in flight and in line, and ends the threads', async () => {
    const closed = new Int32Array(new SharedArrayBuffer(4))
    const pool = poolOf({ window: 1, workerData: { closed } })
    const depot = depotOver(pool)
    await pool.ready()
    const running = rejection(depot['run']!('wait', 0)) as Promise<RpcError>
    const waiting = rejection(depot['nothing']!()) as Promise<RpcError>
    const closing = pool.close()
    expect(pool.close()).toBe(closing)
    expect([await running, await waiting, await rejection(depot['nothing']!())]).toMatchObject([
      { code: 'UNAVAILABLE', bytesSent: true },
      { code: 'UNAVAILABLE', bytesSent: false },
      { code: 'UNAVAILABLE', bytesSent: false, message: 'the pool of threads is closed' },
    ])
    await closing
    expect(pool.stats().workers[0]).toMatchObject({ state: 'ended', inFlight: 0 })
    expect(closed[0]).toBe(1)
    expect(await code(pool.ready())).toBe('UNAVAILABLE')
  })

  test('lets calls in flight and in line end while it drains', async () => {
    const pool = poolOf({ window: 1 })
    const depot = depotOver(pool)
    await pool.ready()
    const calls = [depot['run']!('sleep', 30), depot['run']!('sleep', 30)]
    const closing = pool.close({ drainMs: 30_000 })
    expect(await code(depot['nothing']!())).toBe('UNAVAILABLE')
    expect(await Promise.all(calls)).toEqual(['slept', 'slept'])
    await closing
  })

  test('ends a thread that hangs when the grace is over', async () => {
    const pool = poolOf({ graceMs: 50 })
    const depot = depotOver(pool)
    await pool.ready()
    const hanging = rejection(depot['run']!('spin', 60_000)) as Promise<RpcError>
    await new Promise((resolve) => setTimeout(resolve, 20))
    await pool.close()
    expect((await hanging).code).toBe('UNAVAILABLE')
  })

  test('works at once after the start, and while a worker waits for its restart', async () => {
    await poolOf().close()
    const pool = poolOf({ restart: { minMs: 60_000 } })
    expect(await code(depotOver(pool)['run']!('exit', 0))).toBe('UNAVAILABLE')
    await pool.close()
  })
})

describe('the process', () => {
  const run = (mode: string): Promise<{ stdout: string }> => {
    const program = fileURLToPath(new URL('./process.mjs', fixture.url))
    return promisify(execFile)(process.execPath, [program, mode], { timeout: 60_000 })
  }

  test('ends although idle workers live', async () => {
    expect((await run('idle')).stdout).toBe('ready\n')
  }, 60_000)

  test('lives while a call runs', async () => {
    expect((await run('call')).stdout).toBe('slept\n')
  }, 60_000)

  test('is told when serveThread() runs outside of a worker', async () => {
    await expect(run('outside')).rejects.toThrow('serveThread() runs in a worker thread')
  }, 60_000)
})
