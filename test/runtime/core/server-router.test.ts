import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import type { ServerCallInit } from '../../../src/runtime/core/router.ts'
import { createRouter, type ServerRouter } from '../../../src/runtime/core/server/router.ts'
import { withThen } from '../../behaviour/odd.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, deferred, rejection, turns } from '../../support/settle.ts'
import { OutOfStock, Shop, type ShopHandler, shopHandler, Undeclared } from '../../support/shop.ts'

const init: ServerCallInit = { peer: { address: '127.0.0.1:1', kind: 'tcp' } }

function open(router: ServerRouter, method: string, more: Partial<ServerCallInit> = {}) {
  const route = router.find('thrift', undefined, method) ?? router.find('protobuf', 'fleet.v1.Fleet', method)
  return router.open(route!, { ...init, ...more })
}

function broken(): never {
  throw new TypeError('broken')
}

describe('registration', () => {
  test('refuses a second service of the same name', () => {
    const router = createRouter().add(Shop, shopHandler())
    expect(() => router.add(Shop, shopHandler())).toThrow('the service Shop is registered already')
  })

  test('names the methods that a handler lacks', () => {
    const { rate, move, ...rest } = shopHandler()
    expect(() => createRouter().add(Shop, rest as ShopHandler)).toThrow(
      'the handler of Shop lacks the methods move, rate',
    )
    expect(() => createRouter().add(Shop, undefined as unknown as ShopHandler)).toThrow(
      'the handler of Shop is undefined',
    )
  })

  test('takes a handler of the flat interface and no other', () => {
    expectTypeOf(createRouter().add<unknown, ShopHandler>)
      .parameter(1)
      .toEqualTypeOf<ShopHandler>()
    // @ts-expect-error: version answers with a string
    createRouter().add(Shop, { ...shopHandler(), version: () => 1 })
  })

  test('finds methods by service, and for Thrift without one', () => {
    const router = createRouter({ services: [{ service: Shop, handler: shopHandler() }] }).add(Fleet, fleetHandler())
    expect(router.find('thrift', undefined, 'version')?.service).toBe(Shop)
    expect(router.find('thrift', 'Shop', 'version')?.method.name).toBe('version')
    expect(router.find('thrift', 'Other', 'version')).toBeUndefined()
    expect(router.find('protobuf', undefined, 'GetVehicle')).toBeUndefined()
    expect(router.find('protobuf', 'fleet.v1.Fleet', 'GetVehicle')?.service).toBe(Fleet)
    expect(router.has('thrift', 'Shop')).toBe(true)
    expect(router.has('protobuf', 'Shop')).toBe(false)
    expect(router.services).toEqual([Shop, Fleet])
  })
})

describe('a call', () => {
  test('spreads arguments, keeps this, and takes synchronous answers', async () => {
    class Handler {
      readonly prefix = 'p'
      version(): string {
        return this.prefix
      }
      getProduct = shopHandler().getProduct
      find = shopHandler().find
      move(from: string, to: string, count: number): string {
        return `${this.prefix} ${from} ${to} ${count}`
      }
      rate(): void {}
      viewed(): void {}
    }
    const router = createRouter().add(Shop, new Handler())
    expect(await open(router, 'version').handle({})).toBe('p')
    expect(await open(router, 'move').handle({ from: 'a', to: 'b', count: 2 })).toBe('p a b 2')
    expect(await open(router, 'rate').handle({ sku: 'a', stars: 1 })).toBeUndefined()
  })

  test('passes the layers of the server, then those of the service', async () => {
    const order: string[] = []
    const layer =
      (name: string): Layer =>
      (next) =>
      (cx, request) => {
        order.push(`${name} ${cx.service.name}`)
        return next(cx, request)
      }
    const router = createRouter({ layers: [layer('server')] })
      .add(Shop, shopHandler(), { layers: [layer('shop')] })
      .add(Fleet, fleetHandler())
    await open(router, 'version').handle({})
    await open(router, 'GetVehicle').handle({})
    expect(order).toEqual(['server Shop', 'shop Shop', 'server Fleet'])
  })

  test('keeps declared exceptions, BizErrors and RpcErrors', async () => {
    for (const error of [new OutOfStock({ skus: ['a'] }), new BizError(7, 'no'), new RpcError('NOT_FOUND', 'no')]) {
      const onError = vi.fn()
      const router = createRouter({ onError }).add(
        Shop,
        shopHandler({
          getProduct: () => {
            throw error
          },
        }),
      )
      expect(await rejection(open(router, 'getProduct').handle({ sku: 'a' }))).toBe(error)
      expect(onError).not.toHaveBeenCalled()
    }
  })

  test('turns any other throw into INTERNAL and tells onError, undeclared exceptions included', async () => {
    for (const error of [new TypeError('bug'), new Undeclared('x'), 'text', undefined]) {
      const onError = vi.fn()
      const router = createRouter({ onError }).add(Shop, shopHandler({ getProduct: () => Promise.reject(error) }))
      const call = open(router, 'getProduct')
      const seen = (await rejection(call.handle({ sku: 'a' }))) as RpcError
      expect(seen).toMatchObject({ code: 'INTERNAL', message: 'internal error' })
      expect(seen.cause).toBe(error)
      expect(onError).toHaveBeenCalledExactlyOnceWith(error, call.cx)
    }
  })

  test('survives an onError that throws, and reports to the console without one', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const handler = shopHandler({ version: () => Promise.reject(new Error('bug')) })
    const throwing = createRouter({
      onError() {
        throw new Error('again')
      },
    }).add(Shop, handler)
    expect(await code(open(throwing, 'version').handle({}))).toBe('INTERNAL')
    expect(await code(open(createRouter().add(Shop, handler), 'version').handle({}))).toBe('INTERNAL')
    expect(log.mock.calls.at(-1)?.[0]).toBe('volo: Shop.version failed')
    log.mockRestore()
  })

  test('survives an onError that rejects, and errors that cannot be printed', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation((...values) => {
      // What printing does: it reads the stack.
      for (const value of values) if (value instanceof Error) void value.stack
    })
    const odd = Object.defineProperty(new Error('odd'), 'stack', {
      get() {
        throw new Error('no stack')
      },
    })
    const handler = shopHandler({ version: () => Promise.reject(odd) })
    const call = async (onError?: () => unknown): Promise<unknown[]> => {
      log.mockClear()
      expect(await code(open(createRouter({ onError }).add(Shop, handler), 'version').handle({}))).toBe('INTERNAL')
      await turns()
      return log.mock.calls.map(([text]) => text)
    }
    // Printed a second time, without its stack, after the first attempt threw.
    expect(await call()).toEqual(['volo: Shop.version failed', 'volo: Shop.version failed'])
    const twice = ['volo: onError failed', 'volo: while it was told of', 'volo: while it was told of']
    expect(await call(() => Promise.reject(new Error('late')))).toEqual(twice)
    expect(await call(() => Object.defineProperty({}, 'then', { get: () => broken() }))).toEqual(twice)
    log.mockRestore()
  })

  test('fails when a layer of the server answers without a promise', async () => {
    const onError = vi.fn()
    const plain = (answer: unknown): Layer => (() => () => answer) as unknown as Layer
    for (const layers of [[plain(undefined)], [plain('1')], [plain(null), plain('1')]]) {
      const router = createRouter({ onError, layers }).add(Shop, shopHandler())
      expect(await code(open(router, 'version').handle({}))).toBe('INTERNAL')
      const own = createRouter({ onError }).add(Shop, shopHandler(), { layers })
      expect(await code(open(own, 'version').handle({}))).toBe('INTERNAL')
    }
    expect(onError).toHaveBeenCalledTimes(6)
    expect(onError.mock.calls[0]?.[0].message).toBe('a layer of Shop.version must return a promise, not undefined')
    const later = createRouter({ layers: [plain(withThen({}, (done) => done('2')))] })
    expect(await open(later.add(Shop, shopHandler()), 'version').handle({})).toBe('2')
  })

  test('says what is wrong with a handler that answers with the wrong thing', async () => {
    const errors: unknown[] = []
    const router = createRouter({ onError: (error) => errors.push(error) })
      .add(Shop, shopHandler({ version: () => undefined as unknown as string }))
      .add(Fleet, fleetHandler({ listVehicles: () => [1, 2] as never }))
    expect(await code(open(router, 'version').handle({}))).toBe('INTERNAL')
    expect(await code(open(router, 'ListVehicles').handle({}))).toBe('INTERNAL')
    expect(errors.map(String)).toEqual([
      'TypeError: the handler of Shop.version returned nothing',
      'TypeError: Fleet.listVehicles streams its response, so its handler must return an AsyncIterable (an async generator, for one), not an array',
    ])
  })

  test('counts what map throws as a failure of the handler', async () => {
    const onError = vi.fn()
    const router = createRouter({ onError }).add(Shop, shopHandler()).add(Fleet, fleetHandler())
    const map = (): never => {
      throw new RpcError('INVALID_ARGUMENT', 'cannot be encoded')
    }
    expect(await code(open(router, 'version').handle({}, map))).toBe('INTERNAL')
    expect(await code(open(router, 'ListVehicles').handle({ capacity: 2 }, map))).toBe('INTERNAL')
    expect(onError).toHaveBeenCalledTimes(2)
    expect(router.inFlight).toBe(0)
  })

  test('ends with its deadline though the handler goes on, and counts that handler until it ends', async () => {
    const going = deferred<string>()
    const router = createRouter().add(Shop, shopHandler({ version: () => going.promise }))
    const call = open(router, 'version', { deadline: performance.now() + 5 })
    expect(await code(call.handle({}))).toBe('DEADLINE_EXCEEDED')
    expect(call.cx.signal.aborted).toBe(true)
    expect([router.inFlight, router.abandoned]).toEqual([0, 1])
    going.resolve('late')
    await turns()
    expect([router.inFlight, router.abandoned]).toEqual([0, 0])
  })

  test('is never started when its deadline has passed or it was cancelled before', async () => {
    const version = vi.fn(() => '1')
    const router = createRouter().add(Shop, shopHandler({ version }))
    expect(await code(open(router, 'version', { deadline: performance.now() - 1 }).handle({}))).toBe(
      'DEADLINE_EXCEEDED',
    )
    const call = open(router, 'version')
    call.cancel(new RpcError('CANCELLED', 'gone'))
    expect(await code(call.handle({}))).toBe('CANCELLED')
    expect(version).not.toHaveBeenCalled()
    expect(router.inFlight).toBe(0)
  })

  test('can be cancelled by its wire; what the handler throws afterwards is nobody’s business', async () => {
    const onError = vi.fn()
    const router = createRouter({ onError }).add(
      Shop,
      shopHandler({
        version: (cx) =>
          new Promise((_resolve, reject) => {
            cx.signal.addEventListener('abort', () => reject(new Error('aborted')))
          }),
      }),
    )
    const call = open(router, 'version')
    const outcome = code(call.handle({}))
    call.cancel(new RpcError('CANCELLED', 'the peer left'))
    expect(await outcome).toBe('CANCELLED')
    await turns()
    expect(onError).not.toHaveBeenCalled()
    expect(router.abandoned).toBe(0)
  })

  test('of a oneway method reports every error', async () => {
    const onError = vi.fn()
    const error = new RpcError('NOT_FOUND', 'no')
    const router = createRouter({ onError }).add(Shop, shopHandler({ viewed: () => Promise.reject(error) }))
    await rejection(open(router, 'viewed').handle({}))
    expect(onError).toHaveBeenCalledExactlyOnceWith(error, expect.anything())
  })
})

describe('streams', () => {
  test('settle with the first message, so that headers are complete, and stay in flight until the end', async () => {
    const router = createRouter().add(
      Fleet,
      fleetHandler({
        async *listVehicles(_request, cx) {
          await turns()
          cx.responseHeaders.set('h', '1')
          yield { id: 'a' }
          yield { id: 'b' }
        },
      }),
    )
    const call = open(router, 'ListVehicles')
    const stream = (await call.handle({})) as AsyncIterable<{ id: string }>
    expect(call.cx.responseHeaders.get('h')).toBe('1')
    expect(router.inFlight).toBe(1)
    expect(await all(stream)).toEqual([{ id: 'a' }, { id: 'b' }])
    expect(router.inFlight).toBe(0)
  })

  test('that fail before the first message reject, after it they throw in the loop', async () => {
    const onError = vi.fn()
    const router = createRouter({ onError }).add(
      Fleet,
      fleetHandler({
        async *listVehicles({ capacity }) {
          for (let i = 0; i < capacity; i++) yield { id: 'a' }
          throw new Error('bug')
        },
      }),
    )
    expect(await code(open(router, 'ListVehicles').handle({ capacity: 0 }))).toBe('INTERNAL')
    const stream = (await open(router, 'ListVehicles').handle({ capacity: 2 })) as AsyncIterable<unknown>
    expect(await code(all(stream))).toBe('INTERNAL')
    expect(onError).toHaveBeenCalledTimes(2)
    expect(router.inFlight).toBe(0)
  })

  test('end for the reader at once when the call is cancelled, and the handler’s generator is closed', async () => {
    let closed = false
    const router = createRouter().add(
      Fleet,
      fleetHandler({
        async *listVehicles() {
          try {
            for (;;) yield { id: 'a' }
          } finally {
            closed = true
          }
        },
      }),
    )
    const call = open(router, 'ListVehicles')
    const heard = vi.fn()
    call.cx.onCancel(heard)
    const reader = ((await call.handle({})) as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    await reader.next()
    call.cancel(new RpcError('CANCELLED', 'reset'))
    expect(heard).toHaveBeenCalledOnce()
    expect(await code(reader.next())).toBe('CANCELLED')
    await turns()
    expect(closed).toBe(true)
    expect(router.inFlight).toBe(0)
  })

  test('left by their reader cancel the call', async () => {
    const router = createRouter().add(Fleet, fleetHandler())
    const call = open(router, 'ListVehicles')
    const stream = (await call.handle({ capacity: 10 })) as AsyncIterable<unknown>
    for await (const _ of stream) break
    expect(call.cx.cancelled?.code).toBe('CANCELLED')
    expect(router.inFlight).toBe(0)
  })

  test('of requests are closed when the handler ends before them, and fail when the call does', async () => {
    const closes: string[] = []
    const seen: unknown[] = []
    async function* requests(name: string) {
      try {
        for (;;) yield { id: name }
      } finally {
        closes.push(name)
      }
    }
    const router = createRouter().add(
      Fleet,
      fleetHandler({
        async recordTrack(request, cx) {
          const reader = request[Symbol.asyncIterator]()
          const { value } = await reader.next()
          if (value.id === 'early') return { count: 1 }
          try {
            await new Promise((resolve) => cx.onCancel(resolve))
            await reader.next()
          } catch (error) {
            seen.push((error as RpcError).code)
          }
          return {}
        },
      }),
    )
    expect(await open(router, 'RecordTrack').handle(requests('early'))).toEqual({ count: 1 })
    const call = open(router, 'RecordTrack')
    const outcome = code(call.handle(requests('cut')))
    await turns()
    call.cancel(new RpcError('CANCELLED', 'gone'))
    expect(await outcome).toBe('CANCELLED')
    await turns()
    expect(closes).toEqual(['early', 'cut'])
    expect(seen).toEqual(['CANCELLED'])
  })
})

describe('closing', () => {
  test('drains: refuses new calls, lets running ones end', async () => {
    const going = deferred<string>()
    const router = createRouter().add(Shop, shopHandler({ version: () => going.promise }))
    const running = open(router, 'version').handle({})
    let drained = false
    const draining = router.drain().then(() => {
      drained = true
    })
    expect(() => open(router, 'version')).toThrow('the server is closing')
    await turns()
    expect(drained).toBe(false)
    going.resolve('done')
    expect(await running).toBe('done')
    await draining
    await router.drain()
  })

  test('ends what is left after drainMs as UNAVAILABLE', async () => {
    const router = createRouter().add(Shop, shopHandler({ version: () => new Promise<string>(() => {}) }))
    const opened = open(router, 'version')
    const outcomes = [1, 2, 3].map(() => code(open(router, 'version').handle({})))
    await router.close({ drainMs: 10 })
    expect(await Promise.all(outcomes)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE'])
    expect(await code(opened.handle({}))).toBe('UNAVAILABLE')
    expect(router.inFlight).toBe(0)
    await router.close()
  })
})

describe('the limit of calls', () => {
  const exhausted = {
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringContaining('the limit is 2 (limits.maxConcurrentCalls)'),
  }

  test('holds for calls that were opened before others began', async () => {
    const gate = deferred<void>()
    const router = createRouter({ maxConcurrentCalls: 2 }).add(
      Shop,
      shopHandler({ version: () => gate.promise.then(() => 'v') }),
    )
    const calls = [1, 2, 3].map(() => open(router, 'version'))
    const outcomes = calls.map((call) => call.handle({}))
    await expect(outcomes[2]).rejects.toMatchObject(exhausted)
    expect(() => open(router, 'version')).toThrow(expect.objectContaining(exhausted))
    expect(router.inFlight).toBe(2)
    gate.resolve()
    await Promise.all(outcomes.slice(0, 2))
    expect(await open(router, 'version').handle({})).toBe('v')
  })

  test('counts a stream that was left until its source has ended', async () => {
    const gate = deferred<void>()
    const router = createRouter({ maxConcurrentCalls: 2 }).add(
      Fleet,
      fleetHandler({
        async *listVehicles() {
          yield { id: '1' }
          await gate.promise
        },
      }),
    )
    for (let i = 0; i < 2; i++) {
      const stream = (await open(router, 'ListVehicles').handle({})) as AsyncIterableIterator<unknown>
      await stream.next()
      void stream.next()
      await stream.return?.()
    }
    expect([router.inFlight, router.abandoned]).toEqual([0, 2])
    expect(() => open(router, 'ListVehicles')).toThrow(expect.objectContaining(exhausted))
    gate.resolve()
    await turns()
    expect([router.inFlight, router.abandoned]).toEqual([0, 0])
  })

  test('counts no stream that has ended by itself', async () => {
    const router = createRouter().add(Fleet, fleetHandler())
    await all((await open(router, 'ListVehicles').handle({})) as AsyncIterable<unknown>)
    expect([router.inFlight, router.abandoned]).toEqual([0, 0])
  })
})
