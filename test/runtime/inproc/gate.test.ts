import { describe, expect, test, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { setAmbientStore } from '../../../src/runtime/core/context/ambient.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { type InProcessOptions, inProcess } from '../../../src/runtime/inproc/direct.ts'
import { timeout } from '../../../src/runtime/middleware/timeout.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, deferred, rejection, turns } from '../../support/settle.ts'
import { Shop, type ShopClient, type ShopHandler, shopHandler } from '../../support/shop.ts'

const never = (): Promise<never> => new Promise(() => {})
const idle = { running: 0, pending: 0, abandoned: 0 }

function shopOf(
  options: InProcessOptions,
  overrides: Partial<ShopHandler>,
  onError: (error: unknown) => void = () => {},
) {
  const router = createRouter({ onError }).add(Shop, shopHandler(overrides))
  const transport = inProcess(router, options)
  return { router, transport, shop: createClient(Shop, transport) }
}

/** A shop whose `version` calls are held until the test lets them go, in order of their start. */
function held(options: InProcessOptions) {
  const going: ReturnType<typeof deferred<string>>[] = []
  const contexts: Context[] = []
  const made = shopOf(options, {
    version(cx) {
      const one = deferred<string>()
      going.push(one)
      contexts.push(cx)
      return one.promise
    },
  })
  return { ...made, going, contexts }
}

describe('a mailbox', () => {
  test('starts calls after their callers have gone on, one at a time, first come first served', async () => {
    const log: string[] = []
    const { shop } = shopOf(
      { mode: 'mailbox' },
      {
        async getProduct(sku) {
          log.push(`${sku} in`)
          await turns(sku === 'a' ? 3 : 0)
          log.push(`${sku} out`)
          return { sku, title: '' }
        },
      },
    )
    const calls = ['a', 'b', 'c'].map((sku) => shop.getProduct(sku))
    expect(log).toEqual([])
    await Promise.all(calls)
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  })

  test('of concurrency n runs n at once, and what ends makes room for the first in line', async () => {
    const { shop, transport, going } = held({ mode: 'mailbox', concurrency: 2 })
    const calls = [1, 2, 3, 4].map(() => shop.version())
    await turns()
    expect(transport.stats()).toEqual({ running: 2, pending: 2, abandoned: 0, rejected: 0 })
    going[1]!.resolve('second')
    expect(await calls[1]).toBe('second')
    await turns()
    expect(going).toHaveLength(3)
    going[0]!.resolve('first')
    going[2]!.resolve('third')
    await turns()
    going[3]!.resolve('fourth')
    expect(await Promise.all(calls)).toEqual(['first', 'second', 'third', 'fourth'])
    expect(transport.stats()).toMatchObject(idle)
  })

  test('keeps a place for each service, and more for those that ask', async () => {
    const going = deferred<string>()
    const router = createRouter()
      .add(Shop, shopHandler({ version: () => going.promise, getProduct: async (sku) => ({ sku, title: '' }) }))
      .add(Fleet, fleetHandler())
    const transport = inProcess(router, { mode: 'mailbox', limits: { 'Shop.getProduct': { concurrency: 8 } } })
    const shop = createClient(Shop, transport)
    const slow = shop.version()
    const behind = shop.move('a', 'b')
    expect(await all(createClient(Fleet, transport).listVehicles({ capacity: 2 }))).toHaveLength(2)
    expect(await shop.getProduct('a')).toMatchObject({ sku: 'a' })
    expect(transport.stats('Shop')).toMatchObject({ running: 1, pending: 1 })
    expect(transport.stats('Shop.getProduct')).toMatchObject(idle)
    going.resolve('1')
    expect([await slow, await behind]).toEqual(['1', '1 from a to b'])
  })

  test('lets streams keep their place until they end', async () => {
    const router = createRouter().add(Fleet, fleetHandler())
    const transport = inProcess(router, { mode: 'mailbox' })
    const fleet = createClient(Fleet, transport)
    const stream = fleet.listVehicles({ capacity: 3 })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const next = fleet.getVehicle({})
    await turns()
    expect(transport.stats()).toMatchObject({ running: 1, pending: 1 })
    await iterator.return!()
    await next
    await turns()
    expect(transport.stats()).toMatchObject(idle)
    expect(await fleet.recordTrack([{}, {}])).toEqual({ count: 2 })
    expect(await all(fleet.dispatching([{ id: 'a' }]))).toEqual([{ id: 'a!', capacity: 0 }])
  })

  test('of oneway calls takes what has room and says so to the caller', async () => {
    const going = deferred()
    const viewed = vi.fn(() => going.promise)
    const { shop, transport } = shopOf({ mode: 'mailbox', queue: { capacity: 1, overflow: 'wait' } }, { viewed })
    await shop.viewed(1n, 'a')
    await turns()
    await shop.viewed(2n, 'b')
    let isAccepted = false
    const third = shop.viewed(3n, 'c').then(() => {
      isAccepted = true
    })
    await turns()
    expect([isAccepted, transport.stats().pending]).toEqual([false, 2])
    going.resolve()
    await third
    await turns()
    expect(viewed).toHaveBeenCalledTimes(3)
    expect(transport.stats()).toMatchObject(idle)
  })
})

describe('a limit', () => {
  test('in direct mode starts what has a place at once and lets the rest wait', async () => {
    const { shop, going, transport } = held({ concurrency: 1 })
    const first = shop.version()
    expect(going).toHaveLength(1)
    const second = shop.version()
    expect([going.length, transport.stats().pending]).toEqual([1, 1])
    going[0]!.resolve('1')
    expect(await first).toBe('1')
    await turns()
    going[1]!.resolve('2')
    expect(await second).toBe('2')
  })

  test('refuses what finds no room as RESOURCE_EXHAUSTED, cheaply and without a stack', async () => {
    const { shop, going, transport, router } = held({ concurrency: 1, queue: { capacity: 1 } })
    const calls = [shop.version(), shop.version()]
    const refused = (await rejection(shop.version())) as Error
    expect(refused).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'Shop is busy: 1 calls run and 1 wait',
      bytesSent: false,
    })
    expect(refused.stack).not.toContain('\n    at ')
    expect(transport.stats()).toEqual({ running: 1, pending: 1, abandoned: 0, rejected: 1 })
    going[0]!.resolve('')
    await turns()
    going[1]!.resolve('')
    await Promise.all(calls)
    expect(router.inFlight).toBe(0)
  })

  test('that waits lets everybody in, in order', async () => {
    const started: string[] = []
    const { shop } = shopOf(
      { concurrency: 1, queue: { capacity: 0, overflow: 'wait' } },
      {
        async getProduct(sku) {
          started.push(sku)
          await turns()
          return { sku, title: '' }
        },
      },
    )
    await Promise.all(['a', 'b', 'c', 'd'].map((sku) => shop.getProduct(sku)))
    expect(started).toEqual(['a', 'b', 'c', 'd'])
  })

  test('keeps the place of a handler that ignores its cancellation until it really ends', async () => {
    const { shop, going, transport, router } = held({ concurrency: 1 })
    expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    expect(transport.stats()).toMatchObject({ running: 1, abandoned: 1 })
    const second = shop.version()
    await turns()
    expect(going).toHaveLength(1)
    going[0]!.resolve('too late')
    await turns()
    expect(transport.stats()).toMatchObject({ running: 1, abandoned: 0 })
    going[1]!.resolve('2')
    expect(await second).toBe('2')
    expect([router.inFlight, router.abandoned]).toEqual([0, 0])
  })

  test('keeps the place of a stream whose producer does not hear that its reader has left', async () => {
    const going = deferred()
    const router = createRouter().add(
      Fleet,
      fleetHandler({
        async *listVehicles() {
          yield {}
          await going.promise
          yield {}
        },
      }),
    )
    const transport = inProcess(router, { concurrency: 1 })
    const iterator = createClient(Fleet, transport).listVehicles({})[Symbol.asyncIterator]()
    await iterator.next()
    void iterator.next()
    await turns()
    await iterator.return!()
    await turns()
    expect(transport.stats()).toMatchObject({ running: 1, abandoned: 1 })
    going.resolve()
    await turns()
    expect(transport.stats()).toMatchObject(idle)
  })

  test('never starts calls that ended while they waited', async () => {
    const { shop, going, transport, router } = held({ concurrency: 1 })
    const first = shop.version()
    const stop = new AbortController()
    const aborted = code(shop.version({ signal: stop.signal }))
    const expired = code(shop.version({ timeoutMs: 5 }))
    const last = shop.version()
    stop.abort()
    expect([await aborted, await expired]).toEqual(['CANCELLED', 'DEADLINE_EXCEEDED'])
    expect(transport.stats()).toMatchObject({ running: 1, pending: 1 })
    going[0]!.resolve('1')
    await first
    await turns()
    going[1]!.resolve('4')
    expect(await last).toBe('4')
    expect(going).toHaveLength(2)
    expect(router.inFlight).toBe(0)
  })

  test('does not start a call whose deadline passed while nothing could run', async () => {
    const { shop, going } = held({ mode: 'mailbox' })
    const late = code(shop.version({ timeoutMs: 1 }))
    const end = performance.now() + 3
    while (performance.now() < end);
    expect(await late).toBe('DEADLINE_EXCEEDED')
    expect(going).toHaveLength(0)
  })

  test('refuses a call that a layer hands on after it has ended', async () => {
    const { going, transport, router } = held({ mode: 'mailbox' })
    const late: Layer = (next) => async (cx, request) => {
      await new Promise((resolve) => cx.onCancel(resolve))
      return next(cx, request)
    }
    const shop = createClient(Shop, transport, { layers: [late] })
    expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    await turns()
    expect([going.length, transport.stats().pending, router.inFlight]).toEqual([0, 0, 0])
  })

  test('bad numbers and names are told at once', () => {
    const router = createRouter()
    expect(() => inProcess(router, { concurrency: 0 })).toThrow('concurrency is 0, not a number of at least 1')
    expect(() => inProcess(router, { queue: { capacity: Number.NaN } })).toThrow('queue.capacity is NaN')
    expect(() => inProcess(router, { mode: 'post' as 'direct' })).toThrow('mode is "post", not one of direct, mailbox')
    expect(() => inProcess(router, { isolate: 'x' as 'move' })).toThrow(
      'isolate: x is none of move, copy, freeze, codec',
    )
    expect(() => inProcess(router, { limits: { Shop: { concurrency: -1 } } })).toThrow(
      'limits of Shop: concurrency is -1',
    )
  })
})

describe('a call that would wait for itself', () => {
  function circle(options: InProcessOptions, how: (shop: ShopClient, cx: Context) => Promise<string>) {
    let shop: ShopClient | undefined
    const router = createRouter({ layers: [timeout(60_000)], onError: () => {} }).add(
      Shop,
      shopHandler({
        version: (cx) => how(shop!, cx),
        move: (from, to) => `${from}${to}`,
      }),
    )
    shop = createClient(Shop, inProcess(router, options))
    return shop
  }

  test('fails as FAILED_PRECONDITION and names the circle', async () => {
    const shop = circle({ mode: 'mailbox' }, (own, cx) => own.move('a', 'b', 1, { parent: cx }))
    expect(await rejection(shop.version())).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('Shop would wait for itself: Shop.version -> Shop.move (concurrency 1)'),
    })
  })

  test('is let through where there is a place', async () => {
    const shop = circle({ mode: 'mailbox', concurrency: 2 }, (own, cx) => own.move('a', 'b', 1, { parent: cx }))
    expect(await shop.version()).toBe('ab')
  })

  test('may be oneway', async () => {
    const shop = circle({ mode: 'mailbox' }, async (own, cx) => {
      await own.viewed(1n, 'a', { parent: cx })
      return 'sent'
    })
    expect(await shop.version()).toBe('sent')
  })

  test('is found over another service in between, and through ambient inheritance', async () => {
    let running: Context | undefined
    setAmbientStore({
      get: () => running,
      run(cx, service, request) {
        running = cx
        return service(cx, request)
      },
      enter: (_cx, run) => run(),
    })
    try {
      const clients: { shop?: ShopClient } = {}
      const router = createRouter()
      const transport = inProcess(router, { mode: 'mailbox' })
      const fleet = createClient(Fleet, transport)
      router.add(Shop, shopHandler({ version: async () => (await fleet.getVehicle({})).id }))
      router.add(Fleet, fleetHandler({ getVehicle: async () => ({ id: await clients.shop!.move('a', 'b') }) }))
      clients.shop = createClient(Shop, transport)
      expect(await rejection(clients.shop.version())).toMatchObject({
        message: expect.stringContaining('Shop.version -> Fleet.GetVehicle -> Shop.move'),
      })
    } finally {
      setAmbientStore(undefined)
    }
  })
})

describe('close', () => {
  test('lets calls in line run while it drains, and fails what is left as UNAVAILABLE', async () => {
    const { shop, going, transport, router } = held({ mode: 'mailbox' })
    const [first, second, third] = [shop.version(), shop.version(), code(shop.version())]
    await turns()
    const closing = transport.close({ drainMs: 50 })
    expect(await code(shop.version())).toBe('UNAVAILABLE')
    going[0]!.resolve('1')
    await turns()
    going[1]!.resolve('2')
    expect([await first, await second]).toEqual(['1', '2'])
    await closing
    expect(await third).toBe('UNAVAILABLE')
    expect(router.inFlight).toBe(0)
  })

  test('of the server drains what is in line too', async () => {
    const { shop, going, router } = held({ mode: 'mailbox' })
    const calls = [shop.version(), shop.version()]
    await turns()
    const closing = router.close({ drainMs: 5000 })
    for (const i of [0, 1]) {
      going[i]!.resolve(String(i))
      await turns()
    }
    expect(await Promise.all(calls)).toEqual(['0', '1'])
    await closing
  })

  test('tells onError of oneway calls that were accepted and did not run', async () => {
    const onError = vi.fn()
    const { shop, transport } = shopOf({ mode: 'mailbox' }, { viewed: never }, onError)
    await shop.viewed(1n, 'a')
    await turns()
    await shop.viewed(2n, 'b')
    await transport.close()
    expect(onError.mock.calls.map(([error]) => error.code)).toContain('UNAVAILABLE')
    expect(transport.stats().pending).toBe(0)
  })
})

describe('fairness', () => {
  test('a mailbox that never runs dry lets timers run', async () => {
    const { shop } = shopOf({ mode: 'mailbox' }, { version: () => '1' })
    let fired = false
    setTimeout(() => {
      fired = true
    }, 1)
    let calls = 0
    while (!fired && calls < 5_000_000) {
      await shop.version()
      calls++
    }
    expect(fired).toBe(true)
  })

  test('a stream whose both ends live on promises lets timers run', async () => {
    const fleet = createClient(
      Fleet,
      fleetHandler({
        async *listVehicles() {
          for (;;) yield {}
        },
      }),
    )
    let fired = false
    setTimeout(() => {
      fired = true
    }, 1)
    let messages = 0
    for await (const _ of fleet.listVehicles({})) if (fired || ++messages === 5_000_000) break
    expect(fired).toBe(true)
  })
})
