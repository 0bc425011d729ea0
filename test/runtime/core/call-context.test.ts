import { expect, test, vi } from 'vitest'
import { CallContext, lazyParts } from '../../../src/runtime/core/context/call-context.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import { Shop } from '../../support/shop.ts'

const context = (deadline?: number): CallContext => new CallContext('server', Shop, Shop.methods[0]!, deadline)
const reason = new RpcError('CANCELLED', 'x')

test('listeners run once, in order, and those that were removed do not', () => {
  const cx = context()
  const seen: string[] = []
  const remove = ['a', 'b', 'c', 'd'].map((name) => cx.onCancel(() => seen.push(name)))
  remove[1]!()
  remove[1]!()
  remove[3]!()
  cx.onCancel(() => seen.push('e'))
  cx.cancel(reason)
  cx.cancel(new RpcError('INTERNAL', 'second'))
  expect(seen).toEqual(['a', 'c', 'e'])
  expect(cx.cancelled).toBe(reason)
})

test('a listener may remove itself and others while they run', () => {
  const cx = context()
  const seen: string[] = []
  const removals: (() => void)[] = []
  removals.push(
    cx.onCancel(() => {
      seen.push('a')
      for (const remove of removals) remove()
    }),
  )
  removals.push(cx.onCancel(() => seen.push('b')))
  cx.onCancel(() => seen.push('c'))
  cx.cancel(reason)
  expect(seen).toEqual(['a', 'c'])
})

test('a listener that throws does not keep the others from hearing', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const cx = context()
  const second = vi.fn()
  cx.onCancel(() => {
    throw new Error('bug')
  })
  cx.onCancel(second)
  cx.cancel(reason)
  expect(second).toHaveBeenCalledExactlyOnceWith(reason)
  expect(log).toHaveBeenCalledOnce()
  log.mockRestore()
})

test('a listener that comes late runs at once, and after the end never', () => {
  const cx = context()
  cx.cancel(reason)
  const late = vi.fn()
  cx.onCancel(late)
  expect(late).toHaveBeenCalledExactlyOnceWith(reason)
  const over = context()
  over.end()
  over.onCancel(late)
  over.cancel(reason)
  expect(late).toHaveBeenCalledTimes(1)
  expect(over.cancelled).toBeUndefined()
})

test('the signal is made on first read, also after the end, and aborts with the reason', () => {
  const before = context()
  const { signal } = before
  expect(before.signal).toBe(signal)
  before.cancel(reason)
  expect(signal.aborted).toBe(true)
  expect(signal.reason).toBe(reason)
  const after = context()
  after.cancel(reason)
  expect(after.signal.reason).toBe(reason)
})

test('time left is never negative, and infinite without a deadline', () => {
  expect(context().remainingMs).toBe(Number.POSITIVE_INFINITY)
  expect(context(performance.now() - 5).remainingMs).toBe(0)
  expect(context(performance.now() + 1000).remainingMs).toBeGreaterThan(0)
})

test('looking at the lazy parts makes none of them, and works on foreign contexts', () => {
  const cx = context()
  expect(lazyParts(cx).requestHeadersIfAny).toBeUndefined()
  expect(lazyParts(cx).metainfoIfAny).toBeUndefined()
  cx.metainfo.persistent.set('a', '1')
  expect(lazyParts(cx).metainfoIfAny?.persistentIfAny?.get('a')).toBe('1')
  expect(lazyParts(cx).metainfoIfAny?.backwardIfAny).toBeUndefined()
  const foreign = {
    requestHeaders: new Metadata({ h: '1' }),
    metainfo: { persistent: new Map([['a', '1']]), transient: new Map(), backward: new Map() },
  } as unknown as Context
  expect(lazyParts(foreign).requestHeadersIfAny?.get('h')).toBe('1')
  expect(lazyParts(foreign).metainfoIfAny?.persistentIfAny?.get('a')).toBe('1')
})
