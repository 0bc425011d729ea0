import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { concurrencyLimit } from '../../../src/runtime/middleware/concurrency-limit.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { code, deferred, rejection, turns } from '../../support/settle.ts'
import { Shop, shopHandler } from '../../support/shop.ts'

function held() {
  const going: ReturnType<typeof deferred<string>>[] = []
  const handler = shopHandler({
    version() {
      const one = deferred<string>()
      going.push(one)
      return one.promise
    },
  })
  return { going, handler }
}

test('10,000 calls go through a limit of 100, never more than 100 at once', async () => {
  let running = 0
  let most = 0
  const handler = shopHandler({
    async version() {
      most = Math.max(most, ++running)
      await turns(1)
      running--
      return '1'
    },
  })
  for (const side of ['client', 'server']) {
    most = 0
    const layers = [concurrencyLimit(100, { queue: 10_000 })]
    const transport = inProcess(createRouter(side === 'server' ? { layers } : {}).add(Shop, handler))
    const shop = createClient(Shop, transport, side === 'client' ? { layers } : {})
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => shop.version()))
    expect(answers).toHaveLength(10_000)
    expect(most).toBe(100)
  }
})

test('what finds no room in line is RESOURCE_EXHAUSTED', async () => {
  const { going, handler } = held()
  const shop = createClient(Shop, handler, { layers: [concurrencyLimit(1, { queue: 1 })] })
  const first = shop.version()
  const second = shop.version()
  expect(await rejection(shop.version())).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: '1 calls run and 1 wait already',
  })
  going[0]!.resolve('1')
  await turns()
  going[1]!.resolve('2')
  expect([await first, await second]).toEqual(['1', '2'])
})

test('a call that ends while it waits leaves the line and never starts', async () => {
  const { going, handler } = held()
  const shop = createClient(Shop, handler, { layers: [concurrencyLimit(1)] })
  const first = shop.version()
  const stop = new AbortController()
  const left = code(shop.version({ signal: stop.signal }))
  const last = shop.version()
  stop.abort()
  expect(await left).toBe('CANCELLED')
  going[0]!.resolve('1')
  await first
  await turns()
  going[1]!.resolve('3')
  expect(await last).toBe('3')
  expect(going).toHaveLength(2)
})

test('on a client a call that ended early frees its place, on a server its handler does', async () => {
  for (const side of ['client', 'server']) {
    const { going, handler } = held()
    const layers = [concurrencyLimit(1)]
    const router = createRouter(side === 'server' ? { layers } : {}).add(Shop, handler)
    const shop = createClient(Shop, inProcess(router), side === 'client' ? { layers } : {})
    expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    const next = shop.version()
    await turns()
    expect(going).toHaveLength(side === 'client' ? 2 : 1)
    going[0]!.resolve('late')
    await turns()
    going[1]!.resolve('2')
    expect(await next).toBe('2')
  }
})

test('failures free their place, streams when they end', async () => {
  const layers = [concurrencyLimit(1, { queue: 0 })]
  const failing = shopHandler({ version: () => Promise.reject(new Error('no')) })
  const shop = createClient(Shop, inProcess(createRouter({ onError: () => {} }).add(Shop, failing)), { layers })
  for (let i = 0; i < 3; i++) expect(await code(shop.version())).not.toBe('RESOURCE_EXHAUSTED')
  for (const side of ['client', 'server']) {
    const one = [concurrencyLimit(1, { queue: 0 })]
    const router = createRouter(side === 'server' ? { layers: one } : {}).add(Fleet, fleetHandler())
    const fleet = createClient(Fleet, inProcess(router), side === 'client' ? { layers: one } : {})
    const stream = fleet.listVehicles({ capacity: 2 })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    expect(await code(fleet.getVehicle({}))).toBe('RESOURCE_EXHAUSTED')
    await iterator.return!()
    await turns()
    expect(await fleet.getVehicle({})).toBeDefined()
  }
})

test('a call that has ended before it came here keeps no place', async () => {
  const late: Layer = (next) => async (cx, request) => {
    await new Promise((resolve) => cx.onCancel(resolve))
    return next(cx, request)
  }
  const limit = concurrencyLimit(1, { queue: 0 })
  const shop = createClient(Shop, shopHandler(), { layers: [late, limit] })
  expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
  await turns()
  expect(await createClient(Shop, shopHandler(), { layers: [limit] }).version()).toBe('1')
})

test('numbers that make no sense are refused', () => {
  expect(() => concurrencyLimit(0)).toThrow('concurrencyLimit(0)')
  expect(() => concurrencyLimit(1, { queue: Number.NaN })).toThrow('queue is NaN')
})
