import { expect, test } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { timeout } from '../../../src/runtime/middleware/timeout.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, rejection, turns } from '../../support/settle.ts'
import { Shop, shopHandler } from '../../support/shop.ts'

const never = (): Promise<never> => new Promise(() => {})

test('on a client it shortens what the callee sees and ends the call', async () => {
  let server: Context | undefined
  const handler = shopHandler({
    version(cx) {
      server = cx
      return never()
    },
  })
  const shop = createClient(Shop, inProcess(createRouter().add(Shop, handler)), { layers: [timeout(200)] })
  const start = performance.now()
  expect(await code(shop.version({ timeoutMs: 60_000 }))).toBe('DEADLINE_EXCEEDED')
  expect(server!.deadline! - start).toBeLessThan(60_000)
  expect(server!.cancelled?.code).toBe('DEADLINE_EXCEEDED')
})

test('an earlier deadline stands, and the context is then the same', async () => {
  const seen: Context[] = []
  const spy: Layer = (next) => (cx, request) => {
    seen.push(cx)
    return next(cx, request)
  }
  const shop = createClient(Shop, shopHandler(), { layers: [spy, timeout(60_000), spy] })
  await shop.version({ timeoutMs: 1000 })
  await shop.version()
  expect(seen[1]).toBe(seen[0])
  expect(seen[3]).not.toBe(seen[2])
})

test('the inner context shares everything but the deadline', async () => {
  let outer: Context | undefined
  const spy: Layer = (next) => async (cx, request) => {
    outer = cx
    cx.requestHeaders.set('before', '1')
    cx.metainfo.persistent.set('p', '1')
    const response = await next(cx, request)
    expect(cx.responseHeaders.get('h')).toBe('1')
    expect(cx.peer?.kind).toBe('inproc')
    expect(cx.cancelled).toBeUndefined()
    return response
  }
  const handler = shopHandler({
    version(cx) {
      expect(cx.requestHeaders.get('before')).toBe('1')
      expect(cx.metainfo.persistent.get('p')).toBe('1')
      cx.responseHeaders.set('h', '1')
      return 'ok'
    },
  })
  expect(await createClient(Shop, handler, { layers: [spy, timeout(60_000)] }).version()).toBe('ok')
  expect(outer?.deadline).toBeUndefined()
})

test('inside a retry each attempt has its own time, and the call goes on after one ran out', async () => {
  let attempts = 0
  const handler = shopHandler({ version: () => (++attempts < 3 ? never() : 'third') })
  const retry: Layer = (next) => async (cx, request) => {
    for (;;) {
      try {
        return await next(cx, request)
      } catch {
        expect(cx.cancelled).toBeUndefined()
      }
    }
  }
  expect(await createClient(Shop, handler, { layers: [retry], attemptLayers: [timeout(10)] }).version()).toBe('third')
})

test('the end of the outer call ends the inner one', async () => {
  let server: Context | undefined
  const handler = shopHandler({
    version(cx) {
      server = cx
      return never()
    },
  })
  const stop = new AbortController()
  const outcome = code(createClient(Shop, handler, { layers: [timeout(60_000)] }).version({ signal: stop.signal }))
  stop.abort()
  expect(await outcome).toBe('CANCELLED')
  expect(server!.cancelled?.code).toBe('CANCELLED')
})

test('on a server it limits handlers', async () => {
  let signal: AbortSignal | undefined
  const router = createRouter({ layers: [timeout(200)] }).add(
    Shop,
    shopHandler({
      version(cx) {
        signal = cx.signal
        return never()
      },
    }),
  )
  expect(await code(createClient(Shop, inProcess(router)).version())).toBe('DEADLINE_EXCEEDED')
  expect(signal!.aborted).toBe(true)
  expect(router.inFlight).toBe(0)
})

test('a streamed response is limited to its end', async () => {
  const closed: string[] = []
  const router = createRouter().add(
    Fleet,
    fleetHandler({
      async *listVehicles() {
        try {
          yield {}
          await turns()
          yield {}
          await never()
        } finally {
          closed.push('closed')
        }
      },
    }),
  )
  const fleet = createClient(Fleet, inProcess(router), { layers: [timeout(30)] })
  let count = 0
  const outcome = (async () => {
    for await (const _ of fleet.listVehicles({})) count++
  })()
  expect(await code(outcome)).toBe('DEADLINE_EXCEEDED')
  expect(count).toBe(2)
  expect(router.inFlight).toBe(0)
  expect(
    await all(createClient(Fleet, fleetHandler(), { layers: [timeout(60_000)] }).listVehicles({ capacity: 2 })),
  ).toHaveLength(2)
})

test('errors pass, and a time that is none is refused', async () => {
  const error = new Error('bug')
  const failing: Layer = () => () => Promise.reject(error)
  expect(await rejection(createClient(Shop, shopHandler(), { layers: [timeout(1000), failing] }).version())).toBe(error)
  expect(() => timeout(0)).toThrow(RangeError)
  expect(() => timeout(Number.NaN)).toThrow(RangeError)
})
