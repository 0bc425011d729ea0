import { describe, expect, test, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Fleet, type FleetHandler, fleetHandler } from '../../support/fleet.ts'
import { all, code, deferred, rejection, turns } from '../../support/settle.ts'
import { OutOfStock, type ProductInput, Shop, type ShopHandler, shopHandler, Undeclared } from '../../support/shop.ts'

const never = (): Promise<never> => new Promise(() => {})

function shopOf(overrides: Partial<ShopHandler> = {}, onError: (error: unknown) => void = () => {}) {
  const router = createRouter({ onError }).add(Shop, shopHandler(overrides))
  const transport = inProcess(router)
  return { router, transport, shop: createClient(Shop, transport, { caller: 'web' }) }
}
function fleetOf(overrides: Partial<FleetHandler> = {}, onError: (error: unknown) => void = () => {}) {
  const router = createRouter({ onError }).add(Fleet, fleetHandler(overrides))
  return { router, fleet: createClient(Fleet, inProcess({ router })) }
}

describe('messages', () => {
  test('that are complete pass as the same object, both ways', async () => {
    const product = { sku: 'a', title: 'A', rating: 1, tags: [] }
    const { shop } = shopOf({ getProduct: () => product })
    expect(await shop.getProduct('a')).toBe(product)
    let seen: unknown
    const { fleet } = fleetOf({
      getVehicle(request) {
        seen = request
        return request
      },
    })
    const request = { id: 'a', capacity: 1 }
    expect(await fleet.getVehicle(request)).toBe(request)
    expect(seen).toBe(request)
  })

  test('that are not are filled on the way, and the sender keeps its own', async () => {
    const sent: ProductInput = Object.freeze({ sku: 'a', title: 'A' })
    const find = vi.fn(() => [sent])
    const { shop } = shopOf({ getProduct: () => sent, find })
    expect(await shop.getProduct('a')).toEqual({ sku: 'a', title: 'A', rating: 0, tags: [] })
    expect(await shop.find({})).toEqual([{ sku: 'a', title: 'A', rating: 0, tags: [] }])
    expect(find).toHaveBeenCalledWith({ limit: 20 }, undefined, expect.anything())
    expect(await shop.move('a', 'b')).toBe('1 from a to b')
  })

  test('that lack a required member are INVALID_ARGUMENT from the caller, INTERNAL from the handler', async () => {
    const onError = vi.fn()
    const { shop, router } = shopOf({ getProduct: () => ({ sku: 'a' }) as ProductInput }, onError)
    expect(await code(shop.getProduct('a'))).toBe('INTERNAL')
    expect(onError.mock.calls[0]![0]).toMatchObject({ message: 'shop.Product.title is required and missing' })
    const { fleet } = fleetOf()
    expect(await code(fleet.getVehicle(undefined as never))).toBe('INVALID_ARGUMENT')
    expect(await code(fleet.recordTrack([undefined as never]))).toBe('INVALID_ARGUMENT')
    expect(router.inFlight).toBe(0)
  })

  test('void answers are undefined, whatever the handler returns', async () => {
    const { shop } = shopOf({ rate: (() => 5) as never })
    expect(await shop.rate('a', 1)).toBeUndefined()
  })
})

describe('contexts', () => {
  test('are separate; deadline, caller, metadata and metainfo cross, the rest comes back', async () => {
    let client: Context | undefined
    let server: Context | undefined
    const remember: Layer = (next) => (cx, request) => {
      client = cx
      cx.requestHeaders.set('l', '1')
      return next(cx, request)
    }
    const router = createRouter().add(
      Shop,
      shopHandler({
        version(cx) {
          server = cx
          cx.responseHeaders.set('h', '1')
          cx.responseTrailers.set('t', '2')
          cx.metainfo.backward.set('b', '3')
          cx.metainfo.persistent.set('leak', 'x')
          return ''
        },
      }),
    )
    const seen: unknown[] = []
    await createClient(Shop, inProcess(router), { caller: 'web', layers: [remember] }).version({
      timeoutMs: 1000,
      metadata: { m: '1' },
      metainfo: { persistent: { p: '1' }, transient: { t: '1' } },
      onHeaders: (headers) => seen.push(...headers),
      onTrailers: (trailers) => seen.push(...trailers),
    })
    expect(server).not.toBe(client)
    expect(server).toMatchObject({
      role: 'server',
      caller: 'web',
      deadline: client!.deadline,
      peer: { kind: 'inproc' },
    })
    expect([...server!.requestHeaders]).toEqual([
      ['m', '1'],
      ['l', '1'],
    ])
    expect(server!.metainfo.persistent.get('p')).toBe('1')
    expect(server!.metainfo.transient.get('t')).toBe('1')
    expect(client!.metainfo.persistent.has('leak')).toBe(false)
    expect(client!.metainfo.backward.get('b')).toBe('3')
    expect(client!.peer).toEqual({ address: 'inproc', kind: 'inproc' })
    expect(seen).toEqual([
      ['h', '1'],
      ['t', '2'],
    ])
  })

  test('headers and backward metainfo also come back with a failure', async () => {
    let client: Context | undefined
    const remember: Layer = (next) => (cx, request) => {
      client = cx
      return next(cx, request)
    }
    const router = createRouter().add(
      Shop,
      shopHandler({
        version(cx) {
          cx.metainfo.backward.set('b', '3')
          throw new BizError(5, 'no')
        },
      }),
    )
    await rejection(createClient(Shop, inProcess(router), { layers: [remember] }).version())
    expect(client!.metainfo.backward.get('b')).toBe('3')
  })

  test('both layer stacks run', async () => {
    const order: string[] = []
    const layer =
      (name: string): Layer =>
      (next) =>
      async (cx, request) => {
        order.push(`${name} ${cx.role} in`)
        const response = await next(cx, request)
        order.push(`${name} out`)
        return response
      }
    const router = createRouter({ layers: [layer('b')] }).add(Shop, shopHandler())
    await createClient(Shop, inProcess(router), { layers: [layer('a')] }).version()
    expect(order).toEqual(['a client in', 'b server in', 'b out', 'a out'])
  })
})

describe('errors', () => {
  test('declared exceptions, BizErrors and RpcErrors arrive as the same object', async () => {
    for (const error of [
      new OutOfStock({ skus: ['a'] }),
      new BizError(5, 'no', { a: 'b' }),
      new RpcError('NOT_FOUND', 'no'),
    ]) {
      const { shop } = shopOf({ getProduct: () => Promise.reject(error) })
      expect(await rejection(shop.getProduct('a'))).toBe(error)
      expect(await rejection(shop.getProduct('a', { timeoutMs: 1000 }))).toBe(error)
    }
  })

  test('anything else is INTERNAL with the value as cause', async () => {
    for (const error of [new Undeclared('x'), new TypeError('bug')]) {
      const onError = vi.fn()
      const { shop } = shopOf({ getProduct: () => Promise.reject(error) }, onError)
      const seen = await rejection(shop.getProduct('a'))
      expect(seen).toMatchObject({ code: 'INTERNAL', message: 'internal error', cause: error })
      expect(onError).toHaveBeenCalledOnce()
    }
  })

  test('a service or method that is not there is UNIMPLEMENTED', async () => {
    const transport = inProcess(createRouter().add(Shop, shopHandler()))
    expect(await rejection(createClient(Fleet, transport).getVehicle({}))).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: 'there is no service fleet.v1.Fleet',
    })
    const bigger = { ...Shop, methods: [...Shop.methods, { ...Shop.methods[0]!, name: 'more', localName: 'more' }] }
    const client = createClient(bigger, transport) as unknown as { more(): Promise<string> }
    expect(await rejection(client.more())).toMatchObject({ message: 'the service Shop has no method more' })
  })

  test('a service added after the client was made is found', async () => {
    const router = createRouter()
    const shop = createClient(Shop, inProcess(router))
    expect(await code(shop.version())).toBe('UNIMPLEMENTED')
    router.add(Shop, shopHandler())
    expect(await shop.version()).toBe('1')
  })
})

describe('oneway calls', () => {
  test('end when the handler has started, and tell onError what it failed with', async () => {
    const going = deferred()
    const onError = vi.fn()
    const viewed = vi.fn(() => going.promise)
    const { shop, router } = shopOf({ viewed }, onError)
    expect(await shop.viewed(1n, 'a')).toBeUndefined()
    expect(viewed).toHaveBeenCalledOnce()
    expect(router.inFlight).toBe(1)
    const error = new RpcError('NOT_FOUND', 'no')
    going.reject(error)
    await turns()
    expect(onError.mock.calls[0]![0]).toBe(error)
    expect(router.inFlight).toBe(0)
  })

  test('keep their deadline after the caller has gone on', async () => {
    let server: Context | undefined
    const { shop, router } = shopOf({
      viewed(_customer, _sku, cx) {
        server = cx
        return never()
      },
    })
    await shop.viewed(1n, 'a', { timeoutMs: 10 })
    await new Promise((resolve) => server!.onCancel(resolve))
    expect(server!.cancelled?.code).toBe('DEADLINE_EXCEEDED')
    expect(router.inFlight).toBe(0)
  })
})

describe('cancellation', () => {
  test('reaches the handler, and settles a caller whose handler ignores it', async () => {
    const contexts: Context[] = []
    const { shop, router } = shopOf({
      version(cx) {
        contexts.push(cx)
        return never()
      },
    })
    const stop = new AbortController()
    const byDeadline = code(shop.version({ timeoutMs: 5 }))
    const bySignal = code(shop.version({ signal: stop.signal }))
    stop.abort()
    expect(await bySignal).toBe('CANCELLED')
    expect(await byDeadline).toBe('DEADLINE_EXCEEDED')
    expect(contexts.map((cx) => cx.cancelled?.code)).toEqual(['DEADLINE_EXCEEDED', 'CANCELLED'])
    expect([router.inFlight, router.abandoned]).toEqual([0, 2])
  })

  test('flows down a chain of calls through parent', async () => {
    const leaf: Context[] = []
    const inner = shopOf({
      version(cx) {
        leaf.push(cx)
        return never()
      },
    })
    const outer = shopOf({ version: (cx) => inner.shop.version({ parent: cx }) })
    expect(await code(outer.shop.version({ timeoutMs: 5 }))).toBe('DEADLINE_EXCEEDED')
    expect(leaf[0]!.cancelled?.code).toBe('DEADLINE_EXCEEDED')
    expect(inner.router.inFlight).toBe(0)
  })
})

describe('streams', () => {
  test('of all kinds work', async () => {
    const { fleet, router } = fleetOf()
    expect(await all(fleet.listVehicles({ capacity: 3 }))).toEqual([0, 1, 2].map((i) => ({ id: `v${i}`, capacity: 0 })))
    expect(await fleet.recordTrack([{}, {}, {}])).toEqual({ count: 3 })
    expect(await all(fleet.dispatching([{ id: 'a' }, { id: 'b' }]))).toEqual([
      { id: 'a!', capacity: 0 },
      { id: 'b!', capacity: 0 },
    ])
    expect(router.inFlight).toBe(0)
  })

  test('are pulled: a producer is never more than one message ahead of its reader', async () => {
    let produced = 0
    const { fleet } = fleetOf({
      async *listVehicles() {
        for (;;) {
          produced++
          yield {}
        }
      },
    })
    let read = 0
    for await (const _ of fleet.listVehicles({})) {
      read++
      await turns(1)
      expect(produced).toBeLessThanOrEqual(read + 1)
      if (read === 20) break
    }
  })

  test('leave in both directions: the caller closes the handler’s generator, the handler the caller’s', async () => {
    const closed: string[] = []
    const { fleet, router } = fleetOf({
      async *listVehicles(_request, cx) {
        try {
          for (;;) yield {}
        } finally {
          closed.push(`handler ${cx.cancelled?.code}`)
        }
      },
      async recordTrack(request) {
        for await (const { id } of request) return { count: Number(id) }
        return {}
      },
    })
    for await (const _ of fleet.listVehicles({})) break
    function* requests() {
      try {
        for (;;) yield { id: '7' }
      } finally {
        closed.push('caller')
      }
    }
    expect(await fleet.recordTrack(requests())).toEqual({ count: 7 })
    await turns()
    expect(closed).toEqual(['handler CANCELLED', 'caller'])
    expect(router.inFlight).toBe(0)
  })

  test('tell a handler whose caller’s deadline passed why', async () => {
    const reasons: unknown[] = []
    const { fleet } = fleetOf({
      async *listVehicles(_request, cx) {
        yield {}
        await new Promise((resolve) => cx.onCancel(resolve))
        reasons.push(cx.cancelled?.code)
      },
    })
    expect(await code(all(fleet.listVehicles({}, { timeoutMs: 10 })))).toBe('DEADLINE_EXCEEDED')
    await turns()
    expect(reasons).toEqual(['DEADLINE_EXCEEDED'])
  })

  test('carry errors of either side to the other', async () => {
    const error = new RpcError('FAILED_PRECONDITION', 'no')
    const seen: unknown[] = []
    const { fleet } = fleetOf({
      async *listVehicles() {
        yield {}
        throw error
      },
      async recordTrack(request) {
        try {
          for await (const _ of request);
        } catch (thrown) {
          seen.push((thrown as RpcError).code)
        }
        return {}
      },
    })
    expect(await rejection(all(fleet.listVehicles({})))).toBe(error)
    async function* broken() {
      yield {}
      throw new Error('mine')
    }
    expect(await rejection(fleet.recordTrack(broken()))).toEqual(new Error('mine'))
    await turns()
    expect(seen).toEqual(['CANCELLED'])
  })

  test('bring headers with the first message, trailers and backward metainfo at the end', async () => {
    const { fleet } = fleetOf({
      async *listVehicles(_request, cx) {
        cx.responseHeaders.set('h', '1')
        yield {}
        cx.responseTrailers.set('t', '2')
      },
    })
    const seen: unknown[] = []
    const stream = fleet.listVehicles({}, { onHeaders: (h) => seen.push(...h), onTrailers: (t) => seen.push(...t) })
    for await (const _ of stream) seen.push('message')
    expect(seen).toEqual([['h', '1'], 'message', ['t', '2']])
  })

  test('a talk in both directions stays in step', async () => {
    const { fleet } = fleetOf()
    const log: string[] = []
    async function* questions() {
      for (const id of ['a', 'b', 'c']) {
        log.push(`ask ${id}`)
        yield { id }
      }
    }
    for await (const { id } of fleet.dispatching(questions())) log.push(id)
    expect(log).toEqual(['ask a', 'a!', 'ask b', 'b!', 'ask c', 'c!'])
  })
})

describe('close', () => {
  test('refuses new calls, drains, then fails what is left as UNAVAILABLE; the server lives on', async () => {
    const going = deferred<string>()
    const calls = [() => going.promise, never]
    const { shop, transport, router } = shopOf({ version: () => calls.shift()!() })
    const drained = shop.version()
    const left = code(shop.version())
    const closing = transport.close({ drainMs: 30 })
    expect(await code(shop.getProduct('a'))).toBe('UNAVAILABLE')
    going.resolve('done')
    expect(await drained).toBe('done')
    expect(await left).toBe('UNAVAILABLE')
    await closing
    await transport.close()
    expect(await createClient(Shop, inProcess(router)).getProduct('a')).toMatchObject({ sku: 'a' })
  })

  test('leaves the calls of other transports alone', async () => {
    const going = deferred<string>()
    const { router, transport } = shopOf({ version: () => going.promise })
    const other = createClient(Shop, inProcess(router)).version()
    await transport.close()
    going.resolve('fine')
    expect(await other).toBe('fine')
  })

  test('of the server ends calls in process too', async () => {
    const { shop, router } = shopOf({ version: never })
    const cut = code(shop.version())
    await router.close()
    expect(await cut).toBe('UNAVAILABLE')
    expect(await code(shop.version())).toBe('UNAVAILABLE')
  })
})

test('a client straight over a handler needs no server', async () => {
  const shop = createClient(Shop, shopHandler(), { timeoutMs: 1000 })
  expect(await shop.getProduct('a')).toEqual({ sku: 'a', title: 'the a', rating: 0, tags: [] })
  expect(await all(createClient(Fleet, fleetHandler()).listVehicles({ capacity: 1 }))).toHaveLength(1)
})
