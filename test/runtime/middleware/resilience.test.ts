/** circuitBreaker(), fallback(), adaptiveLimit() and the keys of rateLimit(). */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { adaptiveLimit } from '../../../src/runtime/middleware/adaptive-limit.ts'
import {
  type BreakerEvent,
  type CircuitBreakerOptions,
  circuitBreaker,
} from '../../../src/runtime/middleware/circuit-breaker.ts'
import { ErrorWindow } from '../../../src/runtime/middleware/error-window.ts'
import { fallback } from '../../../src/runtime/middleware/fallback.ts'
import { rateLimit } from '../../../src/runtime/middleware/rate-limit.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { code, deferred, rejection } from '../../support/settle.ts'
import { OutOfStock, Shop, type ShopClient, type ShopHandler, shopHandler } from '../../support/shop.ts'

function shopWith(layers: readonly Layer[], handler: Partial<ShopHandler> = {}): ShopClient {
  return createClient(Shop, shopHandler(handler), { layers })
}

describe('circuitBreaker()', () => {
  let events: string[]
  let outcome: () => string
  let calls: number
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    events = []
    outcome = () => '1'
    calls = 0
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const fail = (error: unknown) => (): never => {
    throw error
  }
  const down = fail(new RpcError('UNAVAILABLE', 'down'))
  const onChange = ({ key, from, to, reason }: BreakerEvent): void => {
    events.push(`${key} ${from} ${to}: ${reason}`)
  }
  const shop = (options: CircuitBreakerOptions = {}, more: readonly Layer[] = []): ShopClient =>
    shopWith([...more, circuitBreaker({ minCalls: 4, ...options, onChange })], {
      version() {
        calls++
        return outcome()
      },
      getProduct: (sku) => ({ sku, title: '' }),
    })
  const times = async (count: number, run: () => Promise<unknown>): Promise<void> => {
    for (let i = 0; i < count; i++) await run().catch(() => {})
  }

  it('opens when half of the calls fail, fails fast, and closes when calls are answered again', async () => {
    const client = shop()
    await times(2, client.version)
    outcome = down
    await times(1, client.version)
    expect(events).toEqual([])
    await times(1, client.version)
    expect(events).toEqual(['Shop closed open: 2 of the last 4 calls failed'])
    const { length } = Array.from({ length: calls })
    const error = (await rejection(client.version())) as RpcError
    expect([error.code, error.message, error.bytesSent]).toEqual([
      'UNAVAILABLE',
      'the circuit of Shop is open: 2 of the last 4 calls failed',
      false,
    ])
    expect(calls).toBe(length)
    vi.advanceTimersByTime(5_000)
    outcome = () => '1'
    await times(2, client.version)
    expect(events.slice(1)).toEqual([
      'Shop open half-open: 2 of the last 4 calls failed',
      'Shop half-open closed: calls that tried it were answered',
    ])
    expect(await client.version()).toBe('1')
  })

  it('opens again when a call that tries it fails, and lets no more than its probes run at once', async () => {
    const client = shop({ consecutiveFailures: 1, probes: 1 })
    outcome = down
    await times(1, client.version)
    vi.advanceTimersByTime(5_000)
    const { promise, resolve } = deferred<string>()
    outcome = () => promise as unknown as string
    const probe = client.version()
    expect(await code(client.version())).toBe('UNAVAILABLE')
    resolve('1')
    expect(await probe).toBe('1')
    expect(events.at(-1)).toContain('half-open closed')
    outcome = down
    await times(1, client.version)
    vi.advanceTimersByTime(5_000)
    await times(1, client.version)
    expect(events.at(-1)).toBe('Shop half-open open: a call that tried it failed as UNAVAILABLE')
  })

  it('is not moved by calls of an earlier time that end late', async () => {
    const client = shop({ consecutiveFailures: 1, probes: 1 })
    const late = deferred<string>()
    outcome = () => late.promise as unknown as string
    const old = client.version()
    outcome = down
    await times(1, client.version)
    vi.advanceTimersByTime(5_000)
    const probing = deferred<string>()
    outcome = () => probing.promise as unknown as string
    const probe = client.version()
    late.resolve('old')
    expect(await old).toBe('old')
    expect(events.at(-1)).toContain('half-open')
    probing.resolve('1')
    await probe
    expect(events.at(-1)).toContain('closed')
  })

  it('never counts business errors, declared exceptions and calls that were cancelled', async () => {
    const client = shop({ consecutiveFailures: 2 })
    for (const error of [new BizError(1, 'no'), new RpcError('NOT_FOUND', 'no')]) {
      outcome = fail(error)
      await times(8, client.version)
    }
    const declared: Layer = () => () => Promise.reject(new OutOfStock({ skus: [] }))
    await times(8, shopWith([circuitBreaker({ consecutiveFailures: 2, onChange }), declared]).version)
    const controller = new AbortController()
    controller.abort()
    await times(8, () => client.version({ signal: controller.signal }))
    expect(events).toEqual([])
  })

  it('has a breaker of its own for each method, or for whatever a function says', async () => {
    const client = shop({ by: 'method', consecutiveFailures: 1 })
    outcome = down
    await times(2, client.version)
    expect((await client.getProduct('a')).sku).toBe('a')
    expect(events).toEqual(['Shop/version closed open: 1 calls failed one after the other'])
    const mine = shop({ by: (cx) => `tenant ${String(cx.requestHeaders.get('tenant'))}`, consecutiveFailures: 1 })
    await times(1, () => mine.version({ metadata: { tenant: 'a' } }))
    outcome = () => '1'
    expect(await mine.version({ metadata: { tenant: 'b' } })).toBe('1')
    expect(await code(mine.version({ metadata: { tenant: 'a' } }))).toBe('UNAVAILABLE')
  })

  it('sees each attempt behind a retry(), and ends retries of what it refuses', async () => {
    const client = shop({ consecutiveFailures: 2 }, [
      retry({ attempts: 5, idempotent: true, backoff: { initialMs: 0 } }),
    ])
    outcome = down
    const error = (await rejection(client.version())) as RpcError
    expect(calls).toBe(2)
    expect(error.message).toContain('the circuit of Shop is open')
  })

  it('refuses options that cannot be', () => {
    expect(() => circuitBreaker({ errorRate: 0 })).toThrow('circuitBreaker: errorRate 0 is not above 0')
    expect(() => circuitBreaker({ probes: Number.NaN })).toThrow(RangeError)
  })

  it('forgets what is older than its window, slot by slot', () => {
    const window = new ErrorWindow(1_000)
    window.add(true)
    vi.advanceTimersByTime(600)
    window.add(false)
    expect([window.calls, window.errors]).toEqual([2, 1])
    vi.advanceTimersByTime(500)
    expect([window.calls, window.errors]).toEqual([1, 0])
    vi.advanceTimersByTime(5_000)
    expect([window.calls, window.errors]).toEqual([0, 0])
  })
})

describe('fallback()', () => {
  const broken = (error: unknown): Partial<ShopHandler> => ({
    version() {
      throw error
    },
  })

  it('answers for the codes that it is for', async () => {
    const seen: unknown[] = []
    const layers = [
      fallback({
        version(error, request, cx) {
          seen.push(error.code, request, cx.method.name)
          return 'unknown'
        },
      }),
    ]
    expect(await shopWith(layers, broken(new RpcError('UNAVAILABLE', 'down'))).version()).toBe('unknown')
    expect(seen).toEqual(['UNAVAILABLE', {}, 'version'])
    expect(await code(shopWith(layers, broken(new RpcError('NOT_FOUND', 'no'))).version())).toBe('NOT_FOUND')
    const all = fallback({ version: async () => 'later' }, { codes: ['INTERNAL'] })
    expect(await shopWith([all], broken(new Error('a mistake'))).version()).toBe('later')
  })

  it('lets business errors, declared exceptions, other methods and cancelled calls pass', async () => {
    const layers = [fallback({ version: () => 'unknown' }, { codes: ['INTERNAL', 'CANCELLED', 'UNAVAILABLE'] })]
    expect(await rejection(shopWith(layers, broken(new BizError(7, 'no'))).version())).toBeInstanceOf(BizError)
    const controller = new AbortController()
    const { promise } = deferred<string>()
    const call = shopWith(layers, { version: () => promise }).version({ signal: controller.signal })
    controller.abort()
    expect(await code(call)).toBe('CANCELLED')
    const other = shopWith(layers, {
      getProduct() {
        throw new RpcError('UNAVAILABLE', 'down')
      },
    })
    expect(await code(other.getProduct('a'))).toBe('UNAVAILABLE')
  })

  it('fails as the answer fails', async () => {
    const layers = [
      fallback({
        version() {
          throw new RpcError('ABORTED', 'no cache either')
        },
      }),
    ]
    expect(await code(shopWith(layers, broken(new RpcError('UNAVAILABLE', 'down'))).version())).toBe('ABORTED')
  })
})

describe('adaptiveLimit()', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('falls when calls become slow, refuses what is beyond, and grows back', async () => {
    const limits: number[] = [40]
    const layer = adaptiveLimit({ initial: 40, min: 2, max: 100, onChange: (limit) => limits.push(limit) })
    let gate = deferred<string>()
    const client = shopWith([layer], { version: () => gate.promise })
    /** Fifty calls at once that take so many milliseconds; gives how many were let through. */
    const load = async (ms: number): Promise<number> => {
      const outcomes = Array.from({ length: 50 }, () =>
        client.version().then(
          () => 'OK',
          (error: RpcError) => error.code,
        ),
      )
      vi.advanceTimersByTime(ms)
      gate.resolve('1')
      gate = deferred<string>()
      return (await Promise.all(outcomes)).filter((outcome) => outcome === 'OK').length
    }
    for (let i = 0; i < 20; i++) await load(10)
    const quiet = limits.at(-1)!
    expect(quiet).toBeGreaterThan(40)
    for (let i = 0; i < 10; i++) await load(400)
    const slow = limits.at(-1)!
    expect(slow).toBeLessThan(quiet / 2)
    expect(await load(400)).toBeLessThanOrEqual(slow)
    for (let i = 0; i < 200; i++) await load(10)
    expect(limits.at(-1)).toBeGreaterThan(slow * 2)
  })

  it('refuses options that cannot be', () => {
    expect(() => adaptiveLimit({ min: 10, initial: 5 })).toThrow('min 10, initial 5 and max 1000 do not ascend from 1')
    expect(() => adaptiveLimit({ tolerance: 0.5 })).toThrow(RangeError)
  })
})

describe('the keys of rateLimit()', () => {
  it('have buckets of their own, of which the least used one is forgotten', async () => {
    const layer = rateLimit({
      perSecond: 0.001,
      burst: 1,
      maxKeys: 2,
      key: (cx) => String(cx.requestHeaders.get('tenant')),
    })
    const client = shopWith([layer])
    const of = (tenant: string): Promise<string> => client.version({ metadata: { tenant } })
    expect(await of('a')).toBe('1')
    expect(await of('b')).toBe('1')
    expect(await code(of('a'))).toBe('RESOURCE_EXHAUSTED')
    expect(await of('c')).toBe('1')
    expect(await code(of('a'))).toBe('RESOURCE_EXHAUSTED')
    expect(await of('b')).toBe('1')
  })
})
