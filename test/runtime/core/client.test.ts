import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import type { Service } from '../../../src/runtime/core/context/service.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import type { Transport } from '../../../src/runtime/core/transport.ts'
import { accessLog } from '../../../src/runtime/middleware/access-log.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { timeout } from '../../../src/runtime/middleware/timeout.ts'
import { trace } from '../../../src/runtime/middleware/trace.ts'
import { withThen } from '../../behaviour/odd.ts'
import { Fleet, type FleetClient } from '../../support/fleet.ts'
import { all, code, deferred, rejection, turns } from '../../support/settle.ts'
import { type Product, Shop, type ShopClient, shopHandler } from '../../support/shop.ts'

/** A transport that is one function, and what it saw. */
function transport(service: Service): Transport & { readonly seen: { cx: Context; request: unknown }[] } {
  const seen: { cx: Context; request: unknown }[] = []
  return {
    seen,
    bind: () => (cx, request) => {
      seen.push({ cx, request })
      return service(cx, request)
    },
    close: async () => {},
  }
}
function broken(): never {
  throw new TypeError('broken')
}
const never = (): Promise<unknown> => new Promise(() => {})

describe('the stub', () => {
  test('gathers positional arguments under their names and finds options behind them', async () => {
    const wire = transport(async () => 'x')
    const shop = createClient(Shop, wire)
    const metadata = { k: 'v' }
    await shop.version({ metadata })
    await shop.getProduct('a', { metadata })
    await shop.find({ limit: 3 }, 'b', { metadata })
    await shop.move('a', 'b', 7, { metadata })
    await shop.move('a', 'b')
    expect(wire.seen.map(({ request }) => request)).toEqual([
      {},
      { sku: 'a' },
      { filter: { limit: 3 }, after: 'b' },
      { from: 'a', to: 'b', count: 7 },
      { from: 'a', to: 'b', count: undefined },
    ])
    expect(wire.seen.map(({ cx }) => cx.requestHeaders.get('k'))).toEqual(['v', 'v', 'v', 'v', undefined])
  })

  test('hands protobuf requests over as they are', async () => {
    const wire = transport(async () => ({}))
    const request = { id: 'a' }
    await createClient(Fleet, wire).getVehicle(request)
    expect(wire.seen[0]!.request).toBe(request)
    expect(wire.seen[0]!.cx.method.name).toBe('GetVehicle')
  })

  test('runs layers around attempt layers around the transport, each made once', async () => {
    const order: string[] = []
    const layer = (name: string): Layer => {
      order.push(`make ${name}`)
      return (next) => (cx, request) => {
        order.push(name)
        return next(cx, request)
      }
    }
    const wire = transport(async () => {
      order.push('transport')
      return ''
    })
    const shop = createClient(Shop, wire, { layers: [layer('a'), layer('b')], attemptLayers: [layer('c')] })
    order.length = 0
    await shop.version()
    await shop.version()
    expect(order).toEqual(['a', 'b', 'c', 'transport', 'a', 'b', 'c', 'transport'])
  })

  test('turns a synchronous throw of a layer or transport into a rejection', async () => {
    const error = new Error('sync')
    const throwing = transport(() => {
      throw error
    })
    const shop = createClient(Shop, throwing)
    expect(await rejection(shop.version())).toBe(error)
    expect(await rejection(shop.version({ timeoutMs: 1000 }))).toBe(error)
    expect(await rejection(all(createClient(Fleet, throwing).listVehicles({})))).toBe(error)
  })

  test('a layer or transport that answers without a promise fails the call as INTERNAL', async () => {
    const plain = (answer: unknown): Layer => (() => () => answer) as unknown as Layer
    const wire = transport(async () => '1')
    const wrapped: readonly (readonly Layer[])[] = [
      [],
      [timeout(1000)],
      [retry()],
      [accessLog({ write() {} })],
      [trace(() => {})],
    ]
    for (const outer of wrapped) {
      for (const answer of [undefined, null, '1', {}]) {
        for (const given of [
          { layers: [...outer, plain(answer)] },
          { layers: outer, attemptLayers: [plain(answer)] },
        ]) {
          const shop = createClient(Shop, wire, given)
          expect(await code(shop.version())).toBe('INTERNAL')
          expect(await code(shop.version({ timeoutMs: 1000 }))).toBe('INTERNAL')
          expect(await code(shop.viewed(1n, 'a'))).toBe('INTERNAL')
          const fleet = createClient(Fleet, wire, given)
          expect(await code(all(fleet.listVehicles({})))).toBe('INTERNAL')
          expect(await code(fleet.recordTrack([]))).toBe('INTERNAL')
        }
      }
    }
    const odd = createClient(Shop, transport((() => '1') as unknown as Service))
    expect(String(await rejection(odd.version()))).toBe(
      'RpcError: a layer or the transport of Shop.version must return a promise, not a string',
    )
    const thenable = plain(withThen({}, (done) => done('2')))
    expect(await createClient(Shop, wire, { layers: [thenable] }).version()).toBe('2')
    expect(wire.seen).toEqual([])
  })

  test('a layer that answers a stream with something else fails the call as INTERNAL', async () => {
    for (const answer of [undefined, {}, 5, new Proxy({}, { has: broken })]) {
      const layers: Layer[] = [() => async () => answer]
      const fleet = createClient(Fleet, transport(never), { layers })
      expect(await code(all(fleet.listVehicles({})))).toBe('INTERNAL')
    }
    const unopened: Layer = () => async () => ({ [Symbol.asyncIterator]: broken })
    const fleet = createClient(Fleet, transport(never), { layers: [unopened] })
    expect(await rejection(all(fleet.listVehicles({})))).toBeInstanceOf(TypeError)
  })

  test('options that throw what cannot be printed are INVALID_ARGUMENT', async () => {
    const shop = createClient(Shop, transport(never))
    const thrown = [Object.create(null), new Proxy({}, { get: broken, getPrototypeOf: broken })]
    for (const error of thrown) {
      const prepare = (): never => {
        throw error
      }
      expect(await code(shop.version({ prepare }))).toBe('INVALID_ARGUMENT')
    }
  })

  test('needs no this', async () => {
    const { version } = createClient(Shop, shopHandler())
    expect(await version()).toBe('1')
  })

  test('infers the flat interfaces of the service', () => {
    const shop = createClient(Shop, shopHandler())
    expectTypeOf(shop).toEqualTypeOf<ShopClient>()
    expectTypeOf(shop.getProduct('a')).toEqualTypeOf<Promise<Product>>()
    expectTypeOf(createClient(Fleet, transport(never))).toEqualTypeOf<FleetClient>()
    // @ts-expect-error: a handler must have every method
    expect(() => createClient(Shop, { version: () => '1' })).toThrow('lacks the methods getProduct')
  })
})

describe('the context', () => {
  test('carries caller, metadata of client and call, and metainfo', async () => {
    const wire = transport(async () => '')
    const shop = createClient(Shop, wire, { caller: 'web', metadata: { a: '1', b: '1' } })
    await shop.version({ metadata: [['b', '2']], metainfo: { persistent: { p: '1' }, transient: { t: '1' } } })
    const { cx } = wire.seen[0]!
    expect(cx.caller).toBe('web')
    expect(cx.callee).toBe('Shop')
    expect([...cx.requestHeaders]).toEqual([
      ['a', '1'],
      ['b', '1'],
      ['b', '2'],
    ])
    expect(cx.metainfo.persistent.get('p')).toBe('1')
    expect(cx.metainfo.transient.get('t')).toBe('1')
  })

  test('inherits deadline, cancellation and persistent metainfo from a parent, not its transient metainfo', async () => {
    const inner = transport(never)
    const innerShop = createClient(Shop, inner, { timeoutMs: 60_000 })
    const stop = new AbortController()
    const outer = createClient(
      Shop,
      shopHandler({
        version: (cx) => innerShop.version({ parent: cx }),
      }),
    )
    const outcome = rejection(
      outer.version({
        timeoutMs: 50_000,
        signal: stop.signal,
        metainfo: { persistent: { p: '1' }, transient: { t: '1' } },
      }),
    )
    await turns()
    const { cx } = inner.seen[0]!
    expect(cx.remainingMs).toBeLessThanOrEqual(50_000)
    expect(cx.metainfo.persistent.get('p')).toBe('1')
    expect(cx.metainfo.transient.size).toBe(0)
    stop.abort()
    expect(cx.cancelled?.code).toBe('CANCELLED')
    expect(await outcome).toMatchObject({ code: 'CANCELLED' })
  })

  test('keeps typed extensions', async () => {
    const { contextKey } = await import('../../../src/runtime/core/context/context.ts')
    const key = contextKey<number>('n')
    const wire = transport(async (cx) => String(cx.get(key)))
    const setting: Layer = (next) => (cx, request) => {
      cx.set(key, 5)
      return next(cx, request)
    }
    expect(await createClient(Shop, wire, { layers: [setting] }).version()).toBe('5')
  })
})

describe('the end of a call', () => {
  test('is DEADLINE_EXCEEDED at once when the deadline passes, though the transport ignores it', async () => {
    const wire = transport(never)
    const shop = createClient(Shop, wire, { timeoutMs: 60_000 })
    expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    expect(wire.seen[0]!.cx.cancelled?.code).toBe('DEADLINE_EXCEEDED')
    expect(wire.seen[0]!.cx.signal.aborted).toBe(true)
  })

  test('takes the earliest deadline of call, client and parent', async () => {
    const wire = transport(async () => '')
    const shop = createClient(Shop, wire, { timeoutMs: 1000 })
    const outer = createClient(Shop, shopHandler({ version: (cx) => shop.version({ parent: cx }) }))
    const start = performance.now()
    await shop.version({ timeoutMs: 500 })
    await shop.version({ timeoutMs: 5000 })
    await shop.version({ timeoutMs: Number.POSITIVE_INFINITY })
    await outer.version({ timeoutMs: 300 })
    await outer.version({ timeoutMs: 3000 })
    const elapsed = performance.now() - start
    const limits = [500, 1000, 1000, 300, 1000]
    wire.seen.forEach(({ cx }, i) => {
      expect(cx.deadline! - start).toBeGreaterThanOrEqual(limits[i]!)
      expect(cx.deadline! - start).toBeLessThanOrEqual(limits[i]! + elapsed)
    })
    expect(wire.seen).toHaveLength(5)
  })

  test('is CANCELLED when the signal aborts', async () => {
    const stop = new AbortController()
    const wire = transport(never)
    const cut = rejection(createClient(Shop, wire).version({ signal: stop.signal }))
    stop.abort(new Error('enough'))
    expect(await cut).toMatchObject({ code: 'CANCELLED', cause: new Error('enough') })
    expect(wire.seen[0]!.cx.cancelled?.code).toBe('CANCELLED')
  })

  test('lets go of the signal; calls that share one share a listener', async () => {
    const stop = new AbortController()
    const added = vi.spyOn(stop.signal, 'addEventListener')
    const removed = vi.spyOn(stop.signal, 'removeEventListener')
    const waiting = deferred<unknown>()
    const wire = transport(() => waiting.promise)
    const shop = createClient(Shop, wire)
    const calls = Array.from({ length: 50 }, () => shop.version({ signal: stop.signal }))
    expect(added).toHaveBeenCalledTimes(1)
    expect(await code(shop.version({ signal: stop.signal, timeoutMs: 2 }))).toBe('DEADLINE_EXCEEDED')
    expect(removed).not.toHaveBeenCalled()
    waiting.resolve('1')
    await Promise.all(calls)
    expect(removed).toHaveBeenCalledExactlyOnceWith('abort', added.mock.calls[0]![1])
    stop.abort()
    expect(wire.seen[0]!.cx.cancelled).toBeUndefined()
  })

  test('one abort ends every call that shares the signal', async () => {
    const stop = new AbortController()
    const shop = createClient(Shop, transport(never))
    const calls = Array.from({ length: 5 }, () => code(shop.version({ signal: stop.signal })))
    stop.abort()
    expect(await Promise.all(calls)).toEqual(Array(5).fill('CANCELLED'))
  })

  test('never starts a call that has expired or been aborted already', async () => {
    const wire = transport(never)
    const shop = createClient(Shop, wire)
    const fleet = createClient(Fleet, wire)
    const aborted = AbortSignal.abort(new Error('before'))
    expect(await rejection(shop.version({ signal: aborted }))).toMatchObject({
      code: 'CANCELLED',
      cause: new Error('before'),
    })
    expect(await code(shop.version({ timeoutMs: 0 }))).toBe('DEADLINE_EXCEEDED')
    expect(await code(shop.version({ timeoutMs: -5 }))).toBe('DEADLINE_EXCEEDED')
    expect(await code(shop.version({ timeoutMs: Number.NaN }))).toBe('INVALID_ARGUMENT')
    expect(await code(shop.version({ timeoutMs: '500' as unknown as number }))).toBe('INVALID_ARGUMENT')
    expect(() => createClient(Shop, wire, { timeoutMs: '500' as unknown as number })).toThrow(RangeError)
    expect(await code(all(fleet.listVehicles({}, { signal: aborted })))).toBe('CANCELLED')
    expect(await code(fleet.recordTrack([{}], { timeoutMs: 0 }))).toBe('DEADLINE_EXCEEDED')
    expect(wire.seen).toEqual([])
  })

  test('ignores what comes late', async () => {
    const late = deferred<unknown>()
    const shop = createClient(
      Shop,
      transport(() => late.promise),
    )
    expect(await code(shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    late.reject(new Error('late'))
    await turns()
  })

  test('tells onHeaders and onTrailers of a unary call', async () => {
    const wire = transport(async (cx) => {
      cx.responseHeaders.set('h', '1')
      cx.responseTrailers.set('t', '2')
      return ''
    })
    const seen: unknown[] = []
    await createClient(Shop, wire).version({
      onHeaders: (headers) => seen.push(headers.get('h')),
      onTrailers: (trailers) => seen.push(trailers.get('t')),
    })
    expect(seen).toEqual(['1', '2'])
  })

  test('gives the caller back what its own callback threw', async () => {
    const wire = transport(async () => '')
    const error = new Error('mine')
    const onHeaders = (): void => {
      throw error
    }
    expect(await rejection(createClient(Shop, wire).version({ onHeaders }))).toBe(error)
    expect(wire.seen[0]!.cx.cancelled?.code).toBe('CANCELLED')
  })
})

describe('streams', () => {
  test('start at the call, not at the first read', () => {
    const wire = transport(never)
    createClient(Fleet, wire).listVehicles({})
    expect(wire.seen).toHaveLength(1)
  })

  test('that fail and are never read raise nothing', async () => {
    const failing = transport(() => Promise.reject(new RpcError('UNAVAILABLE', 'no')))
    createClient(Fleet, failing).listVehicles({}, { timeoutMs: 1 })
    createClient(Fleet, transport(never)).listVehicles({}, { timeoutMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, 10))
  })

  test('are cancelled by leaving the loop', async () => {
    const produced: string[] = []
    const wire = transport(async () =>
      (async function* () {
        try {
          for (let i = 0; ; i++) yield { id: `${i}`, capacity: 0 }
        } finally {
          produced.push('closed')
        }
      })(),
    )
    for await (const { id } of createClient(Fleet, wire).listVehicles({})) if (id === '2') break
    await turns()
    expect(produced).toEqual(['closed'])
    expect(wire.seen[0]!.cx.cancelled?.code).toBe('CANCELLED')
  })

  test('fail at once with the deadline while the transport is silent, and then are over', async () => {
    const wire = transport(async () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }))
    const stream = createClient(Fleet, wire).listVehicles({}, { timeoutMs: 10 })[Symbol.asyncIterator]()
    expect(await code(stream.next())).toBe('DEADLINE_EXCEEDED')
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('tell headers before the first message and trailers at the end', async () => {
    const wire = transport(async (cx) => {
      cx.responseHeaders.set('h', '1')
      return (async function* () {
        yield {}
        cx.responseTrailers.set('t', '2')
      })()
    })
    const seen: unknown[] = []
    const stream = createClient(Fleet, wire).listVehicles(
      {},
      { onHeaders: (h) => seen.push(h.get('h')), onTrailers: (t) => seen.push(t.get('t')) },
    )
    for await (const _ of stream) seen.push('message')
    expect(seen).toEqual(['1', 'message', '2'])
  })

  test('of requests may be plain iterables and are closed when the answer comes early', async () => {
    let closed = false
    function* requests() {
      try {
        for (;;) yield { id: 'x' }
      } finally {
        closed = true
      }
    }
    const wire = transport(async (_cx, request) => {
      const iterator = (request as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      expect((await iterator.next()).value).toEqual({ id: 'x' })
      return { count: 1 }
    })
    expect(await createClient(Fleet, wire).recordTrack(requests())).toEqual({ count: 1 })
    await turns()
    expect(closed).toBe(true)
  })

  test('of requests that throw reject the caller with that very error and cancel the call', async () => {
    const error = new Error('source broke')
    const wire = transport(async (_cx, request) => all(request as AsyncIterable<unknown>))
    const fleet = createClient(Fleet, wire)
    async function* broken() {
      yield { id: 'x' }
      throw error
    }
    expect(await rejection(fleet.recordTrack(broken()))).toBe(error)
    expect(wire.seen[0]!.cx.cancelled).toMatchObject({ code: 'CANCELLED', cause: error })
    const echo = transport(async (_cx, request) => request)
    expect(await rejection(all(createClient(Fleet, echo).dispatching(broken())))).toBe(error)
  })

  test('of requests that are no iterable reject with INVALID_ARGUMENT', async () => {
    const fleet = createClient(Fleet, transport(never))
    // @ts-expect-error: an object is no stream
    expect(await code(fleet.recordTrack({}))).toBe('INVALID_ARGUMENT')
    // @ts-expect-error: nothing is no stream
    expect(await code(fleet.recordTrack())).toBe('INVALID_ARGUMENT')
  })
})
