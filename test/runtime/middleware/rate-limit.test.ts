import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { type RateLimitOptions, rateLimit } from '../../../src/runtime/middleware/rate-limit.ts'
import { code, rejection } from '../../support/settle.ts'
import { Shop, shopHandler } from '../../support/shop.ts'

const shopWith = (options: RateLimitOptions) => createClient(Shop, shopHandler(), { layers: [rateLimit(options)] })

test('a burst passes, what is above it is RESOURCE_EXHAUSTED', async () => {
  const shop = shopWith({ perSecond: 0.001, burst: 3 })
  for (let i = 0; i < 3; i++) expect(await shop.version()).toBe('1')
  expect(await rejection(shop.version())).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: 'more than 0.001 calls per second (burst 3)',
    bytesSent: false,
  })
})

test('calls that may wait are never faster than the rate, and keep their order', async () => {
  const order: string[] = []
  const layers = [rateLimit({ perSecond: 500, burst: 1, queue: 10 })]
  const router = createRouter({ layers }).add(
    Shop,
    shopHandler({
      getProduct(sku) {
        order.push(sku)
        return { sku, title: '' }
      },
    }),
  )
  const shop = createClient(Shop, inProcess(router))
  const start = performance.now()
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((sku) => shop.getProduct(sku)))
  expect(performance.now() - start).toBeGreaterThanOrEqual(9.9)
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('tokens come back with time, up to the burst', async () => {
  const shop = shopWith({ perSecond: 1000, burst: 2 })
  await Promise.all([shop.version(), shop.version()])
  await new Promise((resolve) => setTimeout(resolve, 20))
  await Promise.all([shop.version(), shop.version()])
})

test('a call that ends while it waits takes no token, and the timer of an empty line is gone', async () => {
  const shop = shopWith({ perSecond: 0.001, burst: 1, queue: 5 })
  await shop.version()
  expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(5)
})

test('numbers that make no sense are refused', () => {
  expect(() => rateLimit({ perSecond: 0 })).toThrow('perSecond 0')
  expect(() => rateLimit({ perSecond: 1, burst: 0.5 })).toThrow('burst is 0.5')
  expect(() => rateLimit({ perSecond: 1, queue: -1 })).toThrow('queue is -1')
})
